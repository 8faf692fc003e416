#include "harness/explore/tally.h"

#include <algorithm>
#include <string>
#include <vector>

namespace heddle {

static_assert(kFindingKinds <= 32);

uint32_t MaskOf(const std::vector<FindingKind>& kinds) {
  uint32_t mask = 0;
  for (const FindingKind kind : kinds) mask |= uint32_t{1} << static_cast<int>(kind);
  return mask;
}

void AddNote(CaseResult* result, const std::string& note) {
  if (note.empty()) return;
  if (!result->note.empty()) result->note += "; ";
  result->note += note;
}

Goal GoalFor(const Case& explored, const CampaignOptions& options, uint64_t max_steps) {
  const uint32_t expected = MaskOf(explored.expect);
  return {options.keep_going, expected, expected | MaskOf(explored.tolerate), max_steps};
}

bool Goal::Reached(uint32_t found) const {
  if (keep_going) return false;
  if ((found & ~allowed) != 0) return true;
  return expected != 0 && (found & expected) == expected;
}

Stage Tally::AddEvent(const Goal& goal, const UnitCounts& in_unit, uint32_t found, bool died,
                      bool needs_unlock_points, CaseResult* result) {
  if (died) ++deaths;
  UnitCounts now = counts;
  now.Add(in_unit);
  Stage stage = Stage::kOver;
  if (goal.Reached(found)) {
    // Nothing to say.
  } else if (needs_unlock_points) {
    stage = Stage::kNeedsUnlockPoints;
  } else if (now.hangs >= kMaxHangs) {
    AddNote(result, "stopped early: " + std::to_string(now.hangs) +
                        " executions timed out");
  } else if (deaths > kMaxDeaths) {
    AddNote(result, "stopped early: " + std::to_string(deaths) + " executions killed their worker");
  } else {
    return Stage::kRunning;
  }
  counts = now;
  return stage;
}

void Tally::NextStage() {
  earlier.Add(counts);
  counts = {};
  deaths = 0;
  exhausted = false;
}

void Tally::Conclude(const Goal& goal, CaseResult* result) const {
  UnitCounts all = earlier;
  all.Add(counts);
  result->executions = all.executions;
  result->steps = all.steps;
  result->cut_by_step_limit = all.cut_by_step_limit;
  result->not_judged = all.not_judged;
  result->coverage = coverage.Counts();
  uint32_t found = 0;
  for (const FoundBug& bug : result->findings) {
    found |= uint32_t{1} << static_cast<int>(bug.finding.kind);
  }
  const auto has = [found](FindingKind kind) {
    return (found & uint32_t{1} << static_cast<int>(kind)) != 0;
  };
  // Of a program that is not a function of its schedule, an exploration of those proves nothing.
  // And searches take accesses that nothing orders to commute: one that has met some has not seen
  // what depends on which came first.
  const bool is_function = !has(FindingKind::kNondeterminism);
  const bool races = has(FindingKind::kDataRace);
  const bool everything = exhausted && all.cut_by_step_limit == 0 && all.not_judged == 0 &&
                          deaths == 0 && is_function;
  if (races && (everything || !result->complete_bound.empty())) {
    AddNote(result, "not complete: what depends on which access of a data race came first may not "
                    "have been explored");
  }
  result->complete = everything && !races;
  if (!is_function || races || all.not_judged > 0) result->complete_bound.clear();
  if (all.cut_by_step_limit > 0) {
    AddNote(result, std::to_string(all.cut_by_step_limit) +
                        (all.cut_by_step_limit == 1 ? " execution was" : " executions were") +
                        " cut by the step limit of " +
                        std::to_string(goal.max_steps) + "; raise it with --max-steps");
  }
  if (all.not_judged > 0) {
    AddNote(result, std::to_string(all.not_judged) +
                        (all.not_judged == 1 ? " history was" : " histories were") +
                        " not judged: too many calls overlap; make fewer threads or calls");
  }
  if (result->complete && all.deferred_spinner) {
    AddNote(result, "complete, treating loops that re-read unchanged memory as waiting");
  }
  result->met = result->internal_error.empty();
  for (const FoundBug& bug : result->findings) result->met &= bug.expected;
  result->met &= (found & goal.expected) == goal.expected;
}

}  // namespace heddle
