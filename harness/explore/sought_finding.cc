#include "harness/explore/sought_finding.h"

#include <algorithm>
#include <utility>

#include "harness/explore/schedule_of.h"

namespace heddle {

bool SoughtFinding::IsAmong(std::span<const RaisedSuspicion> raised) const {
  return std::any_of(raised.begin(), raised.end(),
                     [this](const RaisedSuspicion& one) { return ids.contains(one.id); });
}

bool SoughtFinding::AddDoubts(std::span<const RaisedSuspicion> raised,
                              std::span<const Decision> schedule,
                              DoubtfulSuspicions* doubts) const {
  bool any = false;
  for (const RaisedSuspicion& one : raised) {
    if (one.kind != kind || ids.contains(one.id) || others.contains(one.id)) continue;
    any = true;
    const bool is_known = std::any_of(doubts->begin(), doubts->end(),
                                      [&](const auto& doubt) { return doubt.id == one.id; });
    if (!is_known) doubts->push_back({one.id, {schedule.begin(), schedule.end()}});
  }
  return any;
}

SoughtFinding Sought(const Finding& finding, const KnownFingerprints& known) {
  SoughtFinding sought{.kind = finding.kind};
  for (const auto& [id, fingerprint] : known) {
    if (fingerprint == finding.fingerprint) {
      sought.ids.insert(id);
    } else if (finding.kind != FindingKind::kDataRace) {
      sought.others.insert(id);
    }
  }
  return sought;
}

std::optional<ReplayedFinding> ShowLoudly(const ReplayTask& task, std::vector<Decision> decisions,
                                          KnownFingerprints* known, SharedState* shared,
                                          const IsWanted& wanted) {
  ReplayTask replay = task;
  replay.decisions = std::move(decisions);
  replay.schedule = ToText(ScheduleOf(*replay.program, replay.execution, replay.decisions));
  ReplayOutcome outcome = ReplayLoudly(replay, shared);
  std::optional<ReplayedFinding> shown;
  for (ReplayedFinding& found : outcome.findings) {
    if (found.id != 0) known->emplace(found.id, found.finding.fingerprint);
    if (outcome.divergence.empty() && !shown && wanted(found)) shown = std::move(found);
  }
  return shown;
}

}  // namespace heddle
