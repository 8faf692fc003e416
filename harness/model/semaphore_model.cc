#include "harness/model/semaphore_model.h"

#include <algorithm>

#include "harness/core/random.h"

namespace heddle {

void SemaphoreModel::Reset(const ObjectInit& init) {
  limit_ = init.limit;
  count_ = std::min(init.initial, limit_);
  released_ = {};
}

OutcomeSet SemaphoreModel::Possible(const Operation& op, ThreadId,
                                    const ModelContext& context) const {
  const bool available = count_ > 0;
  if (op.kind == OpKind::kTryAcquire) {
    return available ? context.SuccessOfTry() : Outcome::kFailed;
  }
  if (op.kind != OpKind::kAcquire) return Outcome::kDone;
  return context.WaitFor(available, op.deadline);
}

void SemaphoreModel::Apply(const Operation& op, const Transition& by, ModelContext& context,
                           Event* event) {
  if (op.kind == OpKind::kRelease) return Release(op, by.thread, context, event);
  if (by.outcome != Outcome::kDone) return;
  --count_;
  context.ClockOf(by.thread).Acquire(released_, context.arena());
}

void SemaphoreModel::Release(const Operation& op, ThreadId thread, ModelContext& context,
                             Event* event) {
  context.ClockOf(thread).ReleaseJoin(&released_, context.arena());
  if (op.operand <= limit_ - count_) {
    count_ += op.operand;
    return;
  }
  count_ = limit_;
  event->by.outcome = Outcome::kFailed;
  context.ReportMisuse(FindingKind::kMisuse, op, thread,
                       "release of a semaphore beyond its largest count");
}

uint64_t SemaphoreModel::StateHash() const { return MixSeed(count_, limit_); }

}  // namespace heddle
