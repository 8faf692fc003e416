#include "harness/strategy/round_robin.h"

#include "harness/strategy/registry.h"

namespace heddle {

void RoundRobinDecider::Begin(const Plan& plan) {
  quantum_ = std::max<uint64_t>(plan.parameter_a, 1);
  rotation_ = plan.parameter_b;
  current_ = kNoThread;
  slice_began_ = 0;
}

ThreadId RoundRobinDecider::Pick(const SchedulingPoint& point) {
  if (point.running() != current_) {  // it got here without being asked for
    current_ = point.running();
    slice_began_ = point.step() == 0 ? 0 : point.step() - 1;
  }
  if (point.running_enabled() && point.step() - slice_began_ < quantum_) return current_;
  ThreadId next = kNoThread;
  uint32_t distance = UINT32_MAX;
  for (const ThreadId thread : point.enabled()) {
    // From the current thread upwards, around the end; to itself is the longest way.
    const uint32_t d = Index(thread) - Index(current_) - 1;
    const uint32_t around = Index(thread) > Index(current_) ? d : d + point.thread_count();
    if (around >= distance) continue;
    distance = around;
    next = thread;
  }
  current_ = next;
  slice_began_ = point.step();
  return next;
}

bool RoundRobin::Next(Plan* plan) {
  if (fixed_ != 0 ? planned_ > 0 : planned_ > longest_) return false;
  plan->prefix.clear();
  plan->sleep.clear();
  plan->parameter_a = fixed_ != 0 ? fixed_ : planned_ + 1;
  plan->parameter_b = planned_;
  ++planned_;
  return true;
}

StrategyProgress RoundRobin::Progress() const {
  StrategyProgress progress;
  progress.note = "round robin: " + std::to_string(planned_) + " of " +
                  std::to_string(fixed_ != 0 ? 1 : longest_ + 1) + " quanta";
  return progress;
}

StrategyInfo DescribeRoundRobin() {
  return {.name = "round-robin",
          .summary = "threads take turns of 1 step, then of 2, and so on until none is interrupted",
          .parameters = {{.name = "quantum",
                          .help = "steps of a turn; 0: each in its own execution",
                          .default_value = 0,
                          .minimum = 0,
                          .maximum = 1'000'000}},
          .make = [](std::span<const uint64_t> values) -> std::unique_ptr<Strategy> {
            return std::make_unique<RoundRobin>(values[0]);
          }};
}

}  // namespace heddle
