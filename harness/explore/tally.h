// Tally: what a campaign has counted and found so far, and whether that ends it.
//
// Fed with events and units in their order, by the run itself and by the merge of shards, so that
// both end at the same execution with the same words.
#ifndef HEDDLE_HARNESS_EXPLORE_TALLY_H_
#define HEDDLE_HARNESS_EXPLORE_TALLY_H_

#include <cstddef>
#include <cstdint>

#include "harness/explore/campaign.h"
#include "harness/explore/unit.h"

namespace heddle {

struct Goal {
  bool keep_going = false;
  uint32_t expected = 0;  // kinds, as bits
  uint32_t allowed = 0;   // the same with those that are tolerated
  uint64_t max_steps = 0;

  // What was to be found, or what was not expected.
  bool Reached(uint32_t found) const;
};

Goal GoalFor(const Case& explored, const CampaignOptions& options, uint64_t max_steps);

// How a stage of a campaign stands.
enum class Stage : uint8_t {
  kRunning,
  kOver,
  kNeedsUnlockPoints,  // not every behaviour could be reached: from the beginning, finer
};

struct Tally {
  UnitCounts earlier;  // of earlier stages
  UnitCounts counts;   // of this stage
  Coverage coverage;   // of all stages
  uint64_t deaths = 0;  // executions that killed their worker
  bool exhausted = false;

  // An execution that may end the stage. If it does, what was counted ends with it. `found`: kinds
  // found so far, as bits. Reasons that a reader must know are added to the result's notes.
  Stage AddEvent(const Goal& goal, const UnitCounts& in_unit, uint32_t found, bool died,
                 bool needs_unlock_points, CaseResult* result);
  void NextStage();
  // The end: counts, completeness, notes and the verdict. The findings are there.
  void Conclude(const Goal& goal, CaseResult* result) const;
};

// Of kinds, as bits.
uint32_t MaskOf(const std::vector<FindingKind>& kinds);
// Adds a sentence to what a reader must know to judge the result; an empty one is none.
void AddNote(CaseResult* result, const std::string& note);

// A unit ends, and a campaign, after so many more executions that killed their worker.
inline constexpr size_t kMaxDeaths = 8;

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_TALLY_H_
