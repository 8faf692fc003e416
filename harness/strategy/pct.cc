#include "harness/strategy/pct.h"

#include "harness/strategy/registry.h"

namespace heddle {

void PctDecider::Begin(const Plan& plan) {
  seed_ = plan.seed;
  random_.Seed(plan.seed);
  priority_.clear();
  lowest_ = 0;
  changes_.clear();
  next_change_ = 0;
  const uint64_t length = std::min<uint64_t>(plan.parameter_b, UINT32_MAX);
  if (length == 0) return;
  for (uint64_t i = 1; i < plan.parameter_a; ++i) {
    changes_.push_back(
        Change{1 + random_.Below(static_cast<uint32_t>(length)), static_cast<int64_t>(i)});
  }
  std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
    return a.step != b.step ? a.step < b.step : a.priority < b.priority;
  });
}

ThreadId PctDecider::Pick(const SchedulingPoint& point) {
  while (priority_.size() < point.thread_count()) {
    priority_.push_back(InitialPriority(static_cast<uint32_t>(priority_.size())));
  }
  while (next_change_ < changes_.size() && changes_[next_change_].step <= point.step()) {
    const int64_t priority = changes_[next_change_++].priority;
    priority_[Index(point.running())] = lowest_ < 0 ? --lowest_ : priority;
  }
  if (point.running_deferred()) priority_[Index(point.running())] = --lowest_;
  ThreadId best = point.enabled()[0];
  for (const ThreadId thread : point.enabled().subspan(1)) {
    if (priority_[Index(thread)] > priority_[Index(best)]) best = thread;
  }
  return best;
}

bool Pct::Next(Plan* plan) {
  plan->prefix.clear();
  plan->sleep.clear();
  plan->parameter_a = depth_;
  plan->parameter_b = completed_ > 0 ? completed_ : failed_;
  return true;
}

StrategyInfo DescribePct() {
  return {.name = "pct",
          .summary = "random priorities with a few random changes (PCT, ASPLOS 2010)",
          .parameters = {{.name = "depth",
                          .help = "d: orderings between steps that the bug needs; d - 1 changes",
                          .default_value = 3,
                          .minimum = 1,
                          .maximum = 100}},
          .make = [](std::span<const uint64_t> values) -> std::unique_ptr<Strategy> {
            return std::make_unique<Pct>(values[0]);
          }};
}

}  // namespace heddle
