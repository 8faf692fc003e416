// Once: [thread.once]. One thread at a time runs the function, until it has returned once.
//
// The end of each run synchronises with the start of the next ([thread.once.callonce]/3), that of
// the one that returned with all calls that find it done. A call inside the function waits for
// itself.
#ifndef HEDDLE_HARNESS_MODEL_ONCE_MODEL_H_
#define HEDDLE_HARNESS_MODEL_ONCE_MODEL_H_

#include "harness/model/sync_model.h"

namespace heddle {

class OnceModel final : public SyncModel {
 public:
  void Reset(const ObjectInit& init) override;
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  void Holders(const Operation& op, ThreadId thread, std::vector<ThreadId>* holders) const override;
  std::string_view InUse() const override;
  uint64_t StateHash() const override;

 private:
  ThreadId runner_ = kNoThread;
  bool done_ = false;  // invariant: nobody runs it any more
  SyncClock ended_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_ONCE_MODEL_H_
