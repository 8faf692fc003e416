// What makes a worker's executions: the engine with the case's detectors, and what they raise.
//
// A suspicion that has been raised before in the unit is not told again. Silent executions raise
// nothing and count for no coverage: somebody else tells of what they show.
//
// Threading: one carrier. Memory does not grow with the number of executions or failures.
#ifndef HEDDLE_HARNESS_EXPLORE_WORKER_ENGINE_H_
#define HEDDLE_HARNESS_EXPLORE_WORKER_ENGINE_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_set.h>

#include "harness/core/finding.h"
#include "harness/explore/coverage.h"
#include "harness/explore/detectors.h"
#include "harness/explore/shared_state.h"
#include "harness/explore/unit.h"
#include "harness/explore/worker.h"
#include "harness/runtime/controlled/engine.h"

namespace heddle {

class WorkerEngine final : private SuspicionSink {
 public:
  // Both outlive it. A crash of the program is handled from now on (crash_handler.h).
  WorkerEngine(const WorkerTask& task, SharedState* shared);

  void BeginUnit(const UnitTask& unit);
  void set_silent(bool silent) { silent_ = silent; }

  // The decider has begun its plan. And repeats what it has decided so many times, and raises what
  // differs.
  ExecutionResult Run(Decider& decider, int repeats);
  // Nondeterminism that somebody else has noticed, in the last execution.
  void RaiseNondeterminism(std::string message);

  // Of the last execution that was no repetition.
  std::span<const Decision> decisions() const;
  uint32_t hangs() const { return hangs_; }
  bool raised_anything() const { return !new_.empty(); }
  std::vector<RaisedSuspicion> TakeRaised() { return std::exchange(new_, {}); }
  // Kinds that have been found in the unit, as bits.
  uint32_t found() const { return found_; }

  // Whoever knows which executions count says so, with their classes.
  void Cover(uint64_t order_class) {
    covered_.push_back(order_class);
    if (covered_.size() == kCoveredTogether) CoverTogether();
  }
  // Of the unit, since it was last told.
  Coverage& coverage() {
    CoverTogether();
    return coverage_;
  }

  // Of an execution with a history of calls that is not linearizable: its decisions are replaced by
  // those of one with as few calls as were found to show it.
  void ShrinkCalls(std::vector<Decision>* decisions);

 private:
  static constexpr size_t kCoveredTogether = 64;

  void Report(Suspicion suspicion) override;
  ExecutionResult Execute(Decider& decider);
  ExecutionResult ExecuteAndRepeat(Decider& decider, int repeats);
  void CoverTogether();
  std::span<const Decision> Log() const { return {shared_->log.entries, shared_->log.count}; }

  SharedState* const shared_;
  const Program program_;
  Detectors detectors_;
  ControlledEngine engine_;

  // Of the unit.
  absl::flat_hash_set<uint64_t> known_;
  uint32_t found_ = 0;
  Coverage coverage_;
  std::vector<uint64_t> covered_;  // classes of executions that coverage_ does not have yet

  // Of the last execution.
  std::vector<RaisedSuspicion> new_;
  uint32_t hangs_ = 0;
  bool is_repeated_ = false;
  std::vector<Decision> first_log_;  // if so

  bool silent_ = false;
  bool silent_calls_ = false;  // a history that is not linearizable was raised in silence
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_WORKER_ENGINE_H_
