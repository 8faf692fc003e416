// Explorer: explores cases, one after the other, each by worker processes that it supervises, and
// turns what they suspect into findings.
//
// Nothing that a case does ends the explorer: a worker that dies is a finding, and with keep_going
// a fresh worker goes on behind the execution that killed it. (Most crashes and hangs do not kill
// the worker: crash_handler.h.)
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

class WorkerPool;

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

  ~Explorer();

  CaseResult Explore(const Case& explored);
  // The same, calling `save` now and then with what makes a later run go on from there: to be given
  // to it as `saved`, with the same folder. Empty: from the beginning.
  CaseResult Explore(const Case& explored, const std::string& saved,
                     const std::function<void(std::string)>& save);

 private:
  Explorer(const ExplorerOptions& options, OutputFolder* folder, CampaignObserver* observer);

  const ExplorerOptions options_;
  OutputFolder* const folder_;
  CampaignObserver* const observer_;
  std::unique_ptr<WorkerPool> workers_;
  SharedStatePtr replay_state_;
};

// What executions of `explored` are made under.
ExecutionOptions ExecutionOptionsFor(const Case& explored, const CampaignOptions& options);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_EXPLORER_H_
