// The count of owners of what a std::shared_ptr points to ([util.smartptr.shared]), as far as it is
// seen: who lets go, and that the last one has.
//
// Changes of the count introduce no data races (ibid.), and the last owner destroys what is owned
// after all that the others did with it: each kDisown releases, and the last owner acquires from
// all of them.
#ifndef HEDDLE_HARNESS_MODEL_SHARED_COUNT_MODEL_H_
#define HEDDLE_HARNESS_MODEL_SHARED_COUNT_MODEL_H_

#include "harness/model/sync_model.h"

namespace heddle {

class SharedCountModel final : public SyncModel {
 public:
  void Reset(const ObjectInit&) override { fallen_ = {}; }
  OutcomeSet Possible(const Operation&, ThreadId, const ModelContext&) const override {
    return Outcome::kDone;
  }
  void Apply(const Operation&, const Transition& by, ModelContext& context, Event*) override {
    context.ClockOf(by.thread).ReleaseJoin(&fallen_, context.arena());
  }
  // The count itself is in the program's memory.
  uint64_t StateHash() const override { return 0; }

  // Of all who have let go.
  const SyncClock& fallen() const { return fallen_; }

 private:
  SyncClock fallen_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_SHARED_COUNT_MODEL_H_
