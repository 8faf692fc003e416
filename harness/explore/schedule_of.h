// Schedules of cases: from a case and its options to a schedule, and back, with the reason where a
// schedule cannot be followed by this program.
#ifndef HEDDLE_HARNESS_EXPLORE_SCHEDULE_OF_H_
#define HEDDLE_HARNESS_EXPLORE_SCHEDULE_OF_H_

#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "harness/explore/case.h"
#include "harness/runtime/controlled/options.h"
#include "harness/schedule/schedule.h"

namespace heddle {

// Options that are what the case and the defaults say are left out: the text stays short.
Schedule ScheduleOf(const Case& explored, const ExecutionOptions& options,
                    std::vector<Decision> decisions);

// What to replay.
struct Replayable {
  const Case* program = nullptr;
  ExecutionOptions execution;
};

// Finds the schedule's case in this program and reads its options. An error says which of them is
// not of this build, or not known to it.
absl::StatusOr<Replayable> ResolveSchedule(const Schedule& schedule);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_SCHEDULE_OF_H_
