// Whether two executions of one schedule were the same: hidden nondeterminism in a case (the time,
// rand, state kept from one execution to the next) shows as a difference.
#ifndef HEDDLE_HARNESS_EXPLORE_DETERMINISM_H_
#define HEDDLE_HARNESS_EXPLORE_DETERMINISM_H_

#include <span>
#include <string>

#include "harness/explore/event_digest.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/schedule/decision.h"
#include "harness/strategy/replay.h"

namespace heddle {

struct ObservedExecution {
  ExecutionResult result;
  uint64_t events = 0;  // EventDigest::digest
  uint64_t values = 0;  // EventDigest::values
  std::span<const Decision> decisions;
};

// In words, or empty. `repeat` is the decider that made `second` out of `first`.
std::string Difference(const ObservedExecution& first, const ObservedExecution& second,
                       const ReplayDecider& repeat);

// What did not go as in the schedule: step, expected and found. Empty: all did. `made`: the
// decisions of the replay.
std::string DivergenceOf(const ReplayDecider& replay, std::span<const Decision> schedule,
                         std::span<const Decision> made);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_DETERMINISM_H_
