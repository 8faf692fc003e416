// Minimisation of a finding: a smaller schedule that shows the same fingerprint, and the report of
// it.
//
// The search for it runs silently in a process of its own (reducer.h); what it comes to is replayed
// loudly, and counts only if that gives the same fingerprint. A program that takes the process with
// it ends the search; the smallest schedule so far is still used.
#ifndef HEDDLE_HARNESS_EXPLORE_MINIMIZE_H_
#define HEDDLE_HARNESS_EXPLORE_MINIMIZE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/explore/loud_replay.h"
#include "harness/explore/reducer.h"
#include "harness/explore/sought_finding.h"

namespace heddle {

struct MinimizeTask {
  ReplayTask replay;        // the schedule that showed the finding
  ReplayedFinding finding;  // what the replay of it gave
  ReducerBudget budget;
};

struct Minimized {
  Finding finding;                  // with the smallest schedule that was found
  std::vector<Decision> decisions;  // that schedule
  // Nothing could be tried, for this reason: the finding is as it was.
  std::string why_not;
};

// Adds what it learns to `*known`.
Minimized Minimize(const MinimizeTask& task, KnownFingerprints* known, SharedState* shared);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_MINIMIZE_H_
