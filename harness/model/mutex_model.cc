#include "harness/model/mutex_model.h"

#include "harness/core/random.h"

namespace heddle {

OutcomeSet MutexModel::Possible(const Operation& op, ThreadId thread,
                                const ModelContext& context) const {
  if (op.kind == OpKind::kUnlock) return Outcome::kDone;
  const bool available = AvailableTo(thread);
  if (op.kind == OpKind::kTryLock) return available ? context.SuccessOfTry() : Outcome::kFailed;
  return context.WaitFor(available, op.deadline);
}

void MutexModel::Apply(const Operation& op, const Transition& by, ModelContext& context,
                       Event* event) {
  if (op.kind == OpKind::kUnlock) {
    if (owner_ != by.thread) {
      event->by.outcome = Outcome::kFailed;
      context.ReportMisuse(FindingKind::kMisuse, op, by.thread,
                           owner_ == kNoThread ? "unlock of a mutex that is not locked"
                                               : "unlock of a mutex that another thread holds");
      return;
    }
    if (--depth_ == 0) Release(context.ClockOf(by.thread));
    return;
  }
  if (by.outcome != Outcome::kDone) {
    if (op.kind == OpKind::kTryLock && owner_ == by.thread && !recursive_) {
      context.ReportMisuse(FindingKind::kMisuse, op, by.thread,
                           "try_lock of a mutex that the thread holds already (undefined by "
                           "[thread.mutex.requirements.mutex])");
    }
    return;
  }
  if (owner_ == by.thread) {
    ++depth_;
  } else {
    Acquire(by.thread, 1, context.ClockOf(by.thread), context.arena());
  }
}

void MutexModel::Holders(const Operation&, ThreadId, std::vector<ThreadId>* holders) const {
  if (owner_ != kNoThread) holders->push_back(owner_);
}

std::string_view MutexModel::InUse() const { return owner_ != kNoThread ? "locked" : ""; }

uint64_t MutexModel::StateHash() const { return MixSeed(Index(owner_), depth_); }

}  // namespace heddle
