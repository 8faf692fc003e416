// A finding that is looked for in other schedules, in which it may go by other names: a data race
// seen from its other side is the same finding by another SuspicionId.
//
// Fingerprints tell, but only a loud replay gives one. So a silent search keeps the schedules of
// what may be the finding, and whoever started it has them replayed, and searches again.
#ifndef HEDDLE_HARNESS_EXPLORE_SOUGHT_FINDING_H_
#define HEDDLE_HARNESS_EXPLORE_SOUGHT_FINDING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/core/finding.h"
#include "harness/explore/loud_replay.h"
#include "harness/explore/unit.h"
#include "harness/schedule/decision.h"

namespace heddle {

// Fingerprints by SuspicionId, as far as replays have shown them.
using KnownFingerprints = std::map<uint64_t, std::string>;

struct DoubtfulSuspicion {
  uint64_t id = 0;                  // SuspicionId: not the same in every process
  std::vector<Decision> decisions;  // a schedule that raises it
};
// In the order in which they were first raised.
using DoubtfulSuspicions = std::vector<DoubtfulSuspicion>;
// So many of them are worth a replay each: the first.
inline constexpr size_t kMostDoubts = 4;

struct SoughtFinding {
  FindingKind kind = FindingKind::kCrash;
  std::set<uint64_t> ids = {};     // SuspicionIds that are the finding
  std::set<uint64_t> others = {};  // those that are known not to be

  bool IsAmong(std::span<const RaisedSuspicion> raised) const;
  // Adds those that may be the finding by another name. False: there are none.
  bool AddDoubts(std::span<const RaisedSuspicion> raised, std::span<const Decision> schedule,
                 DoubtfulSuspicions* doubts) const;
};

// Data races of one id may have different fingerprints: the id tells of one side.
SoughtFinding Sought(const Finding& finding, const KnownFingerprints& known);

// The first of what the loud replay of `decisions`, in place of the task's, shows that is `wanted`;
// nothing if it goes otherwise. Adds all that it shows to `*known`.
using IsWanted = std::function<bool(const ReplayedFinding&)>;
std::optional<ReplayedFinding> ShowLoudly(const ReplayTask& task, std::vector<Decision> decisions,
                                          KnownFingerprints* known, SharedState* shared,
                                          const IsWanted& wanted);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_SOUGHT_FINDING_H_
