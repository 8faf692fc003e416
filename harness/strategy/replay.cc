#include "harness/strategy/replay.h"

#include <algorithm>
#include <string>

namespace heddle {
namespace {

std::string DescribeEnabled(const SchedulingPoint& point) {
  std::vector<ThreadId> threads(point.runnable().begin(), point.runnable().end());
  std::sort(threads.begin(), threads.end());
  std::string text;
  for (const ThreadId thread : threads) {
    if (!text.empty()) text += ", ";
    text += Describe(Decision::Pick(thread, point.Pending(thread)->kind));
  }
  return text;
}

}  // namespace

void ReplayDecider::Begin(const Plan&) {
  position_ = 0;
  step_ = 0;
  divergence_.reset();
}

ThreadId ReplayDecider::Pick(const SchedulingPoint& point) {
  step_ = point.step() + 1;
  const ThreadId fallback = point.running_enabled() ? point.running() : point.enabled()[0];
  if (divergence_) return fallback;
  if (position_ == decisions_.size()) {
    Diverge("the end of the execution", "a choice of " + DescribeEnabled(point));
    return fallback;
  }
  const Decision decision = decisions_[position_++];
  if (!decision.is_pick()) {
    Diverge(Describe(decision), "a choice of " + DescribeEnabled(point));
    return fallback;
  }
  const ThreadId thread = decision.thread();
  if (Index(thread) >= point.thread_count()) {
    Diverge(Describe(decision), "no such thread; these can run: " + DescribeEnabled(point));
    return fallback;
  }
  if (!point.MayRun(thread)) {
    Diverge(Describe(decision), "that it cannot run; these can: " + DescribeEnabled(point));
    return fallback;
  }
  if (point.Pending(thread)->kind != decision.op()) {
    Diverge(Describe(decision), Describe(Decision::Pick(thread, point.Pending(thread)->kind)));
    return fallback;
  }
  return thread;
}

uint32_t ReplayDecider::PickValue(const ValueChoice& choice) {
  if (divergence_) return 0;
  if (position_ == decisions_.size()) {
    Diverge("the end of the execution", Describe(Decision::Value(choice.kind, 0, choice.bound)));
    return 0;
  }
  const Decision decision = decisions_[position_++];
  if (decision != Decision::Value(choice.kind, decision.value, choice.bound) ||
      decision.value >= choice.bound) {
    Diverge(Describe(decision), "a choice of " + std::to_string(choice.bound) + " (" +
                                    std::string(NameOf(choice.kind)) + ")");
    return 0;
  }
  return decision.value;
}

void ReplayDecider::Diverge(std::string expected, std::string found) {
  divergence_ = Divergence{std::max<uint64_t>(step_, 1), std::move(expected), std::move(found)};
}

}  // namespace heddle
