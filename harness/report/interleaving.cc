#include "harness/report/interleaving.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "harness/core/call_history.h"
#include "harness/report/fingerprint.h"
#include "harness/report/wording.h"

namespace heddle {
namespace {

// Why a step is shown; the lower, the more needed.
enum Rank : uint8_t { kWitness, kSubject, kRelated, kLife, kContext, kNever };

constexpr EventMask kLifeKinds = {OpKind::kSpawn, OpKind::kJoin, OpKind::kDetach};
// Bookkeeping that says nothing about the order of things.
constexpr EventMask kQuietKinds = {OpKind::kStart,  OpKind::kExit,  OpKind::kDestroy,
                                   OpKind::kCreate, OpKind::kAlloc, OpKind::kFree};

class Chooser {
 public:
  explicit Chooser(const Evidence& evidence) : evidence_(evidence) {
    for (const RecordedEvent* event : evidence.witnesses()) {
      if (event != nullptr) AddWitness(*event);
    }
    const Suspicion& suspicion = evidence.suspicion();
    for (const Witness& witness : suspicion.witnesses) {
      if (witness.thread != kNoThread) threads_.insert(witness.thread);
    }
    if (suspicion.object != kNoObject) subjects_.insert(suspicion.object);
    for (const ThreadId thread : ThreadsAtFault(evidence)) AddWaiting(thread);
    if (suspicion.kind == FindingKind::kStuck) {
      for (uint32_t i = 0; i < evidence.recording().threads.size(); ++i) {
        const RecordedThread& thread = evidence.recording().threads[i];
        if (thread.has_pending && !thread.finished) threads_.insert(ThreadId{i});
      }
    }
    switch (suspicion.kind) {
      case FindingKind::kDataRace:
      case FindingKind::kDeadlock:
      case FindingKind::kLockOrder:
        break;
      default:
        everybody_ = true;
    }
    switch (suspicion.kind) {
      case FindingKind::kDeadlock:
      case FindingKind::kStuck:
      case FindingKind::kLivelock:
      case FindingKind::kThreadLeak:
      case FindingKind::kLeak:
        break;
      default:
        if (!exact_.empty()) last_ = *exact_.rbegin();
    }
    if (everybody_) AddLastSubjects();
  }

  Rank RankOf(const RecordedEvent& event) const {
    const Operation& op = event.op;
    if (exact_.contains(event.seq)) return kWitness;
    if (event.seq > last_) return kNever;
    if (Is(op, Annotation::kFailure)) return kNever;  // of another finding
    if (op.object != kNoObject && evidence_.names().Declared(op.object) == kCallClock) {
      return kNever;  // the history of calls says it better
    }
    if (kQuietKinds.contains(op.kind)) {
      const bool subject_ends = op.kind == OpKind::kExit && ended_.contains(event.by.thread);
      return subject_ends ? kSubject : kNever;
    }
    const bool involved = everybody_ || threads_.contains(event.by.thread);
    if (kLifeKinds.contains(op.kind)) {
      const bool target = everybody_ || threads_.contains(TargetOf(op));
      return target ? kLife : kNever;
    }
    if (!involved) return kNever;
    if (subjects_.contains(op.object)) return kSubject;
    if (locks_.contains(op.object) || locks_.contains(op.second)) return kRelated;
    return everybody_ || TraitsOf(op.kind).scheduling_point ? kContext : kNever;
  }

 private:
  void AddHolds(const std::vector<LockHold>& holds) {
    for (const LockHold& hold : holds) {
      exact_.insert(hold.taken->seq);
      locks_.insert(hold.object);
    }
  }
  void AddWitness(const RecordedEvent& event) {
    exact_.insert(event.seq);
    threads_.insert(event.by.thread);
    if (event.op.object != kNoObject) subjects_.insert(event.op.object);
    AddHolds(evidence_.history().HeldBefore(event.by.thread, event.seq));
  }
  void AddWaiting(ThreadId thread) {
    const RecordedThread& recorded = evidence_.recording().threads[Index(thread)];
    threads_.insert(thread);
    subjects_.insert(recorded.pending.object);
    if (recorded.pending.second != kNoObject) locks_.insert(recorded.pending.second);
    AddHolds(evidence_.history().HeldAtEnd(thread));
    if (const RecordedEvent* wait = evidence_.history().WaitOf(thread)) exact_.insert(wait->seq);
    for (const ThreadId holder : evidence_.history().WaitsFor(thread)) {
      threads_.insert(holder);
      ended_.insert(holder);
    }
  }
  // What the failing thread, or else anybody, touched last.
  void AddLastSubjects() {
    constexpr int kLast = 4;
    const auto& events = evidence_.recording().events;
    const ThreadId failing =
        evidence_.witnesses().empty() || evidence_.witnesses().front() == nullptr
            ? kNoThread
            : evidence_.witnesses().front()->by.thread;
    int left = kLast;
    for (auto event = events.rbegin(); event != events.rend() && left > 0; ++event) {
      if (failing == kNoThread || event->by.thread != failing) continue;
      const EventMask memory = {OpKind::kRead,  OpKind::kWrite, OpKind::kLoad,
                                OpKind::kStore, OpKind::kRmw,   OpKind::kCompareExchange};
      if (!memory.contains(event->op.kind)) continue;
      subjects_.insert(event->op.object);
      --left;
    }
  }

