#include "harness/strategy/pos.h"

#include "harness/strategy/registry.h"

namespace heddle {

void PosDecider::Begin(const Plan& plan) {
  random_.Seed(plan.seed);
  priorities_.Clear();
}

ThreadId PosDecider::Pick(const SchedulingPoint& point) {
  const auto enabled = point.enabled();
  ThreadId best = enabled[0];
  uint64_t best_priority = priorities_.Of(best, random_);
  for (const ThreadId thread : enabled.subspan(1)) {
    const uint64_t priority = priorities_.Of(thread, random_);
    if (priority > best_priority) {
      best = thread;
      best_priority = priority;
    }
  }
  priorities_.Redraw(best, point);
  return best;
}

StrategyInfo DescribePos() {
  return {.name = "pos",
          .summary = "a random priority for each pending operation, drawn anew where two conflict "
                     "(POS, CAV 2018)",
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<Pos>();
          }};
}

}  // namespace heddle
