// Confirmation: turns what workers suspect into findings of the campaign's result, each once.
//
// A suspicion's schedule is run again in a fresh process; what that shows is written to the output
// folder and added to the result. What it does not show is a finding, too: the case is not a
// function of its schedule.
// Threading: one, because it forks. Cost: a replay, some tenths of a second, for each suspicion
// that is not known yet.
#ifndef HEDDLE_HARNESS_EXPLORE_CONFIRMATION_H_
#define HEDDLE_HARNESS_EXPLORE_CONFIRMATION_H_

#include <cstdint>
#include <set>
#include <string>

#include "harness/explore/campaign.h"
#include "harness/explore/loud_replay.h"
#include "harness/explore/minimize.h"
#include "harness/explore/output_folder.h"
#include "harness/explore/shared_state.h"
#include "harness/explore/unit.h"
#include "harness/runtime/controlled/options.h"

namespace heddle {

class Confirmation {
 public:
  // All outlive it; `folder` may be null. `command`: what a user types to start this program.
  Confirmation(const Case& explored, const CampaignOptions& options, const std::string& command,
               OutputFolder* folder, SharedState* replay_state, CaseResult* result)
      : case_(explored),
        options_(options),
        command_(command),
        folder_(folder),
        replay_state_(replay_state),
        result_(*result) {}

  // `ordinal`: of the execution among all that the result counts, from 1.
  void OnEvent(const UnitEvent& event, uint64_t ordinal, const ExecutionOptions& execution);

  // SuspicionId of everything that need not be confirmed again.
  const std::set<uint64_t>& known() const { return known_; }
  // The kinds of all that was suspected or confirmed, as bits.
  uint32_t found() const { return found_; }
  // campaign_save.cc; the result's findings are saved and restored before. False: the bytes are
  // damaged.
  void Save(ByteWriter* writer) const;
  bool Restore(ByteReader* reader);

 private:
  void Confirm(const RaisedSuspicion& suspicion, const ReplayTask& task);
  void ReportNondeterminism(ReplayTask task, const std::string& what);
  // Keeps what the replay of a schedule has shown, with a smaller schedule if there is one, and
  // with the orders of steps that it depends on.
  void KeepExplained(ReplayedFinding found, ReplayTask task);
  void Keep(ReplayedFinding found);

  const Case& case_;
  const CampaignOptions& options_;
  const std::string& command_;
  OutputFolder* const folder_;
  SharedState* const replay_state_;
  CaseResult& result_;
  std::set<uint64_t> known_;
  uint32_t found_ = 0;
  std::set<std::string> fingerprints_;
  KnownFingerprints fingerprint_of_;
  bool nondeterministic_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_CONFIRMATION_H_
