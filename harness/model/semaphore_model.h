// Counting semaphore: [thread.sema.cnt]. ObjectInit::initial permits, at most ObjectInit::limit.
//
// An acquire synchronises with every release before it: all of them are in the release sequence
// of the counter that it decrements. A release beyond the limit is misuse, completes with kFailed
// and leaves the count at the limit. A try_acquire may fail although there is a permit (kSpurious,
// within the search's budget).
#ifndef HEDDLE_HARNESS_MODEL_SEMAPHORE_MODEL_H_
#define HEDDLE_HARNESS_MODEL_SEMAPHORE_MODEL_H_

#include "harness/model/sync_model.h"

namespace heddle {

class SemaphoreModel final : public SyncModel {
 public:
  void Reset(const ObjectInit& init) override;
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  uint64_t StateHash() const override;

 private:
  void Release(const Operation& op, ThreadId thread, ModelContext& context, Event* event);

  uint64_t count_ = 0;  // invariant: at most limit_
  uint64_t limit_ = 0;
  SyncClock released_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_SEMAPHORE_MODEL_H_
