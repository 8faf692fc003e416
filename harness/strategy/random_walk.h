// Random walk: at each step a uniformly random enabled thread, at each choice a uniform value.
//
// A naive baseline that is hard to beat. Its weakness: where an operation is several steps, it
// switches so often that deep states are never reached.
#ifndef HEDDLE_HARNESS_STRATEGY_RANDOM_WALK_H_
#define HEDDLE_HARNESS_STRATEGY_RANDOM_WALK_H_

#include "harness/core/random.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class RandomWalkDecider final : public Decider {
 public:
  void Begin(const Plan& plan) override { random_.Seed(plan.seed); }
  ThreadId Pick(const SchedulingPoint& point) override {
    const auto enabled = point.enabled();
    return enabled[random_.Below(static_cast<uint32_t>(enabled.size()))];
  }
  uint32_t PickValue(const ValueChoice& choice) override { return random_.Below(choice.bound); }

 private:
  Random random_;
};

class RandomWalk final : public Strategy {
 public:
  bool Next(Plan* plan) override {
    plan->prefix.clear();
    plan->sleep.clear();
    return true;
  }
  std::unique_ptr<Decider> MakeDecider() const override {
    return std::make_unique<RandomWalkDecider>();
  }
  void Learn(const Plan&, const ExecutionRecord&) override {}
  StrategyProgress Progress() const override { return {}; }
  std::optional<uint64_t> CommonExecutions() const override { return 0; }
  std::unique_ptr<Strategy> Clone() const override { return std::make_unique<RandomWalk>(*this); }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_RANDOM_WALK_H_
