// Makes the input of a failing execution smaller: the values that the program chose by
// heddle::Choose before it started its first thread. The smaller a value, the simpler what it
// stands for: cases and heddle::Linearizable let 0 mean "nothing".
//
// One value after the other is set to 0, and the program run with this input under a number of
// sampled schedules (POS); if one of them fails in the same way, the value stays 0. It ends when no
// value can be set to 0 any more. So the result is the smallest that was found, not a proven
// minimum. A function of the failing execution alone.
// Cost: up to kTriesEach executions for each value that stays, in each round.
#ifndef HEDDLE_HARNESS_EXPLORE_SHRINK_INPUT_H_
#define HEDDLE_HARNESS_EXPLORE_SHRINK_INPUT_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "harness/schedule/decision.h"
#include "harness/strategy/pos.h"
#include "harness/strategy/strategy.h"

namespace heddle {

// Gives the first values that the program chooses; all else is POS's.
class InputDecider final : public Decider {
 public:
  explicit InputDecider(std::vector<uint32_t> input) : input_(std::move(input)) {}

  void Begin(const Plan& plan) override {
    given_ = 0;
    pos_.Begin(plan);
  }
  ThreadId Pick(const SchedulingPoint& point) override { return pos_.Pick(point); }
  uint32_t PickValue(const ValueChoice& choice) override {
    const bool given = choice.kind == ChoiceKind::kUser && given_ < input_.size();
    return given ? std::min(input_[given_++], choice.bound - 1) : pos_.PickValue(choice);
  }
  bool WantsEveryStep() const override { return true; }

 private:
  const std::vector<uint32_t> input_;
  size_t given_ = 0;
  PosDecider pos_;
};

// The values that the program chose before another thread than main began.
std::vector<uint32_t> InputOf(std::span<const Decision> decisions);

// Runs an execution of the plan; if it fails as the first did, sets its decisions and returns true.
using TryExecution =
    std::function<bool(const Plan& plan, Decider& decider, std::vector<Decision>* decisions)>;

inline constexpr uint64_t kTriesEach = 200;

// `decisions`: of the failing execution; replaced by those of the smallest found.
void ShrinkInput(const TryExecution& fails, std::vector<Decision>* decisions);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_SHRINK_INPUT_H_
