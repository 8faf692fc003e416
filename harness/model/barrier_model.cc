#include "harness/model/barrier_model.h"

#include "harness/core/arrival.h"
#include "harness/core/random.h"

namespace heddle {

void BarrierModel::Reset(const ObjectInit& init) {
  expected_ = remaining_ = init.initial;
  phase_ = expected_ == 0 ? 1 : 0;
  has_completion_ = init.limit == 1;
  clocks_ = {};
}

OutcomeSet BarrierModel::Possible(const Operation& op, ThreadId,
                                  const ModelContext& context) const {
  if (op.kind != OpKind::kPhaseWait) return Outcome::kDone;
  const bool only_looks = op.deadline == 0;
  if (phase_ > op.operand && only_looks) return context.SuccessOfTry();
  return context.WaitFor(phase_ > op.operand, op.deadline);
}

void BarrierModel::Apply(const Operation& op, const Transition& by, ModelContext& context,
                         Event* event) {
  if (op.kind != OpKind::kPhaseWait) return Arrive(op, by.thread, context, event);
  event->value = op.operand;
  if (by.outcome != Outcome::kDone) return;
  context.ClockOf(by.thread).Acquire(ClockOfPhase(op.operand), context.arena());
}

void BarrierModel::Arrive(const Operation& op, ThreadId thread, ModelContext& context,
                          Event* event) {
  event->value = phase_;
  ThreadClock& clock = context.ClockOf(thread);
  if (op.operand > remaining_) {
    event->by.outcome = Outcome::kFailed;
    context.ReportMisuse(FindingKind::kMisuse, op, thread,
                         "more arrivals than it expects");
    return;
  }
  if (op.kind == OpKind::kArriveDrop) expected_ -= op.operand;
  remaining_ -= op.operand;
  clock.ReleaseJoin(&ClockOfPhase(phase_), context.arena());
  if (remaining_ > 0) return;
  if (op.operand == 0 && !has_completion_) return;  // count_down(0) after the end of a latch
  if (has_completion_ && op.operand > 0) {
    event->value |= kLastArrival;
    clock.Acquire(ClockOfPhase(phase_), context.arena());
    return;
  }
  EndPhase();
}

void BarrierModel::EndPhase() {
  ++phase_;
  remaining_ = expected_;
  ClockOfPhase(phase_) = {};
}

uint64_t BarrierModel::StateHash() const {
  // Programs see phases only as older or newer than one another.
  return MixSeed(phase_ % 2, expected_, remaining_);
}

}  // namespace heddle
