// The cause of a finding, as the orders of steps that it depends on: found by running schedules
// near the failing one in a process of its own (order_finder.h), told in a sentence.
#ifndef HEDDLE_HARNESS_EXPLORE_CAUSE_H_
#define HEDDLE_HARNESS_EXPLORE_CAUSE_H_

#include <cstdint>

#include "harness/core/finding.h"
#include "harness/explore/loud_replay.h"
#include "harness/explore/order_finder.h"
#include "harness/explore/shared_state.h"
#include "harness/explore/sought_finding.h"

namespace heddle {

// Sets the cause and the orders of `finding`, whose steps matter from then on, which the schedule
// of `task` shows. Where the cause cannot be told, that is what the sentence says. Adds what it
// learns to `*known`, which has a SuspicionId of the finding.
void FindCause(const ReplayTask& task, KnownFingerprints* known, uint64_t most_executions,
               SharedState* shared, Finding* finding);

// The same from orders that are known.
void TellCause(const FoundOrders& found, Finding* finding);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_CAUSE_H_
