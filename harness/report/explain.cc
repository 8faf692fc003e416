#include "harness/report/explain.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "harness/report/wording.h"

namespace heddle {
namespace {

std::string_view Title(FindingKind kind) {
  switch (kind) {
    case FindingKind::kDataRace:
      return "data race";
    case FindingKind::kDeadlock:
      return "deadlock";
    case FindingKind::kStuck:
      return "stuck";
    case FindingKind::kLockOrder:
      return "lock-order inversion (potential deadlock)";
    case FindingKind::kAtomicity:
      return "atomicity violation";
    case FindingKind::kAssertion:
      return "assertion failed";
    case FindingKind::kInvariant:
      return "invariant violated";
    case FindingKind::kNotLinearizable:
      return "not linearizable";
    case FindingKind::kException:
      return "uncaught exception";
    case FindingKind::kCrash:
      return "crash";
    case FindingKind::kTimeout:
      return "timeout";
    case FindingKind::kLivelock:
      return "livelock";
    case FindingKind::kMisuse:
      return "misuse";
    case FindingKind::kPoolMisuse:
      return "pool misuse";
    case FindingKind::kUseAfterFree:
      return "use after free";
    case FindingKind::kDoubleFree:
      return "double free";
    case FindingKind::kLeak:
      return "leak";
    case FindingKind::kThreadLeak:
      return "thread leak";
    case FindingKind::kNondeterminism:
      return "nondeterminism";
  }
  return "finding";
}

const RecordedEvent* FirstWitness(const Evidence& evidence) {
  return evidence.witnesses().empty() ? nullptr : evidence.witnesses().front();
}

ThreadId ThreadOfWitness(const Evidence& evidence) {
  const auto& witnesses = evidence.suspicion().witnesses;
  return witnesses.empty() ? kNoThread : witnesses.front().thread;
}

std::string SummarizeRace(const Evidence& evidence) {
  const auto& witnesses = evidence.witnesses();
  const Suspicion& suspicion = evidence.suspicion();
  if (witnesses.size() < 2) {
    return "data race" + (suspicion.message.empty() ? "" : ": " + suspicion.message);
  }
  const std::string on =
      witnesses[0] != nullptr ? " on " + evidence.Object(witnesses[0]->op.object) : std::string();
  const auto side = [&](const Witness& witness) {
    return (witness.role.empty() ? std::string("access") : witness.role) +
           (witness.thread == kNoThread ? "" : " by " + evidence.Thread(witness.thread));
  };
  return "data race" + on + ": " + side(suspicion.witnesses[0]) + " and earlier " +
         side(suspicion.witnesses[1]) + " are not ordered";
}

// "T1 takes b while it holds a (x.cc:7); T2 takes a while it holds b (x.cc:12)."
std::string ExplainLockOrder(const Evidence& evidence) {
  std::string text;
  std::set<const RecordedEvent*> first;  // the locks that were held when another was taken
  for (const RecordedEvent* event : evidence.witnesses()) {
    if (event == nullptr) continue;
    for (const LockHold& hold : evidence.history().HeldBefore(event->by.thread, event->seq)) {
      first.insert(hold.taken);
    }
  }
  for (const RecordedEvent* event : evidence.witnesses()) {
    if (event == nullptr || LockTakenBy(*event) == kNoObject || first.contains(event)) continue;
    std::vector<std::string> held;
    for (const LockHold& hold : evidence.history().HeldBefore(event->by.thread, event->seq)) {
      held.push_back(evidence.Object(hold.object));
    }
    if (held.empty()) continue;
    if (!text.empty()) text += "; ";
    text += evidence.Thread(event->by.thread) + " takes " + evidence.Object(LockTakenBy(*event)) +
            " while it holds " + JoinWords(held) + evidence.At(event->stack);
  }
  if (text.empty()) return text;
  return text + ". A schedule in which each has taken its first lock makes them wait for ever.";
}

// Who holds the lock that was misused, or held it last.
std::string ExplainMisuse(const Evidence& evidence) {
  const RecordedEvent* const event = FirstWitness(evidence);
  if (event == nullptr) return {};
  if (event->op.kind == OpKind::kExit) {
    std::vector<std::string> held;
    for (const LockHold& hold : evidence.history().HeldBefore(event->by.thread, event->seq)) {
      held.push_back(evidence.Object(hold.object) + evidence.TakenAt(*hold.taken));
    }
    return evidence.Thread(event->by.thread) + " still held " + JoinWords(held) + ".";
  }
  const bool unlock =
      EventMask{OpKind::kUnlock, OpKind::kUnlockShared, OpKind::kWait}.contains(event->op.kind);
  if (!unlock && event->op.kind != OpKind::kDestroy) return {};
  const bool wait = event->op.kind == OpKind::kWait;
  const ObjectId lock = wait     ? event->op.second
                        : unlock ? event->op.object
                                 : evidence.suspicion().object;
  const std::string& name = evidence.Object(lock);
  const RecordedEvent* last_unlock = nullptr;
  for (uint32_t i = 0; i < evidence.recording().threads.size(); ++i) {
    for (const LockHold& hold : evidence.history().HeldBefore(ThreadId{i}, event->seq)) {
      if (hold.object != lock) continue;
      return name + " was held by " + evidence.Thread(ThreadId{i}) + evidence.TakenAt(*hold.taken) +
             ".";
    }
  }
  for (const RecordedEvent& other : evidence.recording().events) {
    if (other.seq < event->seq && LockReleasedBy(other) == lock) last_unlock = &other;
  }
  if (last_unlock == nullptr) return unlock ? "No thread had locked " + name + "." : "";
  return name + " was last unlocked by " + evidence.Thread(last_unlock->by.thread) +
         evidence.At(last_unlock->stack) + ".";
}

bool ReadsMemory(OpKind kind) {
  return EventMask{OpKind::kRead, OpKind::kLoad, OpKind::kRmw, OpKind::kCompareExchange}.contains(
      kind);
}
bool WritesMemory(const RecordedEvent& event) {
  return EventMask{OpKind::kWrite, OpKind::kStore, OpKind::kRmw}.contains(event.op.kind) ||
         (event.op.kind == OpKind::kCompareExchange && event.by.outcome == Outcome::kDone);
}

// What the failing thread had read last, and where that came from.
std::string ExplainFailure(const Evidence& evidence) {
  const RecordedEvent* const failure = FirstWitness(evidence);
  if (failure == nullptr) return {};
  const RecordedEvent* read = nullptr;
  for (const RecordedEvent& event : evidence.recording().events) {
    if (event.seq >= failure->seq) break;
    if (event.by.thread == failure->by.thread && ReadsMemory(event.op.kind)) read = &event;
  }
  if (read == nullptr) return {};
  const RecordedEvent* write = nullptr;
  for (const RecordedEvent& event : evidence.recording().events) {
    if (event.seq >= read->seq) break;
    if (event.op.object == read->op.object && WritesMemory(event)) write = &event;
  }
  std::string text = "What " + evidence.Thread(failure->by.thread) + " had read last: " +
                     DescribeEvent(*read, evidence.recording(), evidence.names()) +
                     evidence.At(read->stack) + ".";
  if (write != nullptr) {
    text += " " + evidence.Thread(write->by.thread) + " had written it last: " +
            DescribeEvent(*write, evidence.recording(), evidence.names()) +
            evidence.At(write->stack) + ".";
  }
  return text;
}

// "The block was allocated by T1 (x.cc:5) and freed by T2 (x.cc:9)." Of the end of an object: "main
// is about to use it (x.cc:7)."
std::string ExplainHeap(const Evidence& evidence) {
  std::vector<std::string> block;
  std::string text;
  for (const Witness& witness : evidence.suspicion().witnesses) {
    if (witness.pc == 0) continue;
    const std::string at = evidence.At(evidence.StackOf(witness));
    if (witness.role == "about to use") {
      text += evidence.Thread(witness.thread) + " is about to use it" + at + ". ";
    } else {
      block.push_back(witness.role + " by " + evidence.Thread(witness.thread) + at);
    }
  }
  if (!block.empty()) text += "The block was " + JoinWords(block) + ". ";
  if (!text.empty()) text.pop_back();
  return text;
}

// Of what outlives an execution; a difference between two of them is told by its message.
std::string ExplainNondeterminism(const Evidence& evidence) {
  const std::string text = ExplainHeap(evidence);
  if (text.empty()) return text;
  return text + " Every execution is to begin with the same state: free it at the end of the case, "
                "or make it before main.";
}

// Of what may not be left; other exceptions are told by their text and where they are thrown.
std::string ExplainException(const Evidence& evidence) {
  const auto& witnesses = evidence.suspicion().witnesses;
  if (witnesses.size() < 2) return {};
  const Stack stack = evidence.StackOf(witnesses[1]);
  const std::vector<Frame> frames = evidence.Frames(stack);
  if (frames.empty()) return {};
  if (witnesses[1].role == "call during unwinding") {
    return "Another exception was unwinding the stack, and had come to " +
           frames.front().function + evidence.At(stack) +
           ": an exception that leaves a destructor then, or a noexcept function, ends in "
           "std::terminate.";
  }
  return frames.front().function + " is noexcept" + evidence.At(stack) +
         ", as every destructor is that does not say otherwise: an exception that would leave such "
         "a function ends in std::terminate.";
}

std::string SummarizeThreadLeak(const Evidence& evidence) {
  const Suspicion& suspicion = evidence.suspicion();
  const std::string& thread = evidence.Object(suspicion.object);
  const bool destroyed =
      !suspicion.witnesses.empty() && suspicion.witnesses.front().role == "destroyed";
  if (!destroyed) return "thread leak: " + thread + " was neither joined nor detached";
  return "thread leak: " + evidence.Thread(suspicion.witnesses.front().thread) +
         " destroys the object of " + thread + ", which is neither joined nor detached";
}

std::string ExplainThreadLeak(const Evidence& evidence) {
  return "Join " + evidence.Object(evidence.suspicion().object) +
         " or detach it: where the object of a thread that is neither is destroyed or overwritten, "
         "std::thread calls std::terminate.";
}

std::string ExplainAtomicity(const Evidence& evidence) {
  std::vector<const RecordedEvent*> events = evidence.witnesses();
  std::erase(events, nullptr);
  std::sort(events.begin(), events.end(), [](const RecordedEvent* a, const RecordedEvent* b) {
    return a->seq < b->seq;
  });
  std::vector<std::string> parts;
  for (const RecordedEvent* event : events) {
    parts.push_back(evidence.Thread(event->by.thread) + ": " +
                    DescribeEvent(*event, evidence.recording(), evidence.names()) +
                    evidence.At(event->stack));
  }
  if (parts.size() < 2) return {};
  return "In this order the steps have no equivalent in which the block runs alone: " +
         JoinWords(parts) + ".";
}

}  // namespace

std::string Summarize(const Evidence& evidence) {
  const Suspicion& suspicion = evidence.suspicion();
  switch (suspicion.kind) {
    case FindingKind::kDataRace:
      return SummarizeRace(evidence);
    case FindingKind::kDeadlock:
    case FindingKind::kStuck:
      return internal::SummarizeWaits(evidence);
    case FindingKind::kThreadLeak:
      return SummarizeThreadLeak(evidence);
    case FindingKind::kNotLinearizable:
      return internal::SummarizeCalls(evidence);
    default:
      break;
  }
  std::string text(Title(suspicion.kind));
  const bool is_use =
      suspicion.kind == FindingKind::kMisuse || suspicion.kind == FindingKind::kPoolMisuse;
  const RecordedEvent* const first = FirstWitness(evidence);
  const bool has_object =
      suspicion.object != kNoObject && (first == nullptr || first->op.kind != OpKind::kExit);
  if (is_use && has_object) text += " of " + evidence.names().KindAndName(suspicion.object);
  if (const ThreadId thread = ThreadOfWitness(evidence);
      thread != kNoThread && suspicion.kind != FindingKind::kLockOrder &&
      suspicion.kind != FindingKind::kLeak) {
    text += (is_use ? " by " : " in ") + evidence.Thread(thread);
  }
  if (!suspicion.message.empty()) return text + ": " + suspicion.message;
  std::vector<std::string> objects;
  for (const RecordedEvent* event : evidence.witnesses()) {
    if (event == nullptr || event->op.object == kNoObject) continue;
    const std::string& name = evidence.Object(event->op.object);
    if (objects.empty() || objects.back() != name) objects.push_back(name);
  }
  if (!objects.empty()) text += ": " + JoinWords(objects);
  return text;
}

std::string Explain(const Evidence& evidence) {
  switch (evidence.suspicion().kind) {
    case FindingKind::kDataRace:
      return internal::ExplainRace(evidence);
    case FindingKind::kDeadlock:
    case FindingKind::kStuck:
      return internal::ExplainWaits(evidence);
    case FindingKind::kLivelock:
      return internal::ExplainLoops(evidence);
    case FindingKind::kLockOrder:
      return ExplainLockOrder(evidence);
    case FindingKind::kNotLinearizable:
      return internal::ExplainCalls(evidence);
    case FindingKind::kAtomicity:
      return ExplainAtomicity(evidence);
    case FindingKind::kMisuse:
    case FindingKind::kPoolMisuse:
      return ExplainMisuse(evidence);
    case FindingKind::kAssertion:
    case FindingKind::kInvariant:
      return ExplainFailure(evidence);
    case FindingKind::kUseAfterFree:
    case FindingKind::kDoubleFree:
    case FindingKind::kLeak:
      return ExplainHeap(evidence);
    case FindingKind::kNondeterminism:
      return ExplainNondeterminism(evidence);
    case FindingKind::kThreadLeak:
      return ExplainThreadLeak(evidence);
    case FindingKind::kException:
      return ExplainException(evidence);
    default:
      return {};
  }
}

}  // namespace heddle
