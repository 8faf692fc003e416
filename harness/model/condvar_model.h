// Condition variable: [thread.condition.condvar].
//
// A wait is two operations, kWait and kWake, both with the mutex as `second`. kWait releases the
// mutex, whatever its depth, and enqueues. kWake completes when the mutex is free and the thread
// sleeps no more: it has been notified (kDone) or woken in another way (EndSleep), or its deadline
// has passed (kTimedOut); it takes the mutex again at its old depth. A thread that has been woken
// does not time out. A kWait by a thread that does not hold the mutex is misuse
// and completes with kFailed: nothing was released or enqueued, and no kWake may follow.
//
// A condition variable synchronises nothing by itself; its mutex does.
#ifndef HEDDLE_HARNESS_MODEL_CONDVAR_MODEL_H_
#define HEDDLE_HARNESS_MODEL_CONDVAR_MODEL_H_

#include <vector>

#include "harness/model/mutex_model.h"
#include "harness/model/sync_model.h"

namespace heddle {

class CondVarModel final : public SyncModel {
 public:
  void Reset(const ObjectInit& init) override;
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  uint32_t Candidates(const Operation& op, ThreadId thread, Outcome outcome,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  // Of a timed kWake: asked when its deadline has passed.
  void Holders(const Operation& op, ThreadId thread, std::vector<ThreadId>* holders) const override;
  std::string_view InUse() const override;
  uint64_t StateHash() const override;

  // Of a thread whose kWake is pending.
  bool Sleeps(ThreadId thread) const { return WaiterOf(thread).Sleeps(); }
  // It wakes spuriously, or times out before its time: it is no longer there to be notified.
  void EndSleep(ThreadId thread, Outcome outcome);

 private:
  struct Waiter {
    ThreadId thread;
    MutexModel* mutex;  // owned by the engine until the execution ends
    uint32_t depth;     // with which the thread held it
    OutcomeSet woken;   // with what its kWake completes; none: it sleeps

    bool Sleeps() const { return woken.empty(); }
  };

  const Waiter& WaiterOf(ThreadId thread) const;
  uint32_t CountSleeping() const;
  void Wait(const Operation& op, ThreadId thread, ModelContext& context, Event* event);
  void Wake(ThreadId thread, ModelContext& context);
  void Notify(bool all, uint32_t source);

  std::vector<Waiter> waiters_;  // in order of arrival; until they have the mutex again
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_CONDVAR_MODEL_H_
