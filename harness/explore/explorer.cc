#include "harness/explore/explorer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/explore/campaign_run.h"
#include "harness/explore/worker_pool.h"

namespace heddle {

Explorer::Explorer(const ExplorerOptions& options, OutputFolder* folder, CampaignObserver* observer)
    : options_(options),
      folder_(folder),
      observer_(observer),
      workers_(std::make_unique<WorkerPool>(std::max(options.campaign.jobs, 1u))) {}

Explorer::~Explorer() = default;

std::unique_ptr<Explorer> Explorer::Make(const ExplorerOptions& options, OutputFolder* folder,
                                         CampaignObserver* observer, std::string* error) {
  std::unique_ptr<Explorer> explorer(new Explorer(options, folder, observer));
  explorer->replay_state_ = MakeSharedState();
  if (explorer->replay_state_ == nullptr || explorer->workers_->Vacant() == nullptr) {
    *error = std::string("no memory to share with workers: ") + std::strerror(errno);
    return nullptr;
  }
  return explorer;
}

CaseResult Explorer::Explore(const Case& explored) { return Explore(explored, "", nullptr); }

CaseResult Explorer::Explore(const Case& explored, const std::string& saved,
                             const std::function<void(std::string)>& save) {
  CampaignRun run(explored, options_, folder_, observer_, workers_.get(), replay_state_.get());
  if (!saved.empty() && !run.Restore(saved, folder_ == nullptr ? "" : folder_->path())) {
    CaseResult result;
    result.name = explored.name;
    result.expected = explored.expect;
    result.internal_error = "the checkpoint of this case cannot be gone on from";
    return result;
  }
  return run.Run(save);
}

ExecutionOptions ExecutionOptionsFor(const Case& explored, const CampaignOptions& options) {
  ExecutionOptions execution;
  execution.memory_model = options.memory_model;
  execution.timeouts = options.timeouts;
  execution.spurious = options.spurious;
  execution.max_steps = options.max_steps.value_or(explored.limits.steps);
  execution.max_threads = explored.limits.threads;
  execution.memory_limit = explored.limits.memory;
  execution.stack_size = explored.limits.stack;
  return execution;
}

}  // namespace heddle
