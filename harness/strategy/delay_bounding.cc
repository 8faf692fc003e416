// Delay bounding: schedules with few delays first (Emmi, Qadeer, Rakamaric, "Delay-Bounded
// Scheduling", POPL 2011).
//
// A delay passes over the thread that the plain scheduler would choose, for the next one in the
// order of threads: choosing the one k places behind costs k delays, whether or not the running
// thread could go on. There are fewer schedules with k delays than with k preemptions, and bugs are
// found in fewer of them (Thomson, Donaldson, Betts, "Concurrency Testing Using Schedule Bounding",
// PPoPP 2014).
#include "harness/strategy/bounded_search.h"
#include "harness/strategy/registry.h"

namespace heddle {

const BoundedPrice kDelays = {
    .strategy = "delay-bounding",
    .unit = "delay",
    .of = [](const SchedulingPoint&, uint32_t skipped) { return skipped; }};

StrategyInfo DescribeDelayBounding() {
  return {.name = kDelays.strategy,
          .summary = "every schedule of a plain scheduler with no delay, then with one, two ...",
          .parameters = {{.name = "bound",
                          .help = "delays of a schedule, at most",
                          .default_value = BoundedSearch::kNoBound,
                          .minimum = 0,
                          .maximum = BoundedSearch::kNoBound}},
          .can_complete = true,
          .make = [](std::span<const uint64_t> values) -> std::unique_ptr<Strategy> {
            return std::make_unique<BoundedSearch>(kDelays, static_cast<uint32_t>(values[0]));
          }};
}

}  // namespace heddle
