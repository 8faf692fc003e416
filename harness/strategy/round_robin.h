// Round robin: each thread runs for a quantum of steps, then the next one by number.
//
// Execution i runs with a quantum of i + 1 steps, so that the first switches at every step and the
// last, whose quantum no execution outlasts, only where a thread blocks or ends; then there is
// nothing new to try. Values rotate with the execution. The simplest fair schedules: what finds a
// bug that needs no luck, and a way of running a case that shows nothing surprising.
// Plan: parameter_a is the quantum, parameter_b the rotation of values.
#ifndef HEDDLE_HARNESS_STRATEGY_ROUND_ROBIN_H_
#define HEDDLE_HARNESS_STRATEGY_ROUND_ROBIN_H_

#include <algorithm>

#include "harness/strategy/strategy.h"

namespace heddle {

class RoundRobinDecider final : public Decider {
 public:
  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override {
    return static_cast<uint32_t>(rotation_++ % choice.bound);
  }

 private:
  uint64_t quantum_ = 1;
  uint64_t rotation_ = 0;
  ThreadId current_ = kNoThread;
  uint64_t slice_began_ = 0;  // the step
};

class RoundRobin final : public Strategy {
 public:
  // A quantum of 0: each in turn.
  explicit RoundRobin(uint64_t quantum = 0) : fixed_(quantum) {}

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override {
    return std::make_unique<RoundRobinDecider>();
  }
  void Learn(const Plan&, const ExecutionRecord& record) override {
    longest_ = std::max(longest_, record.steps);
  }
  StrategyProgress Progress() const override;

 private:
  const uint64_t fixed_;
  uint64_t planned_ = 0;
  uint64_t longest_ = 1;  // execution so far, in steps
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_ROUND_ROBIN_H_
