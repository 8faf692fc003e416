// Carries out a plan of dynamic partial-order reduction and traces the steps that it makes.
//
// First the plan's prefix, whose steps are known; then its steps; then freely: the thread that runs
// goes on, else the one that has waited longest, but none that sleeps. Values are the planned ones,
// then the smallest that no sleeper covers.
// Cost: some 10 ns for a step of the prefix, 50 ns and 2 ns per enabled thread for one that is
// traced; no allocation in the steady state.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_DECIDER_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_DECIDER_H_

#include <cstdint>
#include <vector>

#include "harness/strategy/strategy.h"
#include "harness/strategy/thread_names.h"

namespace heddle {

class DporDecider final : public Decider, private EventSink {
 public:
  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override;
  bool WantsEveryStep() const override { return true; }
  EventSink* Events() override { return this; }
  void Stuck(const SchedulingPoint& point) override;
  void Failed(const SchedulingPoint& point) override;
  void End(ExecutionRecord* record) override;

 private:
  EventMask Wants() const override;
  void OnEvent(const Event& event) override;

  bool InPrefix() const { return position_ < prefix_.size(); }
  // Steps are traced while they are not known, and while they may be new.
  bool Tracing() const { return !InPrefix() && !redundant_ && !diverged_; }
  uint64_t ObjectName(ObjectId object, const SchedulingPoint& point);
  void AddAccesses(const Operation& op, bool succeeds, const SchedulingPoint& point);
  void AddLoop(std::span<const Look> loop, size_t first, const SchedulingPoint& point);
  void AddHeapUse(const HeapUse& use);
  void MeetThreads(const SchedulingPoint& point);
  void EndStep(const SchedulingPoint& point);
  void BeginStep(const SchedulingPoint& point, ThreadId chosen);
  ThreadId PickFromPrefix(const SchedulingPoint& point);
  ThreadId PickPlanned(const SchedulingPoint& point);
  ThreadId PickFreely(const SchedulingPoint& point);
  ThreadId Preferred(const SchedulingPoint& point, bool awake_only) const;
  bool IsAsleep(ThreadId thread) const { return asleep_[Index(thread)] != 0; }
  void TraceBlocked(const SchedulingPoint& point);
  void TracePending(ThreadId thread, const SchedulingPoint& point);
  void FallAsleep();
  void Wake(size_t sleeper, uint32_t step);
  bool IsCovered(const Decision& next) const;

  StepPlan plan_;
  std::vector<Decision> prefix_;
  size_t position_ = 0;  // in prefix_
  size_t planned_ = 0;   // steps of plan_ that have been made
  size_t given_ = 0;     // values of the step in progress that are planned and not yet taken
  uint32_t steps_ = 0;   // made so far, the one in progress included
  bool step_is_traced_ = false;  // the one in progress
  bool redundant_ = false;
  bool diverged_ = false;
  bool met_all_ = false;  // sleepers have been put to sleep
  uint32_t known_threads_ = 0;
  const SchedulingPoint* point_ = nullptr;

  ThreadNames names_;
  std::vector<ThreadId> by_name_;
  std::vector<uint64_t> last_run_;  // by thread: 1 + the step that it made last
  std::vector<uint8_t> asleep_;     // by thread: whatever values it would be given
  std::vector<uint8_t> yielded_;  // by thread: it is set aside until another has made a step
  uint32_t awaited_ = 0;            // sleepers that have not been woken
  StepTrace trace_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_DECIDER_H_
