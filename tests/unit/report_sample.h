// A Finding written by hand in which every field is set: for tests of the formats.
#ifndef HEDDLE_TESTS_UNIT_REPORT_SAMPLE_H_
#define HEDDLE_TESTS_UNIT_REPORT_SAMPLE_H_

#include "harness/core/finding.h"

namespace heddle::testing {

inline Finding SampleFinding() {
  const Frame increment{"Increment", "cases/race/lost_update.cc", 21, 5};
  const Frame read{"Report", "cases/race/lost_update.cc", 27, 12};
  const Frame body{"LostUpdate", "cases/race/lost_update.cc", 40, 3};
  const Frame lock{"Report", "cases/race/lost_update.cc", 26, 20};
  Finding finding;
  finding.kind = FindingKind::kDataRace;
  finding.fingerprint = "0123456789abcdef";
  finding.summary =
      "data race on total: write by T1 (adder) and earlier read by main are not ordered";
  finding.explanation =
      "T1 (adder) held no lock, main held m. main unlocked m after its read "
      "(cases/race/lost_update.cc:28), but T1 (adder) did not lock m before its write.";
  finding.object = "total";
  finding.case_name = "race/lost_update";
  finding.first_execution = 7;
  finding.size = {1, 4, 2, 9};
  finding.reduction = {{3, 8, 3, 14}, true, 57};
  finding.cause = "It happens when T1 (adder) writes total after main has read it.";
  finding.orders = {{{5, "main", "read total -> 0", read, true},
                     {9, "T1 (adder)", "total = 1", increment, true}}};
  finding.sides = {{"write of 4 bytes to total", "T1 (adder)", "total", 9, {increment}, {}},
                   {"earlier read of 4 bytes from total",
                    "main",
                    "total",
                    5,
                    {read, body},
                    {{"m", "exclusive", {lock, body}}}}};
  finding.threads = {
      {"T1 (adder)", "blocked", "lock of mutex m (held by main)", "main", {increment}, {}, {body}}};
  finding.interleaving = {
      {2, "main", "start T1 (adder)", body, true}, {3, "T1 (adder)", "begins", {}, false},
      {4, "main", "lock m", lock, true},           {5, "main", "read total -> 0", read, true},
      {6, "main", "unlock m", lock, true},         {9, "T1 (adder)", "total = 1", increment, true}};
  finding.thread_names = {"main", "T1 (adder)"};
  finding.schedule = "heddle schedule 1 ...";
  finding.replay = "heddle replay out/findings/0123456789abcdef/schedule.txt";
  return finding;
}

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_REPORT_SAMPLE_H_
