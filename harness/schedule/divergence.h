// Where two lists of decisions part: a replay that is not the execution that was recorded, or two
// runs of one schedule that differ.
#ifndef HEDDLE_HARNESS_SCHEDULE_DIVERGENCE_H_
#define HEDDLE_HARNESS_SCHEDULE_DIVERGENCE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "harness/schedule/decision.h"

namespace heddle {

struct Divergence {
  uint64_t step = 0;     // from 1, as in reports: the step in which it shows
  std::string expected;  // "thread 1: lock"
  std::string found;

  // "step 12: expected thread 1: lock, found thread 2: store".
  std::string Text() const;
};

// "thread 1: lock", "value 2 of 3 (waiter)".
std::string Describe(Decision decision);

// The first difference: other decisions, or a list that ends sooner. Nothing if they are equal.
std::optional<Divergence> CompareDecisions(std::span<const Decision> expected,
                                           std::span<const Decision> found);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_SCHEDULE_DIVERGENCE_H_
