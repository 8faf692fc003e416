#include "harness/strategy/pos.h"

#include "harness/model/dependence.h"
#include "harness/strategy/registry.h"

namespace heddle {

void PosDecider::Begin(const Plan& plan) {
  random_.Seed(plan.seed);
  priority_.clear();
}

ThreadId PosDecider::Pick(const SchedulingPoint& point) {
  if (priority_.size() < point.thread_count()) priority_.resize(point.thread_count(), kToDraw);
  const auto enabled = point.enabled();
  ThreadId best = enabled[0];
  uint64_t best_priority = PriorityOf(best);
  for (const ThreadId thread : enabled.subspan(1)) {
    const uint64_t priority = PriorityOf(thread);
    if (priority > best_priority) {
      best = thread;
      best_priority = priority;
    }
  }
  priority_[Index(best)] = kToDraw;
  const Operation& op = *point.Pending(best);
  for (const ThreadId thread : enabled) {
    if (thread != best && Dependent(op, *point.Pending(thread))) {
      priority_[Index(thread)] = kToDraw;
    }
  }
  return best;
}

uint64_t PosDecider::PriorityOf(ThreadId thread) {
  uint64_t& priority = priority_[Index(thread)];
  if (priority == kToDraw) priority = random_.Next() | 1;
  return priority;
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
