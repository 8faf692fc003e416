#include "harness/explore/campaign_run.h"

#include <algorithm>
#include <utility>

#include "harness/strategy/registry.h"

namespace heddle {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
// A worker looks at the clock between executions; one that is in the midst of a very long one when
// the time is up is not waited for.
constexpr std::chrono::seconds kGrace{2};
// The same where somebody waits for the end.
constexpr std::chrono::milliseconds kPatience{500};
// What is lost when the process is killed; more where there is so much to save that it would take
// the most of the time.
constexpr std::chrono::milliseconds kSaveInterval{kSliceOfWhole};
constexpr int kIntervalForSaving = 20;  // times what the last saving took
// Most cases are explored in less time than it takes to start further workers.
constexpr std::chrono::milliseconds kAlone{10};
// How long a part of a search is explored before what is left of it is handed on, so that there is
// always something to do for everybody.
constexpr std::chrono::milliseconds kSlice{40};
constexpr uint64_t kCommonOfShards = 256;
// Bytes. A worker that explores does not read: what it is sent must find room on the way.
constexpr size_t kMostOffered = size_t{1} << 16;

}  // namespace

CampaignRun::CampaignRun(const Case& explored, const ExplorerOptions& options, OutputFolder* folder,
                         CampaignObserver* observer, WorkerPool* pool, SharedState* replay_state)
    : case_(explored),
      options_(options.campaign),
      observer_(observer),
      pool_(pool),
      begin_(Clock::now()),
      confirmation_(explored, options.campaign, options.command, folder, replay_state, &result_),
      counted_until_(begin_) {
  result_.name = explored.name;
  result_.expected = explored.expect;
  execution_ = ExecutionOptionsFor(explored, options_);
  goal_ = GoalFor(explored, options_, execution_.max_steps);
  if (options_.shard.divided()) {
    result_.log.keep_going = goal_.keep_going;
    result_.log.expected = goal_.expected;
    result_.log.allowed = goal_.allowed;
    result_.log.max_steps = goal_.max_steps;
  }
  max_executions_ = MostExecutions(options_);
  const std::chrono::nanoseconds time = options_.time ? *options_.time
                                        : options_.executions
                                            ? std::chrono::hours(24 * 365)
                                            : std::chrono::nanoseconds(kDefaultTime);
  deadline_ = begin_ + std::chrono::duration_cast<Clock::duration>(time);
}

void CampaignRun::BeginStage() {
  stage_ = Stage::kRunning;
  whole_ = *MakeStrategy(options_.strategy);
  Frontier::Division division = Frontier::Division::kWhole;
  common_ = 0;
  rounds_ = nullptr;
  round_size_ = 1;
  left_.clear();
  ran_out_ = false;
  if (TreeSearch* const search = whole_->AsTreeSearch(); search != nullptr) {
    search->LimitTo(max_executions_);
    rounds_ = search->MakeRounds();
    division = rounds_ == nullptr ? Frontier::Division::kByParts : Frontier::Division::kInRounds;
  } else if (const auto common = whole_->CommonExecutions()) {
    division = Frontier::Division::kByIndex;
    common_ = *common;
    // So that all agree whether unlocks are to be scheduling points.
    if (options_.shard.divided() && common_ == 0) common_ = kCommonOfShards;
  }
  frontier_ = std::make_unique<Frontier>(division, Most(), common_, options_.shard);
  task_ = {&case_, &options_, execution_, deadline_, {}};
  prepare_ = common_ > 0 && Most() > common_;
  silent_deaths_ = 0;
}

WorkerSlot* CampaignRun::WorkerForUnit() {
  if (WorkerSlot* const idle = pool_->Idle(); idle != nullptr) return idle;
  if (pool_->AnyStarted() && Clock::now() - begin_ < kAlone) return nullptr;
  return StartWorker();
}

// Null where the system has no room for it; the first one is needed.
WorkerSlot* CampaignRun::StartWorker() {
  WorkerSlot* const slot = pool_->Vacant();
  if (slot == nullptr) return nullptr;
  std::string error;
  if (slot->Start(task_, &error)) return slot;
  if (!pool_->AnyStarted()) result_.internal_error = error;
  return nullptr;
}

