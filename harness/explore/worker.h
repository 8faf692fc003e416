// The worker: explores units of one case in a process of its own. The supervisor forks it and sends
// it one unit after the other.
//
// It plans, runs and learns, execution after execution, and sends each suspicion that it has not
// seen before in the unit together with the whole schedule of its execution, at once: nothing found
// is lost when a later execution kills the process.
//
// A strategy that is divided by index learns from its common executions first. Each worker makes
// them itself, in silence, before its first unit behind them: what is learnt need not travel, and
// may be of this process alone (addresses).
//
// Threading: one carrier. Memory does not grow with the number of executions or failures.
#ifndef HEDDLE_HARNESS_EXPLORE_WORKER_H_
#define HEDDLE_HARNESS_EXPLORE_WORKER_H_

#include <chrono>
#include <cstdint>
#include <vector>

#include "harness/explore/campaign.h"
#include "harness/explore/shared_state.h"
#include "harness/explore/unit.h"
#include "harness/explore/wire.h"
#include "harness/runtime/controlled/options.h"

namespace heddle {

// What all units have in common.
struct WorkerTask {
  const Case* program = nullptr;
  const CampaignOptions* options = nullptr;
  ExecutionOptions execution;
  std::chrono::steady_clock::time_point deadline;
  std::vector<uint64_t> fatal_common;  // of the common executions, those to leave out; ascending
};

// The body of the worker process; returns its exit status when the supervisor sends no more.
int RunWorker(const WorkerTask& task, SharedState* shared, int pipe);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_WORKER_H_
