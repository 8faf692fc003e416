// What happens when no thread can run: time moves on, or the execution is stuck. See engine.h.
#include <algorithm>

#include "harness/core/random.h"
#include "harness/model/thread_model.h"
#include "harness/runtime/controlled/engine_step.h"

namespace heddle {
namespace {

// Virtual time passes for a thread that polls the clock between yields: a tick for each time that
// nobody but yielding threads can run.
constexpr VirtualTime kPollTick = 1'000'000;

// A timeout can still end the wait. Once its deadline has passed, a thread that is blocked all the
// same (it was in a timed wait, and its mutex is held) waits like any other.
bool CanTimeOut(const Operation& op, VirtualTime now) {
  return op.deadline != kNoDeadline && op.deadline > now;
}

}  // namespace

void ControlledEngine::TellStuck() {
  if (every_step_) NoteEffects();
  decider_->Stuck(*this);
}

void ControlledEngine::NobodyEnabled(ThreadState& self) {
  const bool all_wait = !SomeoneOnlyYielded();
  // A cycle of untimed waits never resolves, whatever the others still do.
  std::vector<ThreadId> cycle;
  if (unfinished_ > 1 && all_wait && FindWaitCycle(&cycle)) {
    TellStuck();
    ReportDeadlock(std::move(cycle));
    StopExecution(self);
  }
  const bool advanced = AdvanceTime();
  if (deferred_.size() > 0) {
    if (!advanced && all_wait && WaitsForEver()) {
      TellStuck();
      ReportLivelock("every thread waits for a change that none of them will make");
      StopExecution(self);
    }
    if (!advanced) MoveTime(now_ + kPollTick);
    RestoreAll();
    return;
  }
  if (advanced) return;
  TellStuck();
  ReportDeadlock({});
  StopExecution(self);
}

// Moves virtual time to the earliest deadline that a blocked thread waits for.
bool ControlledEngine::AdvanceTime() {
  VirtualTime earliest = kNoDeadline;
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = *threads_[i];
    if (thread.status != ThreadStatus::kBlocked) continue;
    if (CanTimeOut(*thread.pending, now_)) {
      earliest = std::min(earliest, thread.pending->deadline);
    }
  }
  if (earliest == kNoDeadline) return false;
  MoveTime(earliest);
  return true;
}

void ControlledEngine::MoveTime(VirtualTime time) {
  now_ = time;
  for (uint32_t i = 0; i < thread_count_; ++i) {
    ThreadState& thread = *threads_[i];
    if (thread.status != ThreadStatus::kBlocked) continue;
    if (asks_about_waits_) AskAboutWait(thread);
    UpdateStatus(thread, PossibleOf(*thread.model, *thread.pending, thread.id));
  }
}

// Depth-first search over the wait-for graph of the untimed waits. A thread that waits for several
// (a writer for its readers) waits for each of them, so any one cycle is a deadlock.
bool ControlledEngine::FindWaitCycle(std::vector<ThreadId>* cycle) {
  enum class Mark : uint8_t { kNew, kOnPath, kDone };
  std::vector<Mark> marks(thread_count_, Mark::kNew);
  std::vector<ThreadId> path;
  struct Visit {
    ThreadId thread;
    std::vector<ThreadId> holders;
    size_t next = 0;
  };
  std::vector<Visit> stack;
  const auto enter = [&](ThreadId id) {
    const ThreadState& thread = StateOf(id);
    Visit visit{id, {}, 0};
    if (thread.status == ThreadStatus::kBlocked && !CanTimeOut(*thread.pending, now_)) {
      thread.model->Holders(*thread.pending, id, &visit.holders);
    }
    marks[Index(id)] = Mark::kOnPath;
    path.push_back(id);
    stack.push_back(std::move(visit));
  };
  for (uint32_t i = 0; i < thread_count_; ++i) {
    if (marks[i] != Mark::kNew) continue;
    enter(ThreadId{i});
    while (!stack.empty()) {
      Visit& visit = stack.back();
      if (visit.next == visit.holders.size()) {
        marks[Index(visit.thread)] = Mark::kDone;
        path.pop_back();
        stack.pop_back();
        continue;
      }
      const ThreadId holder = visit.holders[visit.next++];
      if (marks[Index(holder)] == Mark::kOnPath) {
        cycle->assign(std::find(path.begin(), path.end(), holder), path.end());
        return true;
      }
      if (marks[Index(holder)] == Mark::kNew) enter(holder);
    }
  }
  return false;
}

void ControlledEngine::ReportDeadlock(std::vector<ThreadId> cycle) {
  if (cycle.empty()) FindWaitCycle(&cycle);
  Suspicion suspicion;
  suspicion.kind = cycle.empty() ? FindingKind::kStuck : FindingKind::kDeadlock;
  suspicion.key = static_cast<uint64_t>(suspicion.kind);
  // The set of waits names the deadlock; sums, so that the order of threads does not matter.
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = *threads_[i];
    if (thread.status != ThreadStatus::kBlocked) continue;
    if (!cycle.empty() && std::find(cycle.begin(), cycle.end(), thread.id) == cycle.end()) continue;
    suspicion.key += MixSeed(thread.pending->pc, static_cast<uint64_t>(thread.pending->kind));
  }
  suspicion.cycle = std::move(cycle);
  Raise(std::move(suspicion));
}

}  // namespace heddle
