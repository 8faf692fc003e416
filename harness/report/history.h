// Questions about a recorded execution: which event a witness names, which locks a thread held,
// whom a blocked thread waits for.
//
// Refers to the Recording, which must outlive it. Pure; any thread. Each question reads the events
// once, which a report can afford.
#ifndef HEDDLE_HARNESS_REPORT_HISTORY_H_
#define HEDDLE_HARNESS_REPORT_HISTORY_H_

#include <vector>

#include "harness/core/recording.h"

namespace heddle {

// A lock at the moment in question, and the event that took it.
struct LockHold {
  ObjectId object = kNoObject;
  const RecordedEvent* taken = nullptr;
  bool shared = false;
};

class History {
 public:
  explicit History(const Recording& recording) : recording_(recording) {}

  const RecordedEvent* Find(EventSeq seq) const;
  // Null if the witness is known by its pc or stack only, or names nothing that was recorded.
  // With `before`, a witness without a number is the last such event before that one.
  const RecordedEvent* Resolve(const Witness& witness, EventSeq before = 0) const;

  // The locks that `thread` holds when the event `seq` begins, in the order of taking.
  std::vector<LockHold> HeldBefore(ThreadId thread, EventSeq seq) const;
  std::vector<LockHold> HeldAtEnd(ThreadId thread) const;
  // Who holds a lock at the end, several if shared.
  std::vector<ThreadId> OwnersAtEnd(ObjectId lock) const;

  // The threads without which the pending operation of `thread` cannot complete.
  std::vector<ThreadId> WaitsFor(ThreadId thread) const;
  // Whether `thread` waits in its pending operation, rather than being ready to go on with it.
  bool IsBlocked(ThreadId thread) const;
  // Of a thread pending in a wait on a condition variable: the event that began it, and what
  // ended its sleep, a notification, a spurious wakeup or an early timeout; null: nothing did.
  const RecordedEvent* WaitOf(ThreadId thread) const;
  const RecordedEvent* WakeupOf(ThreadId thread) const;
  // Of a notification of a condition variable: whom it woke, in the order of their waiting.
  std::vector<ThreadId> WokenBy(const RecordedEvent& notification) const;

 private:
  struct Waiter {
    ThreadId thread;
    const RecordedEvent* woken_by;
  };
  // Who waits on the condition variable after this event.
  std::vector<Waiter> WaitersOf(ObjectId condition, EventSeq last) const;

  const Recording& recording_;
};

// The thread that a spawn, join or detach is about.
inline ThreadId TargetOf(const Operation& op) {
  return ThreadId{static_cast<uint32_t>(op.operand)};
}
bool IsThreadOperation(OpKind kind);
// The lock that the event takes, or gives back, for its thread; kNoObject if it does not.
ObjectId LockTakenBy(const RecordedEvent& event);
ObjectId LockReleasedBy(const RecordedEvent& event);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_HISTORY_H_
