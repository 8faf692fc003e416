// Ordinary memory: always accessible, orders nothing. Races on it are the race shadow's concern.
#ifndef HEDDLE_HARNESS_MODEL_VAR_MODEL_H_
#define HEDDLE_HARNESS_MODEL_VAR_MODEL_H_

#include "harness/model/sync_model.h"

namespace heddle {

class VarModel final : public SyncModel {
 public:
  void Reset(const ObjectInit&) override {}
  OutcomeSet Possible(const Operation&, ThreadId, const ModelContext&) const override {
    return Outcome::kDone;
  }
  void Apply(const Operation&, const Transition&, ModelContext&, Event*) override {}
  uint64_t StateHash() const override { return 0; }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_VAR_MODEL_H_
