#include "harness/strategy/random_walk.h"

#include "harness/strategy/registry.h"

namespace heddle {

StrategyInfo DescribeRandomWalk() {
  return {.name = "random",
          .summary = "random walk: at each step a uniformly random thread that can run",
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<RandomWalk>();
          }};
}

}  // namespace heddle
