// The worker: explores one case in a process of its own. The supervisor forks it.
//
// It plans, runs and learns, execution after execution, and sends each suspicion that it has not
// seen before together with the whole schedule of its execution, at once: nothing found is lost
// when a later execution kills the process. It decides when to stop, so that how many executions a
// campaign takes is a function of its options alone (and of the clock, where a time limit ends it).
//
// Threading: one carrier. Memory does not grow with the number of executions or failures.
#ifndef HEDDLE_HARNESS_EXPLORE_WORKER_H_
#define HEDDLE_HARNESS_EXPLORE_WORKER_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/explore/campaign.h"
#include "harness/explore/shared_state.h"
#include "harness/explore/wire.h"
#include "harness/runtime/controlled/options.h"

namespace heddle {

struct WorkerTask {
  const Case* program = nullptr;
  const CampaignOptions* options = nullptr;
  ExecutionOptions execution;
  uint64_t max_executions = 0;
  std::chrono::steady_clock::time_point deadline;

  // Where an earlier worker of the campaign was killed, this one repeats its executions, so that
  // the strategy learns the same again, leaves out those that kill, and reports what is new.
  std::vector<uint64_t> fatal_executions;  // indexes, ascending
  std::vector<uint64_t> known;             // SuspicionId of what has been reported already
  uint32_t found = 0;                      // the kinds of those, as bits
};

enum class CampaignEnd : uint8_t {
  kExhausted,  // every schedule has been explored
  kBudget,
  kFound,              // what was to be found, or what was not expected
  kNeedsUnlockPoints,  // a try_lock was seen: to be explored again with unlocks as scheduling
                       // points
};

// Sent as kSuspicion.
struct SuspicionMessage {
  uint64_t id = 0;
  FindingKind kind = FindingKind::kCrash;
  std::string message;
  uint64_t execution = 0;           // index
  std::vector<Decision> decisions;  // of the whole execution

  void Put(MessageWriter* writer) const;
  bool Get(MessageReader* reader);
};

// Tells suspicions of one campaign apart.
uint64_t SuspicionId(FindingKind kind, uint64_t key);

// The body of the worker process; returns its exit status. Ends with a kCampaignEnd message:
// CampaignEnd, a note in words, and how far the strategy got.
int RunWorker(const WorkerTask& task, SharedState* shared, int pipe);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_WORKER_H_
