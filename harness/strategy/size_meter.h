// SizeMeter: a decider around another one that measures the schedule which that decides on, and
// keeps what each thread was given.
//
// Preemptions are counted as the engine knows them: another thread was chosen while the running one
// could go on. Cost: a call per step.
#ifndef HEDDLE_HARNESS_STRATEGY_SIZE_METER_H_
#define HEDDLE_HARNESS_STRATEGY_SIZE_METER_H_

#include <cstdint>
#include <vector>

#include "harness/core/finding.h"
#include "harness/schedule/decision.h"
#include "harness/strategy/strategy.h"

namespace heddle {

// The values that were chosen for each thread, in order. (Not always in its own steps: whether its
// wait ends spuriously is asked whenever time has moved.)
using ValuesByThread = std::vector<std::vector<Decision>>;

class SizeMeter final : public Decider {
 public:
  // `inner` outlives the meter.
  explicit SizeMeter(Decider* inner) : inner_(inner) {}

  void Begin(const Plan& plan) override {
    inner_->Begin(plan);
    size_ = {};
    seen_.clear();
    values_.clear();
  }
  ThreadId Pick(const SchedulingPoint& point) override {
    const ThreadId chosen = point.enabled().size() > 1 || inner_->WantsEveryStep()
                                ? inner_->Pick(point)
                                : point.enabled()[0];
    if (chosen != point.running()) {
      ++size_.switches;
      if (point.running_enabled()) ++size_.preemptions;
    }
    if (seen_.size() < point.thread_count()) seen_.resize(point.thread_count(), false);
    if (!seen_[Index(chosen)]) ++size_.threads;
    seen_[Index(chosen)] = true;
    ++size_.decisions;
    return chosen;
  }
  uint32_t PickValue(const ValueChoice& choice) override {
    ++size_.decisions;
    const uint32_t value = inner_->PickValue(choice);
    if (values_.size() <= Index(choice.thread)) values_.resize(Index(choice.thread) + 1);
    values_[Index(choice.thread)].push_back(Decision::Value(choice.kind, value, choice.bound));
    return value;
  }
  bool WantsEveryStep() const override { return true; }
  EventSink* Events() override { return inner_->Events(); }
  void Stuck(const SchedulingPoint& point) override { inner_->Stuck(point); }
  void Failed(const SchedulingPoint& point) override { inner_->Failed(point); }
  void End(ExecutionRecord* record) override { inner_->End(record); }

  const ScheduleSize& size() const { return size_; }
  const ValuesByThread& values() const { return values_; }

 private:
  Decider* const inner_;
  ScheduleSize size_;
  std::vector<bool> seen_;  // by thread: it has made a step
  ValuesByThread values_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_SIZE_METER_H_
