// Explorer: explores cases, one at a time, each in a worker process that it supervises, and turns
// what the worker suspects into findings.
//
// Nothing that a case does ends the explorer: a worker that dies is a finding, and with keep_going
// a fresh worker goes on behind the execution that killed it. To bring the strategy back to where
// it was, the fresh worker repeats the executions before it; that doubles their cost, and is done
// at most kMaxRestarts times. (Most crashes and hangs do not kill the worker: crash_handler.h.)
//
// Single-threaded, because it forks; it makes no engine of its own. Its memory does not grow with
// the number of executions.
#ifndef HEDDLE_HARNESS_EXPLORE_EXPLORER_H_
#define HEDDLE_HARNESS_EXPLORE_EXPLORER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/explore/campaign.h"
#include "harness/explore/loud_replay.h"
#include "harness/explore/output_folder.h"
#include "harness/explore/shared_state.h"
#include "harness/runtime/controlled/options.h"

namespace heddle {

class CampaignObserver {
 public:
  virtual ~CampaignObserver() = default;
  // Several times a second.
  virtual void OnProgress(const CampaignProgress& progress) = 0;
  // True: end the campaign now and keep what has been found.
  virtual bool Cancelled() = 0;
};

struct ExplorerOptions {
  CampaignOptions campaign;
  // The command that a user types to start this program; in replay commands.
  std::string command = "heddle";
};

class Explorer {
 public:
  // `folder` and `observer` may be null and outlive the explorer. Null, with the reason in
  // `*error`, if the system has no memory for it.
  static std::unique_ptr<Explorer> Make(const ExplorerOptions& options, OutputFolder* folder,
                                        CampaignObserver* observer, std::string* error);

  CaseResult Explore(const Case& explored);

  static constexpr int kMaxRestarts = 8;

 private:
  class Campaign;

  Explorer(const ExplorerOptions& options, OutputFolder* folder, CampaignObserver* observer)
      : options_(options), folder_(folder), observer_(observer) {}

  const ExplorerOptions options_;
  OutputFolder* const folder_;
  CampaignObserver* const observer_;
  SharedStatePtr worker_state_;
  SharedStatePtr replay_state_;
};

// What executions of `explored` are made under.
ExecutionOptions ExecutionOptionsFor(const Case& explored, const CampaignOptions& options);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_EXPLORER_H_
