// A child process that died while it ran program code: what happened, in words, and the little that
// can be reported when no replay survives it.
#ifndef HEDDLE_HARNESS_EXPLORE_DEATH_H_
#define HEDDLE_HARNESS_EXPLORE_DEATH_H_

#include <span>
#include <string>

#include "harness/core/finding.h"
#include "harness/explore/shared_state.h"
#include "harness/schedule/decision.h"

namespace heddle {

struct Death {
  FindingKind kind = FindingKind::kCrash;
  std::string message;
  std::string internal_error;  // not empty: Heddle died, not the program
};

// How a process ended.
struct ProcessEnd {
  int wait_status = 0;   // of waitpid
  bool hung = false;     // it was killed because it made no step
  bool garbled = false;  // or because what came from it were no messages
};

// Whether an execution ended the process: while it ran, or by what it did to the descriptors that
// are needed to tell of it.
bool DiedOfProgram(const ProcessEnd& end, const SharedState& shared);

// `output`: what it printed last.
Death DescribeDeath(const ProcessEnd& end, const SharedState& shared, const std::string& output);

// The last line of what a program printed, shortened: where an assertion says what failed.
std::string LastLine(const std::string& output);

// A finding without a recording: the stack at the time of death, when there is one, and the last
// steps of the schedule. Opens debug information: not for the supervisor's own process.
Finding FindingOfDeath(const Death& death, const DeathRecord& record,
                       std::span<const Decision> decisions);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_DEATH_H_
