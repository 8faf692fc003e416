#include "harness/explore/worker_engine.h"

#include <string>
#include <utility>

#include "harness/explore/crash_handler.h"
#include "harness/explore/determinism.h"
#include "harness/explore/event_digest.h"
#include "harness/explore/shrink_input.h"
#include "harness/explore/tally.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/strategy/replay.h"

namespace heddle {
namespace {

// A case whose every failure looks new would fill the supervisor's memory.
constexpr size_t kMaxSuspicions = 500;

}  // namespace

WorkerEngine::WorkerEngine(const WorkerTask& task, SharedState* shared)
    : shared_(shared),
      program_{task.program->body, task.program->invariant, task.program->at_end},
      detectors_(*task.program),
      engine_(task.execution, &shared->log) {
  engine_.SetSuspicionSink(this);
  engine_.SetEventSinks(detectors_.Sinks());
  InstallCrashHandler(&engine_, shared);
}

void WorkerEngine::BeginUnit(const UnitTask& unit) {
  known_ = {unit.known.begin(), unit.known.end()};
  found_ = unit.found;
  engine_.ForgetPairs();
}

void WorkerEngine::CoverTogether() {
  coverage_.executions += covered_.size();
  coverage_.classes.Add(std::span<const uint64_t>(covered_));
  covered_.clear();
}

ExecutionResult WorkerEngine::Run(Decider& decider, int repeats) {
  hangs_ = 0;
  is_repeated_ = repeats > 0;
  return is_repeated_ ? ExecuteAndRepeat(decider, repeats) : Execute(decider);
}

std::span<const Decision> WorkerEngine::decisions() const {
  return is_repeated_ ? std::span<const Decision>(first_log_) : Log();
}

void WorkerEngine::RaiseNondeterminism(std::string message) {
  Suspicion suspicion;
  suspicion.kind = FindingKind::kNondeterminism;
  suspicion.message = std::move(message);
  Report(std::move(suspicion));
}

void WorkerEngine::Report(Suspicion suspicion) {
  if (suspicion.kind == FindingKind::kTimeout) ++hangs_;
  if (silent_) {
    silent_calls_ |= suspicion.kind == FindingKind::kNotLinearizable;
    return;
  }
  const uint64_t id = SuspicionId(suspicion.kind, suspicion.key);
  if (known_.size() >= kMaxSuspicions || !known_.insert(id).second) return;
  found_ |= uint32_t{1} << static_cast<int>(suspicion.kind);
  new_.push_back(RaisedSuspicion{id, suspicion.kind, std::move(suspicion.message)});
}

ExecutionResult WorkerEngine::Execute(Decider& decider) {
  detectors_.Begin(this);
  shared_->phase.store(WorkerPhase::kRunning, std::memory_order_relaxed);
  const ExecutionResult result = engine_.Run(program_, decider);
  shared_->phase.store(WorkerPhase::kPlanning, std::memory_order_relaxed);
  detectors_.End();
  const std::span<const uint64_t> pairs = engine_.pairs().pairs();
  if (!silent_) {
    coverage_.pairs.Add(pairs);
  } else if (!pairs.empty()) {
    engine_.ForgetPairs();  // an execution that counts is to show them, too
  }
  return result;
}

// Again, in silence, with the events compared.
ExecutionResult WorkerEngine::ExecuteAndRepeat(Decider& decider, int repeats) {
  EventDigest digest(kHeapIsDeterministic);
  std::vector<EventSink*> sinks = detectors_.Sinks();
  sinks.push_back(&digest);
  engine_.SetEventSinks(sinks);

  const ExecutionResult result = Execute(decider);
  first_log_.assign(Log().begin(), Log().end());
  const ObservedExecution first{result, digest.digest(), digest.values(), first_log_};
  if (hangs_ > 0) repeats = 0;  // to wait for that once is enough

  std::string difference;
  silent_ = true;
  for (; repeats > 0 && difference.empty(); --repeats) {
    digest.Clear();
    ReplayDecider repeat(first_log_);
    repeat.Begin(Plan{});
    const ExecutionResult again = Execute(repeat);
    difference = Difference(first, {again, digest.digest(), digest.values(), Log()}, repeat);
  }
  silent_ = false;

  engine_.SetEventSinks(detectors_.Sinks());
  if (!difference.empty()) RaiseNondeterminism(std::move(difference));
  return result;
}

void WorkerEngine::ShrinkCalls(std::vector<Decision>* decisions) {
  silent_ = true;
  const TryExecution fails = [this](const Plan& plan, Decider& decider,
                                    std::vector<Decision>* failing) {
    silent_calls_ = false;
    decider.Begin(plan);
    Execute(decider);
    if (silent_calls_) {
      failing->assign(Log().begin(), Log().end());
    }
    return silent_calls_;
  };
  ShrinkInput(fails, decisions);
  silent_ = false;
}

}  // namespace heddle
