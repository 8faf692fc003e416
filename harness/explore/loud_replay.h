// The loud replay: one schedule again, in a fresh process, with everything recorded, and reports of
// what it shows.
//
// The search sees only decisions; here every event gets its stack. A finding that does not show
// again is not lost: the caller reports it as nondeterminism.
#ifndef HEDDLE_HARNESS_EXPLORE_LOUD_REPLAY_H_
#define HEDDLE_HARNESS_EXPLORE_LOUD_REPLAY_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/finding.h"
#include "harness/explore/case.h"
#include "harness/explore/shared_state.h"
#include "harness/runtime/controlled/options.h"
#include "harness/schedule/decision.h"

namespace heddle {

struct ReplayTask {
  const Case* program = nullptr;
  ExecutionOptions execution;
  std::vector<Decision> decisions;
  std::string schedule;          // the text form of the same
  uint64_t first_execution = 0;  // counted from 1
  std::chrono::nanoseconds step_timeout = std::chrono::seconds(5);
  // Something that the replay itself does not show (nondeterminism), to be reported with what the
  // replay recorded.
  std::optional<FindingKind> given;
  std::string given_message;
};

struct ReplayedFinding {
  uint64_t id = 0;  // SuspicionId; 0: the given one, or a death
  Finding finding;  // all but `replay`
};

struct ReplayOutcome {
  std::vector<ReplayedFinding> findings;
  // What did not go as in the schedule: step, expected and found. Empty: all did.
  std::string divergence;
  // The program took the replay's process down with it. What is known of it is among `findings`.
  bool died = false;
  // What the program printed, on either stream; the first 64 KiB.
  std::string output;
  std::string internal_error;  // Heddle itself failed
};

// Forks, waits and collects. `shared` is not in use by another process.
ReplayOutcome ReplayLoudly(const ReplayTask& task, SharedState* shared);

// Runs the schedule `times` times in one fresh process, silently, and says what one execution did
// otherwise than the first. Empty: all did the same, or the program took the process down.
std::string DifferenceWhenRepeated(const ReplayTask& task, int times, SharedState* shared);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_LOUD_REPLAY_H_
