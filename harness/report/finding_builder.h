// Turns a suspicion and the recording of the execution that raised it into a Finding: names, source
// positions, sentences. See docs/report.md for what each field means.
//
// Called after the loud replay, outside of any execution. Cost: some milliseconds for the first
// finding (the program's debug information is opened), then well under one for short executions.
#ifndef HEDDLE_HARNESS_REPORT_FINDING_BUILDER_H_
#define HEDDLE_HARNESS_REPORT_FINDING_BUILDER_H_

#include <cstdint>
#include <string>

#include "harness/core/finding.h"
#include "harness/core/recording.h"
#include "harness/report/symbolizer.h"

namespace heddle {

// What the recording cannot know.
struct FindingContext {
  std::string case_name = {};
  std::string schedule = {};     // its text form
  std::string replay = {};       // the command to run
  uint64_t first_execution = 0;  // the first that showed it
  ScheduleSize size = {};
  bool confirmed = true;         // false: a prediction that no schedule has shown yet
};

// `suspicion` need not be in recording.suspicions, but its ids are those of the recording.
Finding BuildFinding(const Recording& recording, const Suspicion& suspicion, Symbolizer& symbolizer,
                     const FindingContext& context);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_FINDING_BUILDER_H_
