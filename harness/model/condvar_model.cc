#include "harness/model/condvar_model.h"

#include <algorithm>

#include "harness/core/check.h"
#include "harness/core/random.h"

namespace heddle {

void CondVarModel::Reset(const ObjectInit&) { waiters_.clear(); }

OutcomeSet CondVarModel::Possible(const Operation& op, ThreadId thread,
                                  const ModelContext& context) const {
  if (op.kind != OpKind::kWake) return Outcome::kDone;
  const Waiter& waiter = WaiterOf(thread);
  if (!waiter.mutex->IsFree()) return {};
  return waiter.Sleeps() ? context.WaitFor(false, op.deadline) : waiter.woken;
}

uint32_t CondVarModel::Candidates(const Operation& op, ThreadId, Outcome,
                                  const ModelContext&) const {
  if (op.kind != OpKind::kNotifyOne) return 1;
  return std::max<uint32_t>(1, CountSleeping());
}

void CondVarModel::Apply(const Operation& op, const Transition& by, ModelContext& context,
                         Event* event) {
  switch (op.kind) {
    case OpKind::kWait:
      return Wait(op, by.thread, context, event);
    case OpKind::kWake:
      return Wake(by.thread, context);
    case OpKind::kNotifyOne:
      return Notify(false, by.source);
    case OpKind::kNotifyAll:
      return Notify(true, 0);
    default:
      return;
  }
}

void CondVarModel::Wait(const Operation& op, ThreadId thread, ModelContext& context, Event* event) {
  SyncModel& second = context.ModelOf(op.second);
  HEDDLE_CHECK(second.kind == ObjectKind::kMutex, "a wait with something that is not a mutex");
  auto& mutex = static_cast<MutexModel&>(second);
  if (mutex.owner() != thread) {
    event->by.outcome = Outcome::kFailed;
    context.ReportMisuse(FindingKind::kMisuse, op, thread,
                         mutex.IsFree()
                             ? "wait on a condition variable without holding its mutex"
                             : "wait on a condition variable with a mutex that another thread "
                               "holds");
    return;
  }
  for (const Waiter& waiter : waiters_) {
    if (!waiter.Sleeps() || waiter.mutex == &mutex) continue;
    context.ReportMisuse(FindingKind::kMisuse, op, thread,
                         "threads wait on one condition variable with different mutexes");
    break;
  }
  waiters_.push_back(Waiter{thread, &mutex, mutex.depth(), {}});
  mutex.Release(context.ClockOf(thread));
}

void CondVarModel::Wake(ThreadId thread, ModelContext& context) {
  const Waiter waiter = WaiterOf(thread);
  std::erase_if(waiters_, [thread](const Waiter& other) { return other.thread == thread; });
  waiter.mutex->Acquire(thread, waiter.depth, context.ClockOf(thread), context.arena());
}

void CondVarModel::Notify(bool all, uint32_t source) {
  uint32_t sleeping = 0;
  for (Waiter& waiter : waiters_) {
    if (!waiter.Sleeps()) continue;
    if (all || sleeping == source) waiter.woken = Outcome::kDone;
    ++sleeping;
  }
}

void CondVarModel::EndSleep(ThreadId thread, Outcome outcome) {
  for (Waiter& waiter : waiters_) {
    if (waiter.thread == thread) waiter.woken = outcome;
  }
}

const CondVarModel::Waiter& CondVarModel::WaiterOf(ThreadId thread) const {
  const auto at = std::find_if(waiters_.begin(), waiters_.end(),
                               [thread](const Waiter& waiter) { return waiter.thread == thread; });
  HEDDLE_CHECK(at != waiters_.end(), "a wake without its wait");
  return *at;
}

uint32_t CondVarModel::CountSleeping() const {
  return static_cast<uint32_t>(std::count_if(
      waiters_.begin(), waiters_.end(), [](const Waiter& waiter) { return waiter.Sleeps(); }));
}

// Who would notify a sleeping thread is not known: its untimed wait has no holder.
void CondVarModel::Holders(const Operation& op, ThreadId thread,
                           std::vector<ThreadId>* holders) const {
  if (op.kind != OpKind::kWake) return;
  const Waiter& waiter = WaiterOf(thread);
  if (waiter.Sleeps() && op.deadline == kNoDeadline) return;
  if (!waiter.mutex->IsFree()) holders->push_back(waiter.mutex->owner());
}

// [thread.condition.condvar]/4: it may be destroyed when all waiting threads have been notified.
std::string_view CondVarModel::InUse() const { return CountSleeping() > 0 ? "waited on" : ""; }

uint64_t CondVarModel::StateHash() const {
  uint64_t hash = 0;
  for (const Waiter& waiter : waiters_) {
    const uint64_t woken = waiter.Sleeps() ? 0 : 1 + static_cast<uint64_t>(waiter.woken.first());
    hash = MixSeed(hash, Index(waiter.thread), woken);
  }
  return hash;
}

}  // namespace heddle
