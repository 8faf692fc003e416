#include "harness/explore/silent_runner.h"

#include <atomic>
#include <utility>

#include "harness/explore/crash_handler.h"

namespace heddle {

SilentRunner::SilentRunner(const Case& program, const ExecutionOptions& options,
                           SharedState* shared)
    : shared_(shared),
      unlock_is_point_(options.unlock_is_point),
      program_{program.body, program.invariant, program.at_end},
      detectors_(program),
      engine_(options, &shared->log) {
  engine_.SetSuspicionSink(this);
  engine_.SetEventSinks(detectors_.Sinks());
}

void SilentRunner::SurviveCrashes() { InstallCrashHandler(&engine_, shared_); }

void SilentRunner::Report(Suspicion suspicion) {
  hung_ |= suspicion.kind == FindingKind::kTimeout;
  raised_.push_back({SuspicionId(suspicion.kind, suspicion.key), suspicion.kind, {}});
}

const ExecutionResult& SilentRunner::Run(Decider& decider, const Plan& plan) {
  SizeMeter meter(&decider);
  raised_.clear();
  meter.Begin(plan);
  detectors_.Begin(this);
  shared_->phase.store(WorkerPhase::kRunning, std::memory_order_relaxed);
  result_ = engine_.Run(program_, meter);
  shared_->phase.store(WorkerPhase::kPlanning, std::memory_order_relaxed);
  detectors_.End();
  size_ = meter.size();
  values_ = meter.values();
  ++executions_;
  steps_ += result_.steps;
  // The sign of life that a supervisor looks for.
  shared_->executions.store(executions_, std::memory_order_relaxed);
  shared_->steps.store(steps_, std::memory_order_relaxed);
  return result_;
}

}  // namespace heddle