  const Evidence& evidence_;
  bool everybody_ = false;  // every thread takes part
  std::set<EventSeq> exact_;
  std::set<ThreadId> threads_;  // that take part
  std::set<ThreadId> ended_;    // whose end is part of the story
  std::set<ObjectId> subjects_;
  std::set<ObjectId> locks_;
  EventSeq last_ = std::numeric_limits<EventSeq>::max();  // nothing after it matters
};

std::string TextOf(const Evidence& evidence, const RecordedEvent& event) {
  if (Is(event.op, Annotation::kFailure)) {
    for (size_t i = 0; i < evidence.witnesses().size(); ++i) {
      if (evidence.witnesses()[i] != &event) continue;
      return "here: " + std::string(NameOf(evidence.suspicion().kind));
    }
  }
  return DescribeEvent(event, evidence.recording(), evidence.names());
}

Frame FirstFrame(const Evidence& evidence, const Stack& stack) {
  std::vector<Frame> frames = evidence.Frames(stack);
  return frames.empty() ? Frame{} : std::move(frames.front());
}

}  // namespace

std::vector<FindingStep> MakeInterleaving(const Evidence& evidence) {
  const auto& events = evidence.recording().events;
  const Chooser chooser(evidence);
  const bool repeats = evidence.suspicion().kind == FindingKind::kLivelock;
  std::set<std::tuple<ThreadId, Stack, std::string>> shown;
  std::vector<Rank> ranks;
  for (const RecordedEvent& event : events) {
    Rank rank = chooser.RankOf(event);
    if (repeats && rank != kNever &&
        !shown.emplace(event.by.thread, event.stack, TextOf(evidence, event)).second &&
        rank != kWitness) {
      rank = kNever;
    }
    ranks.push_back(rank);
  }

  std::vector<size_t> order;
  for (size_t i = 0; i < events.size(); ++i) {
    if (ranks[i] != kNever) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : a > b; });
  if (order.size() > kMaxMattering) order.resize(kMaxMattering);
  std::vector<bool> matters(events.size());
  for (const size_t i : order) matters[i] = true;

  std::vector<FindingStep> steps;
  for (size_t i = 0; i < events.size(); ++i) {
    const bool late = events.size() - i <= kMaxSteps;
    if (!matters[i] && !late) continue;
    const RecordedEvent& event = events[i];
    const bool engine = event.op.kind == OpKind::kStart || event.op.kind == OpKind::kExit;
    steps.push_back({event.seq, evidence.Thread(event.by.thread), TextOf(evidence, event),
                     engine ? Frame{} : FirstFrame(evidence, event.stack), matters[i]});
  }
  const FindingKind kind = evidence.suspicion().kind;
  const bool about_waits = kind == FindingKind::kDeadlock || kind == FindingKind::kStuck;
  const auto& threads = evidence.recording().threads;
  const std::vector<ThreadId> fault = ThreadsAtFault(evidence);
  for (uint32_t i = 0; i < threads.size(); ++i) {
    if (!threads[i].has_pending || threads[i].finished) continue;
    const bool at_fault = std::find(fault.begin(), fault.end(), ThreadId{i}) != fault.end();
    steps.push_back({0, evidence.Thread(ThreadId{i}),
                     DescribeIntent(threads[i].pending, evidence.names()) +
                         (about_waits ? ": blocked" : ": not made any more"),
                     FirstFrame(evidence, threads[i].pending_stack),
                     about_waits && (at_fault || threads.size() <= 8)});
  }
  return steps;
}

}  // namespace heddle
