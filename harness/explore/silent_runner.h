// SilentRunner: runs executions of a case one after the other in this process, without a recording,
// and says what each raised. For those who look for schedules near one that is known.
//
// To be used in a process that may die: a program under test runs in it. Threading: one carrier.
#ifndef HEDDLE_HARNESS_EXPLORE_SILENT_RUNNER_H_
#define HEDDLE_HARNESS_EXPLORE_SILENT_RUNNER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "harness/core/finding.h"
#include "harness/explore/case.h"
#include "harness/explore/detectors.h"
#include "harness/explore/shared_state.h"
#include "harness/explore/unit.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/controlled/options.h"
#include "harness/strategy/size_meter.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class SilentRunner final : private SuspicionSink {
 public:
  // All outlive the runner.
  SilentRunner(const Case& program, const ExecutionOptions& options, SharedState* shared);

  // From now on a program that crashes or hangs ends its execution, not this process (which calls
  // this once).
  void SurviveCrashes();

  // One execution of the plan.
  const ExecutionResult& Run(Decider& decider, const Plan& plan);

  // Of the last execution.
  const std::vector<RaisedSuspicion>& raised() const { return raised_; }
  std::span<const Decision> log() const { return {shared_->log.entries, shared_->log.count}; }
  const ScheduleSize& size() const { return size_; }
  const ValuesByThread& values() const { return values_; }

  bool unlock_is_point() const { return unlock_is_point_; }

  // Of all.
  uint64_t executions() const { return executions_; }
  uint64_t steps() const { return steps_; }
  // Some execution reached no scheduling point in time: each such costs the step timeout.
  bool hung() const { return hung_; }

 private:
  void Report(Suspicion suspicion) override;

  SharedState* const shared_;
  const bool unlock_is_point_;
  const Program program_;
  Detectors detectors_;
  ControlledEngine engine_;
  ExecutionResult result_;
  std::vector<RaisedSuspicion> raised_;
  ScheduleSize size_;
  ValuesByThread values_;
  uint64_t executions_ = 0;
  uint64_t steps_ = 0;
  bool hung_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_SILENT_RUNNER_H_
