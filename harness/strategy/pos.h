// POS: Yuan, Yang, Gu, "Partial order aware concurrency sampling" (CAV 2018).
//
// Every pending operation has a random priority, and the best that can run runs. After it, its
// thread's next operation gets a priority of its own, and so does every pending operation that
// raced with it. So the order of operations that depend on each other is drawn anew at each
// conflict, while the order of independent ones, which nobody can observe, costs no randomness: of
// the happens-before classes none is favoured for having many schedules.
//
// Departures: "races with" is the dependence of model/dependence.h, so that lock acquisitions count
// too. Values are uniform. A plan holds nothing but its seed.
// Cost: O(threads that can run) a step.
#ifndef HEDDLE_HARNESS_STRATEGY_POS_H_
#define HEDDLE_HARNESS_STRATEGY_POS_H_

#include <cstdint>

#include "harness/core/random.h"
#include "harness/strategy/operation_priorities.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class PosDecider final : public Decider {
 public:
  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override { return random_.Below(choice.bound); }
  // A step that was the only one possible races with pending operations like any other.
  bool WantsEveryStep() const override { return true; }

 private:
  Random random_;
  OperationPriorities priorities_;
};

class Pos final : public Strategy {
 public:
  bool Next(Plan* plan) override {
    plan->prefix.clear();
    plan->sleep.clear();
    return true;
  }
  std::unique_ptr<Decider> MakeDecider() const override { return std::make_unique<PosDecider>(); }
  void Learn(const Plan&, const ExecutionRecord&) override {}
  StrategyProgress Progress() const override { return {}; }
  std::optional<uint64_t> CommonExecutions() const override { return 0; }
  std::unique_ptr<Strategy> Clone() const override { return std::make_unique<Pos>(*this); }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_POS_H_
