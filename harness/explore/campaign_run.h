// CampaignRun: one case explored by a pool of workers.
//
// Hands the units of the frontier to workers and puts what comes of them together in the order of
// the units: the result is a function of the case and the options, and does not depend on how many
// workers there are or how fast each is (but where the clock ends the campaign). A unit whose
// worker died is explored once more without the execution that killed it, which is a finding.
//
// Threading: one, because it forks. Memory does not grow with the number of executions.
#ifndef HEDDLE_HARNESS_EXPLORE_CAMPAIGN_RUN_H_
#define HEDDLE_HARNESS_EXPLORE_CAMPAIGN_RUN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/explore/campaign.h"
#include "harness/explore/confirmation.h"
#include "harness/explore/explorer.h"
#include "harness/explore/frontier.h"
#include "harness/explore/tally.h"
#include "harness/explore/worker_pool.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class CampaignRun {
 public:
  // All outlive it; `folder` and `observer` may be null.
  CampaignRun(const Case& explored, const ExplorerOptions& options, OutputFolder* folder,
              CampaignObserver* observer, WorkerPool* pool, SharedState* replay_state);

  // Goes on where `saved` was made, whose findings are in `folder`. To be called before Run. False:
  // the bytes are damaged.
  bool Restore(std::string_view saved, const std::string& folder);
  // `save` is called now and then with what Restore takes.
  CaseResult Run(const std::function<void(std::string)>& save = nullptr);

 private:
  using Clock = std::chrono::steady_clock;

  void BeginStage();
  Stage RunStage();
  std::string Save();
  bool RestoreRound(ByteReader* reader);
  void SaveNowAndThen();
  // Gives workers what there is to do. False: a worker cannot be started.
  bool Assign();
  void OfferAhead();
  std::chrono::milliseconds UntilNextLook() const;
  WorkerSlot* WorkerForUnit();
  WorkerSlot* StartWorker();
  UnitTask TaskFor(const Unit& unit) const;

  void Receive();
  void TakeMessages(WorkerSlot* slot);
  void OnDeath(WorkerSlot* slot);
  void TakeDeath(Unit* unit, const struct DeadWorker& dead);

  // Puts together what there is, in order, until a unit is not done.
  void Merge();
  void MergeEvent(const Unit& unit, const UnitEvent& event);
  void MergeResult(const Unit& unit);
  void BeginRound();
  // Has the workers end behind the executions that they are at, and tell of them.
  void EndUnitsSoon();
  // The same, and waits for that; what they tell is part of the result.
  void Interrupt();
  // Ends all workers where they are and puts together everything there is.
  void MergeRest();
  void TakeSearch(const SearchState& search, bool finished);

  // Executions of this stage, at most, and those that are not part of the result yet.
  uint64_t Most() const { return max_executions_ - tally_.earlier.executions; }
  uint64_t Left() const { return Most() - tally_.counts.executions; }
  void CountTime(TimeSpan span);
  void ShowProgress();

  const Case& case_;
  const CampaignOptions& options_;
  CampaignObserver* const observer_;
  WorkerPool* const pool_;
  Clock::time_point begin_;
  Clock::time_point deadline_;
  uint64_t max_executions_ = 0;
  ExecutionOptions execution_;
  Goal goal_;

  CaseResult result_;
  Confirmation confirmation_;
  Tally tally_;  // of what is part of the result

  std::function<void(std::string)> save_;
  Clock::time_point saved_at_;
  Clock::duration save_interval_{};
  size_t findings_saved_ = 0;
  bool restored_ = false;  // this stage was

  // Of this stage.
  Stage stage_ = Stage::kRunning;
  std::unique_ptr<Strategy> whole_;  // makes no executions; what all workers' searches are added to
  std::unique_ptr<Frontier> frontier_;
  std::unique_ptr<SearchRounds> rounds_;  // null: not in rounds
  size_t round_size_ = 1;                 // units
  std::vector<std::string> left_;         // told by those that are part of the result
  WorkerTask task_;
  uint64_t common_ = 0;
  bool ran_out_ = false;      // of time, before all of a unit that is part of the result
  bool prepare_ = false;      // workers make the common executions while one tells of them
  size_t silent_deaths_ = 0;  // of workers that made the common executions for themselves

  // Of the time until this moment, what workers were exploring is in result_.seconds.
  Clock::time_point counted_until_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_CAMPAIGN_RUN_H_
