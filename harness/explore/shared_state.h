// What a worker process shares with its supervisor: signs of life, the schedule so far, and how the
// worker died. The supervisor reads it at any time, also after the worker's death.
//
// Memory of the kind MAP_SHARED | MAP_ANONYMOUS, made before the fork. One writer, the worker; but
// for `stop` and `offer`, which the supervisor sets.
#ifndef HEDDLE_HARNESS_EXPLORE_SHARED_STATE_H_
#define HEDDLE_HARNESS_EXPLORE_SHARED_STATE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "harness/runtime/controlled/decision_log.h"

namespace heddle {

enum class WorkerPhase : uint32_t {
  kIdle,      // waits for a message
  kPlanning,  // harness code between two executions
  kRunning,   // an execution runs: `log` holds its schedule so far
  kDone,      // replay: the last message has been sent
};

// Written by the signal handler of a worker that cannot go on.
struct DeathRecord {
  int signal = 0;           // 0: none recorded
  bool in_harness = false;  // harness code was running, not the program's
  bool from_check = false;  // SIGABRT in harness code: a failed HEDDLE_CHECK
  uint32_t frames = 0;
  uintptr_t stack[64] = {};  // return addresses, innermost first
};

struct SharedState {
  static constexpr uint64_t kNoUnit = ~uint64_t{0};

  std::atomic<WorkerPhase> phase{WorkerPhase::kPlanning};
  // Of the unit with this number, which is explored or was last. `common`: the executions that each
  // worker makes are made first, and only `place` is counted.
  std::atomic<uint64_t> unit{kNoUnit};
  std::atomic<bool> common{false};
  std::atomic<uint64_t> place{0};       // of the execution that runs or comes next
  std::atomic<uint64_t> executions{0};  // ended
  std::atomic<uint64_t> steps{0};       // of them
  std::atomic<uint64_t> cut_by_step_limit{0};
  std::atomic<uint64_t> not_judged{0};  // histories of calls
  std::atomic<uint64_t> classes{0};  // CoverageCounts, since the unit's last event
  std::atomic<uint64_t> pairs{0};
  std::atomic<bool> deferred_spinner{false};  // in some execution, a loop that waits was set aside
  std::atomic<double> share_done{-1};         // of the strategy's search; negative: it cannot tell
  std::atomic<bool> stop{false};  // end the unit behind this execution, as when the time is up
  // UnitTask::offer of what the worker has been sent to explore next, until it begins or the
  // supervisor takes it back.
  std::atomic<uint64_t> offer{0};
  DeathRecord death;
  DecisionLog log;

  // Whether the caller, one of the two, was the first to take it.
  bool TakeOffer(uint64_t number) { return offer.compare_exchange_strong(number, 0); }

  void BeginUnit(uint64_t number) {
    unit = kNoUnit;  // until nothing is left of the one before
    place = executions = steps = cut_by_step_limit = not_judged = classes = pairs = 0;
    deferred_spinner = false;
    unit = number;
  }
  // For a new process. Leaves the log's entries alone: memory that was never touched costs nothing.
  void Reset() {
    phase = WorkerPhase::kPlanning;
    common = false;
    BeginUnit(kNoUnit);
    share_done = -1;
    stop = false;
    offer = 0;
    death = DeathRecord{};
    log.count = log.steps = 0;
  }
};

// Unmaps.
struct SharedStateDeleter {
  void operator()(SharedState* state) const;
};
using SharedStatePtr = std::unique_ptr<SharedState, SharedStateDeleter>;

// Null when the system has no memory for it; errno says why.
SharedStatePtr MakeSharedState();

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_SHARED_STATE_H_
