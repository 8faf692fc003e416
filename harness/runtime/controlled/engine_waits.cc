// Waits that end without what they wait for: timeouts before their time, and spurious wakeups, as
// many as the search's options allow. See engine.h.
//
// Whether a wait ends so is chosen when it begins, and again whenever time has moved. Then it ends
// for sure: on a condition variable, the thread leaves the queue at once and wants its mutex only.
// It could do so at any moment between, but nobody could tell: whatever order others run in is
// explored all the same, and who is not there to be notified might have been woken just before. So
// what a thread can do is no matter of what others can, nor of what is left of the budget.
// Where no thread can go on and time cannot move nobody is asked: a program may not rely on what
// need not come.
#include "harness/core/order_class.h"
#include "harness/model/condvar_model.h"
#include "harness/runtime/controlled/engine_step.h"

namespace heddle {

OutcomeSet ControlledEngine::PossibleInTime(const SyncModel& model, const Operation& op,
                                            ThreadId thread) const {
  if (threads_[Index(thread)]->times_out) return Outcome::kTimedOut;
  return model.Possible(op, thread, *this);
}

void ControlledEngine::BeginWait(ThreadState& self) {
  self.times_out = false;
  AskAboutWait(self);
}

void ControlledEngine::AskAboutWait(ThreadState& thread) {
  const Operation& op = *thread.pending;
  const bool sleeps = op.kind == OpKind::kWake;
  auto* const condition = sleeps ? static_cast<CondVarModel*>(thread.model) : nullptr;
  if (in_fair_tail_ || (sleeps ? !condition->Sleeps(thread.id) : thread.times_out)) return;
  OutcomeSet ends = Outcome::kDone;  // as it may
  if (early_left_ > 0 && op.deadline != kNoDeadline && op.deadline > now_) {
    ends = ends | Outcome::kTimedOut;
  }
  if (spurious_left_ > 0 && sleeps) ends = ends | Outcome::kSpurious;
  if (ends.single()) return;
  const uint32_t chosen =
      DecideValue(ChoiceKind::kOutcome, thread, &op, static_cast<uint32_t>(ends.size()));
  const Outcome end = ends.Nth(static_cast<int>(chosen));
  if (end == Outcome::kDone) return;
  thread.order.Add(MixOrder(static_cast<uint64_t>(now_), static_cast<uint64_t>(end)));
  if (end == Outcome::kTimedOut) {
    --early_left_;
  } else if (--spurious_left_ == 0) {
    ReevaluateAll(thread);
  }
  if (!sleeps) {
    thread.times_out = true;
    return;
  }
  condition->EndSleep(thread.id, end);
  ++seq_;
  if (!wanted_.contains(OpKind::kAnnotate)) return;
  const Operation leaves{.kind = OpKind::kAnnotate,
                         .object = condition->id,
                         .operand = static_cast<uint64_t>(Annotation::kLeavesQueue)};
  Emit(Event{seq_, &leaves, Transition{thread.id, end, 0}, 0, 0, &thread.clock});
}

}  // namespace heddle
