// A campaign: one case explored under one strategy with one budget. Plain data: what is asked for
// and what came of it.
#ifndef HEDDLE_HARNESS_EXPLORE_CAMPAIGN_H_
#define HEDDLE_HARNESS_EXPLORE_CAMPAIGN_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/finding.h"
#include "harness/explore/case.h"
#include "harness/explore/coverage.h"
#include "harness/explore/shard.h"
#include "harness/model/sync_model.h"

namespace heddle {

struct CampaignOptions {
  std::string strategy = "default";  // NAME[:key=value,...]
  // The budget. Whichever of the two ends first; neither: the defaults below.
  std::optional<uint64_t> executions;
  std::optional<std::chrono::nanoseconds> time;
  uint64_t seed = 1;
  MemoryModel memory_model = MemoryModel::kSequentiallyConsistent;
  Timeouts timeouts = Timeouts::kLate;
  uint32_t spurious = 0;              // spurious wakeups and failures per execution, at most
  std::optional<uint64_t> max_steps;  // instead of the case's own limit
  // Real time without a scheduling point after which the program is said to hang.
  std::chrono::nanoseconds step_timeout = std::chrono::seconds(5);
  // For making the schedule of each finding smaller, at most; 0: it stays as it was found.
  uint64_t minimize_executions = 2'000;
  // For finding out which orders of steps each finding depends on, at most; 0: it is not told.
  uint64_t explain_executions = 500;
  bool keep_going = false;         // findings do not end the campaign
  bool check_determinism = false;  // run every schedule twice, not just the first few
  uint32_t jobs = 1;  // worker processes; the result does not depend on it
  Shard shard;        // which share of the run is this process's
};

inline constexpr uint64_t kDefaultExecutions = 20'000;
inline constexpr std::chrono::seconds kDefaultTime{60};
// Of a campaign; by its time only, that is as many as there are.
inline uint64_t MostExecutions(const CampaignOptions& options) {
  return options.executions.value_or(options.time ? UINT64_MAX : kDefaultExecutions);
}
inline constexpr uint64_t kDeterminismChecks = 3;
inline constexpr int kFirstRepeats = 4;
// A campaign ends after so many executions that hung; each costs the step timeout in real time.
inline constexpr uint32_t kMaxHangs = 3;

// A finding that a replay in a fresh process has confirmed.
struct FoundBug {
  Finding finding;
  bool expected = false;  // by the case: expect or tolerate
  std::string directory;  // below the output folder; empty when nothing is written
};

struct CaseResult {
  std::string name;
  std::vector<FindingKind> expected;
  bool met = false;
  bool complete = false;       // every schedule has been explored
  std::string complete_bound;  // else: which have been, "up to 2 preemptions"; may be empty
  std::string note;            // what a reader must know to judge the result; may be empty
  std::string search;          // how far the strategy got, in its own words
  std::string skipped;         // why the case was not run; empty: it was
  std::string internal_error;  // Heddle itself failed
  bool interrupted = false;    // by the observer; such a case is gone on with, and not saved
  // Of a complete search that did not end: the executions that it would have made, by an estimate.
  std::optional<double> estimated_executions;
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t cut_by_step_limit = 0;
  uint64_t not_judged = 0;  // histories of calls, because too many of them overlap
  CoverageCounts coverage;
  double seconds = 0;  // of exploring; without making reports
  std::vector<FoundBug> findings;
  ShardLog log;  // of a shard: for the merge

  // Nothing was found, and the budget ended before every schedule was explored.
  bool Undecided() const { return skipped.empty() && !complete && findings.empty(); }
  double ExecutionsPerSecond() const {
    return seconds > 0 ? static_cast<double>(executions) / seconds : 0;
  }
};

// What a progress line shows.
struct CampaignProgress {
  uint64_t executions = 0;
  double seconds = 0;
  size_t findings = 0;
  uint64_t not_judged = 0;
  CoverageCounts coverage;
  std::optional<double> share_done;  // estimate: of all schedules; empty: no telling
  std::optional<double> estimated_executions;  // of a complete search, in all; empty: no telling
  double silent_seconds = 0;         // since the running execution's last step
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_CAMPAIGN_H_
