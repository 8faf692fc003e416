#include "harness/explore/shrink_input.h"

#include <utility>

#include "harness/core/random.h"

namespace heddle {
namespace {

bool FailsWith(const std::vector<uint32_t>& input, const TryExecution& fails,
               std::vector<Decision>* decisions) {
  InputDecider decider(input);
  Plan plan;
  for (plan.index = 0; plan.index < kTriesEach; ++plan.index) {
    plan.seed = MixSeed(1, plan.index);
    if (fails(plan, decider, decisions)) return true;
  }
  return false;
}

}  // namespace

std::vector<uint32_t> InputOf(std::span<const Decision> decisions) {
  std::vector<uint32_t> input;
  for (const Decision decision : decisions) {
    if (decision.is_pick()) {
      if (decision.thread() != kMainThread) break;
    } else if (decision.choice() == ChoiceKind::kUser) {
      input.push_back(decision.value);
    }
  }
  return input;
}

void ShrinkInput(const TryExecution& fails, std::vector<Decision>* decisions) {
  std::vector<uint32_t> input = InputOf(*decisions);
  bool smaller = true;
  while (smaller) {
    smaller = false;
    for (uint32_t& value : input) {
      if (value == 0) continue;
      const uint32_t before = std::exchange(value, 0);
      if (FailsWith(input, fails, decisions)) {
        smaller = true;
      } else {
        value = before;
      }
    }
  }
}

}  // namespace heddle
