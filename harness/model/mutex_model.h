// Mutex: [thread.mutex.requirements]. Recursive when ObjectInit::initial is 1; when it is
// kOrdersNothing, a mutex that excludes but does not synchronise: what a primitive uses inside
// where the standard promises its user no order.
//
// An unlock synchronises with the next successful lock ([thread.mutex.requirements.mutex]/5). A
// try_lock may fail although nobody holds the mutex (kSpurious, within the search's budget:
// [thread.mutex.requirements.mutex]/16).
#ifndef HEDDLE_HARNESS_MODEL_MUTEX_MODEL_H_
#define HEDDLE_HARNESS_MODEL_MUTEX_MODEL_H_

#include "harness/model/sync_model.h"

namespace heddle {

class MutexModel final : public SyncModel {
 public:
  static constexpr uint64_t kOrdersNothing = 2;

  void Reset(const ObjectInit& init) override {
    owner_ = kNoThread;
    depth_ = 0;
    recursive_ = init.initial == 1;
    orders_ = init.initial != kOrdersNothing;
    released_ = {};
  }
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  void Holders(const Operation& op, ThreadId thread, std::vector<ThreadId>* holders) const override;
  std::string_view InUse() const override;
  uint64_t StateHash() const override;

  // The two commonest questions and answers, for the engine to inline: the first lock of a mutex
  // and its last unlock.
  bool AvailableTo(ThreadId thread) const {
    return owner_ == kNoThread || (recursive_ && owner_ == thread);
  }
  bool IsLastUnlockOf(ThreadId thread) const { return owner_ == thread && depth_ == 1; }

  // For the condition variable, whose wait is an unlock and a lock.
  bool IsFree() const { return owner_ == kNoThread; }
  ThreadId owner() const { return owner_; }
  uint32_t depth() const { return depth_; }
  void Acquire(ThreadId thread, uint32_t depth, ThreadClock& clock, ClockArena& arena) {
    owner_ = thread;
    depth_ = depth;
    clock.Acquire(released_, arena);
  }
  void Release(ThreadClock& clock) {
    owner_ = kNoThread;
    depth_ = 0;
    if (orders_) [[likely]] clock.Release(&released_);
  }

 private:
  ThreadId owner_ = kNoThread;
  uint32_t depth_ = 0;  // invariant: 0 exactly when there is no owner
  bool recursive_ = false;
  bool orders_ = true;
  SyncClock released_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_MUTEX_MODEL_H_
