#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "harness/core/arrival.h"
#include "harness/report/explain.h"
#include "harness/report/fingerprint.h"
#include "harness/report/wording.h"

namespace heddle::internal {
namespace {

const RecordedEvent* TakenBy(const Evidence& evidence, ThreadId owner, ObjectId lock) {
  for (const LockHold& hold : evidence.history().HeldAtEnd(owner)) {
    if (hold.object == lock) return hold.taken;
  }
  return nullptr;
}

// The object that the pending operation is really about: who has been woken wants the mutex
// back.
ObjectId Wanted(const Evidence& evidence, ThreadId thread) {
  const Operation& op = evidence.recording().threads[Index(thread)].pending;
  const bool woken =
      op.kind == OpKind::kWake && evidence.history().WakeupOf(thread) != nullptr;
  return woken ? op.second : op.object;
}

// "waits for b held by T2 (taken at x.cc:21)", "waits for T2 to end".
std::string WaitInWords(const Evidence& evidence, ThreadId thread, ThreadId holder) {
  const Operation& op = evidence.recording().threads[Index(thread)].pending;
  if (op.kind == OpKind::kJoin) return "waits for " + evidence.Thread(TargetOf(op)) + " to end";
  const ObjectId wanted = Wanted(evidence, thread);
  std::string text = "waits for " + evidence.Object(wanted);
  if (holder == kNoThread) return text;
  text += op.kind == OpKind::kOnceEnter ? " that " : " held by ";
  text += evidence.Thread(holder);
  if (op.kind == OpKind::kOnceEnter) return text + " is running";
  if (const RecordedEvent* const taken = TakenBy(evidence, holder, wanted)) {
    text += evidence.TakenAt(*taken);
  }
  return text;
}

// Wants exclusively what it holds shared.
bool Upgrades(const Evidence& evidence, ThreadId thread) {
  const Operation& op = evidence.recording().threads[Index(thread)].pending;
  if (op.kind != OpKind::kLock) return false;
  for (const LockHold& hold : evidence.history().HeldAtEnd(thread)) {
    if (hold.object == op.object && hold.shared) return true;
  }
  return false;
}

// The object that every thread of the cycle wants to upgrade its shared lock of; kNoObject if that
// is not what they do.
ObjectId UpgradedByAll(const Evidence& evidence, const std::vector<ThreadId>& cycle) {
  const ObjectId object = evidence.recording().threads[Index(cycle.front())].pending.object;
  for (const ThreadId thread : cycle) {
    const Operation& op = evidence.recording().threads[Index(thread)].pending;
    if (op.object != object || !Upgrades(evidence, thread)) return kNoObject;
  }
  return object;
}

// A thread that waits for itself.
std::string SummarizeSelf(const Evidence& evidence, ThreadId self) {
  const Operation& op = evidence.recording().threads[Index(self)].pending;
  const std::string& name = evidence.Thread(self);
  if (op.kind == OpKind::kOnceEnter) {
    return name + " calls call_once of " + evidence.Object(op.object) +
           " from inside of the call that it guards, and waits for itself";
  }
  if (op.kind == OpKind::kJoin) return name + " joins itself";
  if (Upgrades(evidence, self)) {
    return name + " wants " + evidence.Object(op.object) +
           " exclusively while it holds it shared, and waits for itself";
  }
  return name + " waits for " + evidence.Object(Wanted(evidence, self)) + ", which it holds itself";
}

std::string ExplainCycle(const Evidence& evidence, const std::vector<ThreadId>& cycle) {
  if (cycle.size() == 1) {
    const ThreadId self = cycle.front();
    const RecordedThread& thread = evidence.recording().threads[Index(self)];
    if (thread.pending.kind == OpKind::kJoin) return evidence.Thread(self) + " joins itself.";
    if (thread.pending.kind == OpKind::kOnceEnter) {
      return "The function that call_once runs for " + evidence.Object(thread.pending.object) +
             " must not get to a call_once of the same flag" + evidence.At(thread.pending_stack) +
             ": that one waits until the function has returned.";
    }
    std::string text = evidence.Thread(self) + " waits for " +
                       evidence.Object(Wanted(evidence, self)) + ", which it holds itself";
    if (const RecordedEvent* taken = TakenBy(evidence, self, Wanted(evidence, self))) {
      const std::string place = evidence.Place(taken->stack);
      if (!place.empty()) text += ": taken at " + place;
    }
    const std::string again = evidence.Place(thread.pending_stack);
    if (!again.empty()) text += ", wanted again at " + again;
    text += ".";
    if (Upgrades(evidence, self)) {
      text +=
          " A shared lock cannot be upgraded: unlock_shared first, then lock, and look again at "
          "what was read.";
    }
    return text;
  }
  std::string text = evidence.Thread(cycle.front()) + " ";
  for (size_t i = 0; i < cycle.size(); ++i) {
    if (i > 0) text += ", which ";
    text += WaitInWords(evidence, cycle[i], cycle[(i + 1) % cycle.size()]);
  }
  return text + ".";
}

std::string ExplainNotification(const Evidence& evidence, ThreadId thread) {
  const Operation& op = evidence.recording().threads[Index(thread)].pending;
  const std::string& object = evidence.Object(op.object);
  const RecordedEvent* const wait = evidence.history().WaitOf(thread);
  const RecordedEvent* before = nullptr;
  const RecordedEvent* after = nullptr;
  for (const RecordedEvent& event : evidence.recording().events) {
    const bool notifies =
        event.op.kind == OpKind::kNotifyOne || event.op.kind == OpKind::kNotifyAll;
    if (!notifies || event.op.object != op.object) continue;
    (wait != nullptr && event.seq > wait->seq ? after : before) = &event;
  }
  const std::string name = evidence.Thread(thread);
  if (after != nullptr) {
    return name + " waits for a notification of " + object + ". The " +
           std::string(TraitsOf(after->op.kind).name) + " of " + evidence.Thread(after->by.thread) +
           evidence.At(after->stack) + " came while it waited, but woke another thread.";
  }
  if (before != nullptr) {
    const std::vector<ThreadId> woken = evidence.history().WokenBy(*before);
    const std::string began = wait != nullptr ? evidence.At(wait->stack) : "";
    std::string text = name + " waits for a notification of " + object + ". The last one, the " +
                       std::string(TraitsOf(before->op.kind).name) + " of " +
                       evidence.Thread(before->by.thread) + evidence.At(before->stack);
    if (std::find(woken.begin(), woken.end(), thread) != woken.end()) {
      return text + ", woke it from a wait before, after which it waited again" + began + ".";
    }
    text += ", came before the wait began" + began;
    if (woken.empty()) return text + ": it found nobody waiting for it and was lost.";
    return text + " and woke " + evidence.Thread(woken.front()) +
           (woken.size() > 1 ? " and others." : ".");
  }
  return name + " waits for a notification of " + object + ", which no thread ever sends.";
}

std::string ExplainSemaphore(const Evidence& evidence, ThreadId thread) {
  const ObjectId object = evidence.recording().threads[Index(thread)].pending.object;
  const uint64_t initial = evidence.recording().objects[Index(object)].initial;
  uint64_t acquired = 0, released = 0;
  for (const RecordedEvent& event : evidence.recording().events) {
    if (event.op.object != object || event.by.outcome != Outcome::kDone) continue;
    if (event.op.kind == OpKind::kRelease) released += event.op.operand;
    acquired += event.op.kind == OpKind::kAcquire || event.op.kind == OpKind::kTryAcquire;
  }
  return evidence.Thread(thread) + " waits for a permit of " + evidence.Object(object) +
         ": it had " + std::to_string(initial) + ", " + std::to_string(acquired) + " acquired, " +
         std::to_string(released) + " released.";
}

std::string ExplainBarrier(const Evidence& evidence, ThreadId thread) {
  const Operation& op = evidence.recording().threads[Index(thread)].pending;
  uint64_t expected = evidence.recording().objects[Index(op.object)].initial;
  uint64_t arrived = 0;
  for (const RecordedEvent& event : evidence.recording().events) {
    const bool drops = event.op.kind == OpKind::kArriveDrop;
    if (!drops && event.op.kind != OpKind::kArrive) continue;
    if (event.op.object != op.object || event.by.outcome != Outcome::kDone) continue;
    const uint64_t phase = event.value & ~kLastArrival;
    if (phase == op.operand) arrived += event.op.operand;
    if (drops && phase < op.operand) expected -= event.op.operand;
  }
  return evidence.Thread(thread) + " waits at " + evidence.Object(op.object) +
         " for others: " + std::to_string(arrived) + " of " + std::to_string(expected) +
         " arrivals in this phase.";
}

std::string ExplainAtomicWait(const Evidence& evidence, ThreadId thread) {
  const Operation& op = evidence.recording().threads[Index(thread)].pending;
  const std::string& object = evidence.Object(op.object);
  const RecordedEvent* wait = nullptr;
  const RecordedEvent* change = nullptr;
  for (const RecordedEvent& event : evidence.recording().events) {
    if (event.op.object != op.object) continue;
    if (event.by.thread == thread && event.op.kind == OpKind::kAtomicWait) wait = &event;
    const bool writes =
        event.op.kind == OpKind::kStore || event.op.kind == OpKind::kRmw ||
        (event.op.kind == OpKind::kCompareExchange && event.by.outcome == Outcome::kDone);
    if (writes) change = &event;
  }
  const std::string waits = evidence.Thread(thread) + " waits for " + object + " to change";
  if (wait != nullptr && change != nullptr && change->seq > wait->seq) {
    return waits + ". " + evidence.Thread(change->by.thread) + " changed it" +
           evidence.At(change->stack) + ", but no notification followed that woke the waiter.";
  }
  return waits + ", and no thread changes it any more.";
}

std::string ExplainLock(const Evidence& evidence, ThreadId thread) {
  const std::vector<ThreadId> owners = evidence.history().WaitsFor(thread);
  const std::string& name = evidence.Thread(thread);
  if (owners.empty()) {
    return name + " waits for " + evidence.Object(Wanted(evidence, thread)) + ".";
  }
  std::string text = name + " " + WaitInWords(evidence, thread, owners.front());
  if (evidence.recording().threads[Index(owners.front())].finished) {
    text += ", which has ended without unlocking it";
  }
  return text + ".";
}

std::vector<ThreadId> Blocked(const Evidence& evidence) {
  std::vector<ThreadId> blocked;
  const auto& threads = evidence.recording().threads;
  for (uint32_t i = 0; i < threads.size(); ++i) {
    if (threads[i].has_pending && !threads[i].finished) blocked.push_back(ThreadId{i});
  }
  return blocked;
}

// "T1 and T2 wait in tasks of pool.": what occupies the pool's threads, so that others of its tasks
// may not begin.
std::string ExplainTasks(const Evidence& evidence) {
  std::map<ObjectId, std::vector<std::string>> waiting;  // by pool
  for (const ThreadId thread : Blocked(evidence)) {
    const RecordedEvent* last = nullptr;
    for (const RecordedEvent& event : evidence.recording().events) {
      if (event.op.kind != OpKind::kAnnotate || event.by.thread != thread) continue;
      const auto what = static_cast<Annotation>(event.op.operand);
      if (what == Annotation::kTaskBegin || what == Annotation::kTaskEnd) last = &event;
    }
    if (last == nullptr || static_cast<Annotation>(last->op.operand) == Annotation::kTaskEnd) {
      continue;
    }
    waiting[last->op.object].push_back(evidence.Thread(thread));
  }
  std::string text;
  for (const auto& [pool, threads] : waiting) {
    const bool one = threads.size() == 1;
    text += " " + JoinWords(threads) + (one ? " waits in a task of " : " wait in tasks of ") +
            evidence.Object(pool) + ".";
  }
  return text;
}

std::string WithCount(size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

std::string ExplainWait(const Evidence& evidence, ThreadId thread) {
  switch (evidence.recording().threads[Index(thread)].pending.kind) {
    case OpKind::kWake:
      if (evidence.history().WakeupOf(thread) == nullptr) {
        return ExplainNotification(evidence, thread);
      }
      return ExplainLock(evidence, thread);
    case OpKind::kAcquire:
      return ExplainSemaphore(evidence, thread);
    case OpKind::kPhaseWait:
      return ExplainBarrier(evidence, thread);
    case OpKind::kAtomicWait:
      return ExplainAtomicWait(evidence, thread);
    default:
      return ExplainLock(evidence, thread);
  }
}

std::string SummarizeWaits(const Evidence& evidence) {
  const std::vector<ThreadId>& cycle = evidence.suspicion().cycle;
  if (evidence.suspicion().kind == FindingKind::kDeadlock && !cycle.empty()) {
    if (cycle.size() == 1) return "deadlock: " + SummarizeSelf(evidence, cycle.front());
    std::vector<std::string> parts;
    for (const ThreadId thread : cycle) parts.push_back(evidence.Thread(thread));
    if (const ObjectId lock = UpgradedByAll(evidence, cycle); lock != kNoObject) {
      return "deadlock: " + JoinWords(parts) + " hold " + evidence.Object(lock) +
             " shared and each wants it exclusively, which none can get while the others read";
    }
    if (cycle.size() > 3) {
      return "deadlock: " + std::to_string(cycle.size()) +
             " threads wait for each other: " + JoinWords(parts);
    }
    for (size_t i = 0; i < cycle.size(); ++i) {
      const Operation& op = evidence.recording().threads[Index(cycle[i])].pending;
      parts[i] += op.kind == OpKind::kJoin
                      ? " (joins " + evidence.Thread(TargetOf(op)) + ")"
                      : " (wants " + evidence.Object(Wanted(evidence, cycle[i])) + ")";
    }
    return "deadlock: " + JoinWords(parts) + " wait for each other";
  }
  const std::vector<ThreadId> roots = ThreadsAtFault(evidence);
  if (roots.empty()) return "stuck: no thread can run";
  const Operation& op = evidence.recording().threads[Index(roots.front())].pending;
  const std::string wish =
      op.kind == OpKind::kWake && evidence.history().WakeupOf(roots.front())
          ? "lock of " + evidence.names().KindAndName(op.second)
          : DescribeWish(op, evidence.names());
  std::string text = "stuck: " + evidence.Thread(roots.front()) + " waits for ever for ";
  text.append(ArticleOf(wish)).append(wish);
  const size_t others = Blocked(evidence).size() - 1;
  if (others > 0) text += ", and " + WithCount(others, "thread", "threads") + " with it";
  return text;
}

std::string ExplainWaits(const Evidence& evidence) {
  const std::vector<ThreadId>& cycle = evidence.suspicion().cycle;
  std::string text;
  if (!cycle.empty()) text = ExplainCycle(evidence, cycle);
  const std::vector<ThreadId> roots = ThreadsAtFault(evidence);
  std::vector<ThreadId> order = roots;
  for (const ThreadId thread : Blocked(evidence)) {
    if (std::find(order.begin(), order.end(), thread) == order.end()) order.push_back(thread);
  }
  constexpr size_t kMaxSentences = 8;
  size_t sentences = 0;
  for (const ThreadId thread : order) {
    if (std::find(cycle.begin(), cycle.end(), thread) != cycle.end()) continue;
    if (sentences++ == kMaxSentences) {
      text += " More threads are blocked.";
      break;
    }
    if (!text.empty()) text += " ";
    text += ExplainWait(evidence, thread);
  }
  return text + ExplainTasks(evidence);
}

}  // namespace heddle::internal
