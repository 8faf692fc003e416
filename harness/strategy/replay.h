// ReplayDecider: repeats a schedule and verifies every step of it.
//
// Each pick of the schedule, forced ones too, must be of a thread that can run and is about to do
// what the schedule says; each value must be asked for the same reason, out of as many. The first
// that is not so is kept as the divergence; nothing is repeated after it: the execution is then run
// to its end in some way, and whoever started it must look at divergence() before believing any
// of it. That the execution ended where the schedule ends is for CompareDecisions to say, which
// compares the schedule with the log of the execution.
#ifndef HEDDLE_HARNESS_STRATEGY_REPLAY_H_
#define HEDDLE_HARNESS_STRATEGY_REPLAY_H_

#include <optional>
#include <utility>
#include <vector>

#include "harness/schedule/divergence.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class ReplayDecider final : public Decider {
 public:
  explicit ReplayDecider(std::vector<Decision> decisions) : decisions_(std::move(decisions)) {}

  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override;
  bool WantsEveryStep() const override { return true; }
  void End(ExecutionRecord* record) override { record->diverged = divergence_.has_value(); }

  const std::optional<Divergence>& divergence() const { return divergence_; }

 private:
  void Diverge(std::string expected, std::string found);

  const std::vector<Decision> decisions_;
  size_t position_ = 0;
  uint64_t step_ = 0;  // the last one asked about, from 1
  std::optional<Divergence> divergence_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_REPLAY_H_