UnitTask CampaignRun::TaskFor(const Unit& unit) const {
  UnitTask task;
  task.number = unit.number;
  task.first = unit.first;
  task.size = unit.size;
  task.part = unit.part;
  task.fatal = unit.fatal;
  task.known.assign(confirmation_.known().begin(), confirmation_.known().end());
  task.found = confirmation_.found();
  task.covered = unit.covered;
  if (frontier_->division() == Frontier::Division::kByParts) {
    const uint64_t left = Left();
    task.size = std::min(task.size, left);
    const bool divided = options_.jobs > 1;
    task.pieces = divided ? kPiecesOfSearch : 1;
    task.slice = !divided             ? kSliceOfWhole
                 : unit.part.empty() ? std::min(kSlice, kAlone)
                                     : kSlice;
    if (unit.last_event) task.least = *unit.last_event + 1;
  }
  if (frontier_->division() == Frontier::Division::kInRounds) {
    task.size = std::min(task.size, Left());
    task.steps = unit.steps;
    task.pieces = kPiecesOfSearch;
  }
  return task;
}

// So that no worker waits for what comes next. Where there is nothing for one, it gets what another
// was offered.
void CampaignRun::OfferAhead() {
  if (!pool_->AllStarted()) return;
  while (WorkerSlot* const idle = pool_->Idle()) {
    const std::optional<uint64_t> withdrawn = pool_->WithdrawOffer();
    if (!withdrawn) return;
    idle->Assign(TaskFor(*frontier_->Find(*withdrawn)));
  }
  while (WorkerSlot* const slot = pool_->SoonIdle()) {
    Unit* const unit = frontier_->NextToRun();
    if (unit == nullptr || unit->part.size() > kMostOffered) return;
    unit->state = Unit::State::kRunning;
    slot->Offer(TaskFor(*unit));
  }
}

bool CampaignRun::Assign() {
  if (Clock::now() >= deadline_) return true;
  while (Unit* const unit = frontier_->NextToRun()) {
    WorkerSlot* const slot = WorkerForUnit();
    if (slot == nullptr) break;
    unit->state = Unit::State::kRunning;
    slot->Assign(TaskFor(*unit));
  }
  OfferAhead();
  // Meanwhile the others can make what they all need.
  while (prepare_ && frontier_->Front()->first == 0 && Clock::now() - begin_ >= kAlone) {
    WorkerSlot* const slot = StartWorker();
    if (slot == nullptr) break;
    slot->Prepare();
  }
  return result_.internal_error.empty();
}

// Further workers are to be started in time.
std::chrono::milliseconds CampaignRun::UntilNextLook() const {
  const auto alone = std::chrono::ceil<std::chrono::milliseconds>(begin_ + kAlone - Clock::now());
  return alone.count() > 0 ? std::min(alone, kPoll) : kPoll;
}

Stage CampaignRun::RunStage() {
  if (!std::exchange(restored_, false)) BeginStage();
  bool cut_off = false;
  while (true) {
    Merge();
    if (stage_ != Stage::kRunning || !result_.internal_error.empty()) break;
    if (!Assign()) break;
    if (!pool_->AnyBusy()) {
      cut_off = true;  // the time is up, and everybody has ended
      break;
    }
    pool_->Wait(UntilNextLook());
    Receive();
    if (!result_.internal_error.empty()) break;
    ShowProgress();
    SaveNowAndThen();
    if (observer_ != nullptr && observer_->Cancelled()) {
      Interrupt();
      cut_off = stage_ == Stage::kRunning;
      break;
    }
    const Clock::time_point now = Clock::now();
    // Workers look at the clock too seldom where executions are slow.
    if (now >= deadline_) EndUnitsSoon();
    if (now > deadline_ + kGrace + options_.step_timeout) {
      AddNote(&result_, "the time was up in the middle of an execution");
      cut_off = true;
      break;
    }
  }
  if (cut_off) MergeRest();
  if (stage_ == Stage::kRunning) stage_ = Stage::kOver;
  pool_->StopAll();
  return stage_;
}

void CampaignRun::EndUnitsSoon() {
  while (const std::optional<uint64_t> withdrawn = pool_->WithdrawOffer()) {
    frontier_->Find(*withdrawn)->state = Unit::State::kWaiting;
  }
  for (const auto& slot : pool_->slots()) slot->EndUnitSoon();
}

