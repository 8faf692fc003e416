#include "harness/strategy/pct.h"

#include <cmath>
#include <cstdio>

#include "harness/core/bytes.h"
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

void Pct::Learn(const Plan& plan, const ExecutionRecord& record) {
  if (record.end == ExecutionEnd::kCompleted) completed_ = std::max(completed_, record.steps);
  if (record.end == ExecutionEnd::kFailed) failed_ = std::max(failed_, record.steps);
  ++made_.by_length[plan.parameter_b];
  made_.threads = std::max<uint64_t>(made_.threads, record.threads);
  made_.steps = std::max(made_.steps, record.steps);
  made_.cut += record.end == ExecutionEnd::kStepLimit || record.end == ExecutionEnd::kLost ||
               record.undecided;
  made_.yielded += record.yielded;
}

std::unique_ptr<Strategy> Pct::Clone() const {
  auto clone = std::make_unique<Pct>(*this);
  clone->made_ = {};
  return clone;
}

std::optional<double> Pct::Bound() const {
  if (made_.cut > 0 || made_.yielded > 0 || made_.threads < 2) return std::nullopt;
  double missed = 0;  // the logarithm of the probability that no execution shows it
  for (const auto& [length, executions] : made_.by_length) {
    if (depth_ > 1 && length < made_.steps) continue;
    const double shown = std::pow(static_cast<double>(length), 1 - static_cast<double>(depth_)) /
                         static_cast<double>(made_.threads);
    missed += static_cast<double>(executions) * std::log1p(-shown);
  }
  return -std::expm1(missed);
}

namespace {

// A share in percent, rounded down to two digits of what there is, or of what is missing.
std::string Percent(double share) {
  const double percent = 100 * share;
  char text[32];
  if (percent >= 99) {
    std::snprintf(text, sizeof(text), "%.2f", std::min(99.99, std::floor(100 * percent) / 100));
  } else if (percent >= 10) {
    std::snprintf(text, sizeof(text), "%.0f", std::floor(percent));
  } else {
    const double unit = std::pow(10.0, std::floor(std::log10(percent)) - 1);
    std::snprintf(text, sizeof(text), "%.2g", std::floor(percent / unit) * unit);
  }
  return std::string(text) + "%";
}

}  // namespace

StrategyProgress Pct::Progress() const {
  StrategyProgress progress;
  const std::string depth = std::to_string(depth_);
  progress.note = "PCT of depth " + depth;
  if (made_.cut > 0) {
    progress.note += ": no bound on what was missed, since executions were cut";
  } else if (made_.yielded > 0) {
    progress.note += ": no bound on what was missed, since threads yielded or waited in loops";
  } else if (const auto bound = Bound(); bound && *bound > 0) {
    progress.note += ": a bug that needs " + depth + " ordering constraint" +
                     (depth_ == 1 ? "" : "s") + " would have been found with a probability of " +
                     "at least " + Percent(*bound) + " (" + std::to_string(made_.threads) +
                     " threads, " + std::to_string(made_.steps) + " steps)";
  }
  return progress;
}

std::string Pct::Counts() const {
  ByteWriter writer;
  writer.Put(made_.threads);
  writer.Put(made_.steps);
  writer.Put(made_.cut);
  writer.Put(made_.yielded);
  for (const auto& [length, executions] : made_.by_length) {
    writer.Put(length);
    writer.Put(executions);
  }
  return writer.Take();
}

bool Pct::Add(std::string_view counts, bool) {
  ByteReader reader(counts);
  Made made;
  if (!reader.Get(&made.threads) || !reader.Get(&made.steps) || !reader.Get(&made.cut) ||
      !reader.Get(&made.yielded)) {
    return false;
  }
  for (uint64_t length = 0, executions = 0; !reader.AtEnd();) {
    if (!reader.Get(&length) || !reader.Get(&executions)) return false;
    made.by_length[length] += executions;
  }
  made_.threads = std::max(made_.threads, made.threads);
  made_.steps = std::max(made_.steps, made.steps);
  made_.cut += made.cut;
  made_.yielded += made.yielded;
  for (const auto& [length, executions] : made.by_length) made_.by_length[length] += executions;
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
