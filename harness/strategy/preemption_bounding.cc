// Preemption bounding: schedules with few preemptions first (Musuvathi and Qadeer, PLDI 2007).
//
// A preemption is the choice of another thread while the running one could go on. Where it cannot,
// which of the others goes on is free; so is what follows a yield or a spin, which set the running
// thread aside. Most bugs need one or two preemptions, and there are only polynomially many
// schedules with so few.
#include "harness/strategy/bounded_search.h"
#include "harness/strategy/registry.h"

namespace heddle {

const BoundedPrice kPreemptions = {
    .strategy = "preemption-bounding",
    .unit = "preemption",
    .of = [](const SchedulingPoint& point, uint32_t) -> uint32_t {
      return point.running_enabled() ? 1 : 0;
    },
    .same_for_symmetric = true};

StrategyInfo DescribePreemptionBounding() {
  return {.name = kPreemptions.strategy,
          .summary = "every schedule with no preemption, then with one, with two ...",
          .parameters = {{.name = "bound",
                          .help = "preemptions of a schedule, at most",
                          .default_value = BoundedSearch::kNoBound,
                          .minimum = 0,
                          .maximum = BoundedSearch::kNoBound}},
          .can_complete = true,
          .make = [](std::span<const uint64_t> values) -> std::unique_ptr<Strategy> {
            return std::make_unique<BoundedSearch>(kPreemptions, static_cast<uint32_t>(values[0]));
          }};
}

}  // namespace heddle
