#include "harness/report/history.h"

#include <algorithm>
#include <limits>

namespace heddle {
namespace {

constexpr EventSeq kAtEnd = std::numeric_limits<EventSeq>::max();

constexpr EventMask kTakesLock = {OpKind::kLock, OpKind::kTryLock, OpKind::kLockShared,
                                  OpKind::kTryLockShared};
constexpr EventMask kSharedLock = {OpKind::kLockShared, OpKind::kTryLockShared};

// Whether `pending` of `thread` could complete when the events before `seq` have happened, for the
// kinds that the recording can tell of; a wait for anything else counts as blocked.
bool CouldComplete(const Recording& recording, const Operation& pending, ThreadId thread,
                   EventSeq seq) {
  if (!TraitsOf(pending.kind).may_block) return pending.kind != OpKind::kYield;
  const bool takes_lock = kTakesLock.contains(pending.kind);
  if (!takes_lock && pending.kind != OpKind::kJoin && pending.kind != OpKind::kAcquire)
    return false;
  int64_t permits = 0;
  int64_t exclusive = 0, shared = 0;
  bool own = false, ended = false;
  if (pending.kind == OpKind::kAcquire && Index(pending.object) < recording.objects.size()) {
    permits = static_cast<int64_t>(recording.objects[Index(pending.object)].initial);
  }
  for (const RecordedEvent& event : recording.events) {
    if (event.seq >= seq) break;
    if (event.op.kind == OpKind::kExit && event.by.thread == TargetOf(pending)) ended = true;
    if (LockTakenBy(event) == pending.object && takes_lock) {
      (kSharedLock.contains(event.op.kind) ? shared : exclusive) += 1;
      own = event.by.thread == thread;
    }
    if (LockReleasedBy(event) == pending.object && takes_lock) {
      (event.op.kind == OpKind::kUnlockShared ? shared : exclusive) -= 1;
    }
    if (event.op.object != pending.object) continue;
    if (event.op.kind == OpKind::kRelease) permits += static_cast<int64_t>(event.op.operand);
    if (event.op.kind == OpKind::kAcquire && event.by.outcome == Outcome::kDone) --permits;
    if (event.op.kind == OpKind::kTryAcquire && event.by.outcome == Outcome::kDone) --permits;
  }
  if (pending.kind == OpKind::kJoin) return ended;
  if (pending.kind == OpKind::kAcquire) return permits > 0;
  if (kSharedLock.contains(pending.kind)) return exclusive <= 0;
  return (exclusive <= 0 && shared <= 0) || (own && exclusive > 0 && shared <= 0);
}

}  // namespace

bool IsThreadOperation(OpKind kind) {
  return EventMask{OpKind::kSpawn, OpKind::kJoin, OpKind::kDetach}.contains(kind);
}

ObjectId LockTakenBy(const RecordedEvent& event) {
  if (event.op.kind == OpKind::kWake) return event.op.second;
  if (!kTakesLock.contains(event.op.kind) || event.by.outcome != Outcome::kDone) return kNoObject;
  return event.op.object;
}

ObjectId LockReleasedBy(const RecordedEvent& event) {
  if (event.by.outcome != Outcome::kDone) return kNoObject;  // misuse: it had nothing to give back
  if (event.op.kind == OpKind::kWait) return event.op.second;
  const bool unlock = event.op.kind == OpKind::kUnlock || event.op.kind == OpKind::kUnlockShared;
  return unlock ? event.op.object : kNoObject;
}

const RecordedEvent* History::Find(EventSeq seq) const {
  const auto at = std::lower_bound(
      recording_.events.begin(), recording_.events.end(), seq,
      [](const RecordedEvent& event, EventSeq wanted) { return event.seq < wanted; });
  return at != recording_.events.end() && at->seq == seq ? &*at : nullptr;
}

const RecordedEvent* History::Resolve(const Witness& witness, EventSeq before) const {
  if (witness.pc != 0 || !witness.stack.empty()) return nullptr;
  if (witness.seq != 0) return Find(witness.seq);
  if (witness.thread == kNoThread) return nullptr;
  const RecordedEvent* best = nullptr;
  const RecordedEvent* at_another_time = nullptr;
  for (const RecordedEvent& event : recording_.events) {
    if (before != 0 && event.seq >= before) break;
    if (witness.object != kNoObject && event.op.object != witness.object) continue;
    if (event.by.thread != witness.thread) continue;
    if (!witness.kinds.empty() && !witness.kinds.contains(event.op.kind)) continue;
    const uint32_t self = Index(event.by.thread);
    const uint32_t time = self < event.clock.size() ? event.clock[self] : 0;
    (witness.time == 0 || time == witness.time ? best : at_another_time) = &event;
  }
  return best != nullptr ? best : at_another_time;
}

std::vector<LockHold> History::HeldBefore(ThreadId thread, EventSeq seq) const {
  struct Hold {
    LockHold lock;
    int depth;
  };
  std::vector<Hold> held;
  for (const RecordedEvent& event : recording_.events) {
    if (event.seq >= seq) break;
    if (event.by.thread != thread) continue;
    const ObjectId taken = LockTakenBy(event);
    const ObjectId released = LockReleasedBy(event);
    const ObjectId lock = taken != kNoObject ? taken : released;
    if (lock == kNoObject) continue;
    const auto at = std::find_if(held.rbegin(), held.rend(),
                                 [&](const Hold& hold) { return hold.lock.object == lock; });
    if (taken != kNoObject) {
      if (at != held.rend()) {
        ++at->depth;
      } else {
        held.push_back({{lock, &event, kSharedLock.contains(event.op.kind)}, 1});
      }
    } else if (at != held.rend() && (event.op.kind == OpKind::kWait || --at->depth == 0)) {
      held.erase(std::next(at).base());
    }
  }
  std::vector<LockHold> result;
  for (const Hold& hold : held) result.push_back(hold.lock);
  return result;
}

std::vector<LockHold> History::HeldAtEnd(ThreadId thread) const {
  return HeldBefore(thread, kAtEnd);
}

std::vector<ThreadId> History::OwnersAtEnd(ObjectId lock) const {
  std::vector<ThreadId> owners;
  for (uint32_t i = 0; i < recording_.threads.size(); ++i) {
    for (const LockHold& hold : HeldAtEnd(ThreadId{i})) {
      if (hold.object == lock) owners.push_back(ThreadId{i});
    }
  }
  return owners;
}

std::vector<ThreadId> History::WaitsFor(ThreadId thread) const {
  const RecordedThread& recorded = recording_.threads[Index(thread)];
  if (!recorded.has_pending) return {};
  const Operation& op = recorded.pending;
  if (kTakesLock.contains(op.kind)) return OwnersAtEnd(op.object);
  if (op.kind == OpKind::kJoin) {
    const ThreadId target = TargetOf(op);
    if (Index(target) >= recording_.threads.size() || recording_.threads[Index(target)].finished) {
      return {};
    }
    return {target};
  }
  if (op.kind == OpKind::kWake &&
      (op.deadline != kNoDeadline || WakeupOf(thread) != nullptr)) {
    return OwnersAtEnd(op.second);
  }
  if (op.kind == OpKind::kOnceEnter) {
    ThreadId runs = kNoThread;
    for (const RecordedEvent& event : recording_.events) {
      if (event.op.object != op.object) continue;
      if (event.op.kind == OpKind::kOnceEnter && event.value == 1) runs = event.by.thread;
      if (event.op.kind == OpKind::kOnceDone) runs = kNoThread;
    }
    if (runs != kNoThread) return {runs};
  }
  return {};
}

bool History::IsBlocked(ThreadId thread) const {
  const RecordedThread& recorded = recording_.threads[Index(thread)];
  return recorded.has_pending && recorded.pending.kind != OpKind::kYield &&
         !CouldComplete(recording_, recorded.pending, thread, kAtEnd);
}

const RecordedEvent* History::WaitOf(ThreadId thread) const {
  const RecordedEvent* wait = nullptr;
  for (const RecordedEvent& event : recording_.events) {
    if (event.by.thread == thread && event.op.kind == OpKind::kWait &&
        event.by.outcome == Outcome::kDone) {
      wait = &event;
    }
  }
  return wait;
}

std::vector<History::Waiter> History::WaitersOf(ObjectId condition, EventSeq last) const {
  std::vector<Waiter> waiters;  // in the order of waiting, as the model keeps them
  for (const RecordedEvent& event : recording_.events) {
    if (event.op.object != condition || event.seq > last) continue;
    if (event.op.kind == OpKind::kWait && event.by.outcome == Outcome::kDone) {
      waiters.push_back({event.by.thread, nullptr});
    }
    if (event.op.kind == OpKind::kWake) {
      std::erase_if(waiters, [&](const Waiter& w) { return w.thread == event.by.thread; });
    }
    if (Is(event.op, Annotation::kLeavesQueue)) {
      for (Waiter& waiter : waiters) {
        if (waiter.thread == event.by.thread) waiter.woken_by = &event;
      }
    }
    if (event.op.kind != OpKind::kNotifyOne && event.op.kind != OpKind::kNotifyAll) continue;
    uint32_t sleeping = 0;
    for (Waiter& waiter : waiters) {
      if (waiter.woken_by != nullptr) continue;
      if (event.op.kind == OpKind::kNotifyAll || sleeping == event.by.source) {
        waiter.woken_by = &event;
      }
      ++sleeping;
    }
  }
  return waiters;
}

const RecordedEvent* History::WakeupOf(ThreadId thread) const {
  const RecordedEvent* const wait = WaitOf(thread);
  if (wait == nullptr) return nullptr;
  constexpr EventSeq kEnd = std::numeric_limits<EventSeq>::max();
  for (const Waiter& waiter : WaitersOf(wait->op.object, kEnd)) {
    if (waiter.thread == thread) return waiter.woken_by;
  }
  return nullptr;
}

std::vector<ThreadId> History::WokenBy(const RecordedEvent& notification) const {
  std::vector<ThreadId> woken;
  for (const Waiter& waiter : WaitersOf(notification.op.object, notification.seq)) {
    if (waiter.woken_by == &notification) woken.push_back(waiter.thread);
  }
  return woken;
}

}  // namespace heddle