void CampaignRun::Interrupt() {
  result_.interrupted = true;
  AddNote(&result_, "interrupted");
  EndUnitsSoon();
  // Of those that must be killed it is known how many executions they have made, but not what these
  // have shown.
  const Clock::time_point latest = Clock::now() + kPatience;
  while (pool_->AnyBusy() && Clock::now() < latest && result_.internal_error.empty()) {
    pool_->Wait(kPoll);
    Receive();
  }
  Merge();
}

void CampaignRun::SaveNowAndThen() {
  const Clock::time_point now = Clock::now();
  if (save_ == nullptr ||
      (now - saved_at_ < save_interval_ && findings_saved_ == result_.findings.size())) {
    return;
  }
  findings_saved_ = result_.findings.size();
  save_(Save());
  saved_at_ = Clock::now();
  save_interval_ = std::max<Clock::duration>(kSaveInterval, kIntervalForSaving * (saved_at_ - now));
}

void CampaignRun::CountTime(TimeSpan span) {
  span.begin = std::max(span.begin, counted_until_);
  if (span.end <= span.begin) return;
  result_.seconds += std::chrono::duration<double>(span.end - span.begin).count();
  counted_until_ = span.end;
}

void CampaignRun::ShowProgress() {
  if (observer_ == nullptr) return;
  CampaignProgress progress;
  progress.executions = tally_.earlier.executions + tally_.counts.executions;
  progress.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  progress.findings = result_.findings.size();
  progress.not_judged = tally_.earlier.not_judged + tally_.counts.not_judged;
  progress.coverage = tally_.coverage.Counts();
  double share =
      whole_->AsTreeSearch() != nullptr ? whole_->Progress().share_done.value_or(-1) : -1;
  for (const Unit& unit : frontier_->units()) {
    if (unit.state != Unit::State::kEnded) continue;
    progress.executions += unit.result.counts.executions;
    progress.not_judged += unit.result.counts.not_judged;
  }
  for (const auto& slot : pool_->slots()) {
    if (slot->at() == nullptr) continue;
    progress.executions += slot->state().executions.load();
    progress.not_judged += slot->state().not_judged.load();
    // At least: what the workers have in common is counted once, when their units have ended.
    progress.coverage.classes = std::max(progress.coverage.classes, slot->state().classes.load());
    progress.coverage.pairs = std::max(progress.coverage.pairs, slot->state().pairs.load());
    if (whole_->AsTreeSearch() == nullptr) share = slot->state().share_done.load();
    const double silent = std::chrono::duration<double>(slot->watch().Silence()).count();
    progress.silent_seconds = std::max(progress.silent_seconds, silent);
  }
  if (share > 0) progress.share_done = share;  // else there is nothing to say yet
  if (whole_->AsTreeSearch() != nullptr) {
    progress.estimated_executions = whole_->Progress().estimated_executions;
    if (progress.estimated_executions) {
      *progress.estimated_executions += static_cast<double>(tally_.earlier.executions);
    }
  }
  observer_->OnProgress(progress);
}

CaseResult CampaignRun::Run(const std::function<void(std::string)>& save) {
  if (!result_.internal_error.empty()) return std::move(result_);  // it could not be restored
  save_ = save;
  saved_at_ = Clock::now();
  save_interval_ = kSaveInterval;
  findings_saved_ = result_.findings.size();
  result_.skipped = WhyNotJudged(case_);
  if (!result_.skipped.empty()) {
    result_.met = true;
    return std::move(result_);
  }
  while (RunStage() == Stage::kNeedsUnlockPoints && !result_.interrupted) {
    execution_.unlock_is_point = true;
    tally_.NextStage();
    result_.complete_bound.clear();
    result_.estimated_executions.reset();
    if (tally_.earlier.executions >= max_executions_) break;
  }
  tally_.Conclude(goal_, &result_);
  // Whether what is expected is found at all, the merge will tell.
  if (options_.shard.divided() && result_.internal_error.empty()) {
    result_.met = std::all_of(result_.findings.begin(), result_.findings.end(),
                              [](const FoundBug& bug) { return bug.expected; });
  }
  return std::move(result_);
}

}  // namespace heddle
