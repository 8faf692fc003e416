#include "harness/explore/worker.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "harness/core/check.h"
#include "harness/core/random.h"
#include "harness/explore/child_process.h"
#include "harness/explore/tally.h"
#include "harness/explore/worker_engine.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/strategy.h"

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

// The clock is looked at after so many executions or steps.
constexpr uint64_t kExecutionsBetweenLooks = 64;
constexpr uint64_t kStepsBetweenLooks = 4'000;
// A part of a search that is large, and so costs much to hand on, is explored for longer than the
// slice: for so many times what it took to read it.
constexpr int kSliceForReading = 20;

// Of the case's name: the same everywhere, unlike std::hash.
uint64_t HashName(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

ExecutionEnd EndFor(EngineEnd end) {
  switch (end) {
    case EngineEnd::kCompleted:
      return ExecutionEnd::kCompleted;
    case EngineEnd::kFailed:
      return ExecutionEnd::kFailed;
    case EngineEnd::kStepLimit:
      return ExecutionEnd::kStepLimit;
  }
  return ExecutionEnd::kCompleted;
}

class Worker {
 public:
  Worker(const WorkerTask& task, SharedState* shared, int pipe)
      : task_(task),
        options_(*task.options),
        shared_(shared),
        pipe_(pipe),
        name_hash_(HashName(task.program->name)),
        goal_(GoalFor(*task.program, *task.options, task.execution.max_steps)),
        engine_(task, shared) {}

  int Run();

 private:
  std::unique_ptr<Strategy> NewStrategy();
  void MakeCommon();
  std::unique_ptr<Strategy> StrategyFor(const UnitTask& unit);
  bool RunUnit(const UnitTask& unit);
  UnitEnd Explore(const UnitTask& unit, Strategy& strategy);
  // The strategy's next execution. False: there is none.
  bool PlanNext(uint64_t index, Strategy& strategy);
  int RepeatsOf(uint64_t index, const UnitTask& unit) const;
  ExecutionResult MakePlanned(int repeats, Strategy& strategy);
  void Count(const ExecutionResult& result, bool covered);
  void ReuseCoverage(Coverage* told);
  // Tells the supervisor of the execution just made, if there is anything to tell. Returns whether
  // the campaign may go on.
  bool Tell(const UnitTask& unit, uint64_t place, const ExecutionResult& result,
            Strategy& strategy);
  // Looks at the clock, now and then. Where the unit is over by it, or is to be, says how.
  std::optional<UnitEnd> OutOfTime(const UnitTask& unit, Strategy& strategy, uint64_t steps);

  const WorkerTask& task_;
  const CampaignOptions& options_;
  SharedState* const shared_;
  const int pipe_;
  const uint64_t name_hash_;
  const Goal goal_;
  WorkerEngine engine_;
  std::unique_ptr<Strategy> common_;  // after the common executions
  std::unique_ptr<Decider> decider_;
  Plan plan_;
  ExecutionRecord record_;

  // Of the current unit.
  UnitCounts counts_;
  SearchState search_;  // when its time was up
  Clock::time_point begin_;
  std::chrono::nanoseconds slice_{};  // before what is left is handed on

  uint64_t executions_since_look_ = 0;
  uint64_t steps_since_look_ = 0;
};

std::optional<UnitEnd> Worker::OutOfTime(const UnitTask& unit, Strategy& strategy,
                                         uint64_t steps) {
  if (shared_->stop.load(std::memory_order_relaxed)) [[unlikely]] return UnitEnd::kTime;
  ++executions_since_look_;
  steps_since_look_ += steps;
  if (executions_since_look_ < kExecutionsBetweenLooks && steps_since_look_ < kStepsBetweenLooks) {
    return std::nullopt;
  }
  executions_since_look_ = steps_since_look_ = 0;
  const Clock::time_point now = Clock::now();
  shared_->share_done.store(strategy.Progress().share_done.value_or(-1), std::memory_order_relaxed);
  shared_->classes.store(engine_.coverage().classes.distinct(), std::memory_order_relaxed);
  shared_->pairs.store(engine_.coverage().pairs.distinct(), std::memory_order_relaxed);
  if (now >= task_.deadline) return UnitEnd::kTime;
  if (unit.pieces > 0 && unit.steps == 0 && now - begin_ >= slice_ &&
      counts_.executions >= unit.least) {
    if (strategy.AsTreeSearch()->CanHandOn()) return UnitEnd::kHandedOn;
  }
  return std::nullopt;
}

bool Worker::PlanNext(uint64_t index, Strategy& strategy) {
  plan_.index = index;
  plan_.seed = MixSeed(options_.seed, name_hash_, index);
  record_.Clear();
  return strategy.Next(&plan_);
}

ExecutionResult Worker::MakePlanned(int repeats, Strategy& strategy) {
  decider_->Begin(plan_);
  const ExecutionResult result = engine_.Run(*decider_, repeats);
  record_.end = EndFor(result.end);
  record_.steps = result.steps;
  record_.threads = result.threads;
  record_.order_class = result.order_class;
  decider_->End(&record_);
  strategy.Learn(plan_, record_);
  return result;
}

void Worker::Count(const ExecutionResult& result, bool covered) {
  ++counts_.executions;
  if (!covered) engine_.Cover(result.order_class);
  counts_.steps += result.steps;
  counts_.hangs += engine_.hangs();
  counts_.cut_by_step_limit += result.end == EngineEnd::kStepLimit ? 1 : 0;
  counts_.deferred_spinner |= result.deferred_spinner;
  counts_.not_judged += result.not_judged;
  constexpr auto kRelaxed = std::memory_order_relaxed;
  shared_->executions.store(counts_.executions, kRelaxed);
  shared_->steps.store(counts_.steps, kRelaxed);
  shared_->cut_by_step_limit.store(counts_.cut_by_step_limit, kRelaxed);
  shared_->deferred_spinner.store(counts_.deferred_spinner, kRelaxed);
  shared_->not_judged.store(counts_.not_judged, kRelaxed);
}

SearchState StateOf(const Strategy& strategy) {
  const StrategyProgress progress = strategy.Progress();
  return {progress.note, progress.bound, strategy.Counts()};
}

// What has been told is room for what comes next.
void Worker::ReuseCoverage(Coverage* told) {
  std::swap(*told, engine_.coverage());
  engine_.coverage().Clear();
}

bool Worker::Tell(const UnitTask& unit, uint64_t place, const ExecutionResult& result,
                  Strategy& strategy) {
  const bool needs_unlock_points = result.saw_try_lock && !task_.execution.unlock_is_point;
  if (!engine_.raised_anything() && engine_.hangs() == 0 && !needs_unlock_points) [[likely]] {
    return true;
  }
  UnitEvent event;
  event.number = unit.number;
  event.place = place;
  event.counts = counts_;
  event.needs_unlock_points = needs_unlock_points;
  event.raised = engine_.TakeRaised();
  event.decisions.assign(engine_.decisions().begin(), engine_.decisions().end());
  // Where other things were raised with it, they are shown by the execution as it was.
  const bool only_calls = std::all_of(
      event.raised.begin(), event.raised.end(),
      [](const RaisedSuspicion& one) { return one.kind == FindingKind::kNotLinearizable; });
  if (only_calls && !event.raised.empty()) engine_.ShrinkCalls(&event.decisions);
  event.search = StateOf(strategy);
  std::swap(event.coverage, engine_.coverage());
  event.time = {begin_, Clock::now()};
  MessageWriter writer(MessageType::kUnitEvent);
  event.Put(&writer);
  ReuseCoverage(&event.coverage);
  return writer.Send(pipe_) && !needs_unlock_points && counts_.hangs < kMaxHangs &&
         !goal_.Reached(engine_.found());
}

// The first schedule is all there is of some cases.
int Worker::RepeatsOf(uint64_t index, const UnitTask& unit) const {
  if (unit.part.empty() && index == 0) return kFirstRepeats;
  const bool is_one_of_the_first = unit.part.empty() && index < kDeterminismChecks;
  return options_.check_determinism || is_one_of_the_first ? 1 : 0;
}

UnitEnd Worker::Explore(const UnitTask& unit, Strategy& strategy) {
  auto fatal = unit.fatal.begin();
  for (uint64_t place = 0; place < unit.size; ++place) {
    const uint64_t index = unit.first + place;
    if (!PlanNext(index, strategy)) return UnitEnd::kNoMore;
    shared_->place.store(place, std::memory_order_relaxed);
    if (fatal != unit.fatal.end() && *fatal == place) [[unlikely]] {
      ++fatal;
      record_.end = ExecutionEnd::kLost;
      strategy.Learn(plan_, record_);
      ++counts_.executions;
      continue;
    }
    const ExecutionResult result = MakePlanned(RepeatsOf(index, unit), strategy);
    Count(result, place < unit.covered);
    if (record_.diverged) [[unlikely]] {
      engine_.RaiseNondeterminism(
          "the beginning of an earlier execution could not be repeated: the same decisions led "
          "elsewhere");
    }
    if (!Tell(unit, place, result, strategy)) [[unlikely]] return UnitEnd::kStopped;
    if (const auto end = OutOfTime(unit, strategy, result.steps)) {
      if (*end != UnitEnd::kTime) return *end;
      // Perhaps there is nothing left that time would be needed for. Else what is planned here will
      // not be made, and is no part of how far the search has got.
      search_ = StateOf(strategy);
      if (PlanNext(index + 1, strategy)) return UnitEnd::kTime;
      return UnitEnd::kNoMore;
    }
    if (unit.steps > 0 && counts_.steps >= unit.steps && strategy.AsTreeSearch()->CanHandOn()) {
      return UnitEnd::kHandedOn;
    }
  }
  return UnitEnd::kDone;
}

std::unique_ptr<Strategy> Worker::NewStrategy() {
  auto made = MakeStrategy(options_.strategy);
  HEDDLE_CHECK(made.ok(), "the name of the strategy was not checked");
  if (decider_ == nullptr) decider_ = (*made)->MakeDecider();
  if (TreeSearch* const search = (*made)->AsTreeSearch(); search != nullptr) {
    search->LimitTo(MostExecutions(options_));
  }
  return *std::move(made);
}

// Whoever explores the unit of the common executions tells of what they show.
void Worker::MakeCommon() {
  if (common_ != nullptr) return;
  common_ = NewStrategy();
  const uint64_t common = common_->CommonExecutions().value_or(0);
  engine_.set_silent(true);
  shared_->common.store(true);
  auto fatal = task_.fatal_common.begin();
  for (uint64_t index = 0; index < common && PlanNext(index, *common_); ++index) {
    shared_->place.store(index, std::memory_order_relaxed);
    if (fatal != task_.fatal_common.end() && *fatal == index) {
      ++fatal;
      record_.end = ExecutionEnd::kLost;
      common_->Learn(plan_, record_);
      continue;
    }
    MakePlanned(/*repeats=*/0, *common_);
    if (shared_->stop.load(std::memory_order_relaxed)) break;
    if (index % kExecutionsBetweenLooks == 0 && Clock::now() >= task_.deadline) break;
  }
  shared_->common.store(false);
  engine_.set_silent(false);
}

std::unique_ptr<Strategy> Worker::StrategyFor(const UnitTask& unit) {
  if (unit.first > 0) {
    MakeCommon();
    return common_->Clone();
  }
  std::unique_ptr<Strategy> strategy = NewStrategy();
  if (!unit.part.empty()) {
    TreeSearch* const search = strategy->AsTreeSearch();
    HEDDLE_CHECK(search != nullptr && search->Adopt(unit.part), "a part that is none");
  }
  return strategy;
}

bool Worker::RunUnit(const UnitTask& unit) {
  shared_->BeginUnit(unit.number);
  const Clock::time_point taken = Clock::now();
  std::unique_ptr<Strategy> strategy = StrategyFor(unit);
  engine_.BeginUnit(unit);
  counts_ = {};
  begin_ = Clock::now();
  slice_ = std::max(std::chrono::nanoseconds(unit.slice),
                    std::chrono::nanoseconds(kSliceForReading * (begin_ - taken)));

  UnitResult result;
  result.number = unit.number;
  result.end = Explore(unit, *strategy);
  result.counts = counts_;
  result.exhausted = result.end == UnitEnd::kNoMore && strategy->Progress().exhausted;
  // In rounds, the other parts must hear of it even if nothing is left.
  if (result.end == UnitEnd::kDone || result.end == UnitEnd::kHandedOn ||
      (result.end == UnitEnd::kNoMore && unit.steps > 0)) {
    if (TreeSearch* const search = strategy->AsTreeSearch(); search != nullptr) {
      if (unit.steps == 0) {
        result.parts = search->Split(std::max(unit.pieces, 1u));
      } else {
        result.parts = search->HandOnInRound(unit.pieces);
        for (std::string& told : search->Split(1)) result.told = std::move(told);
      }
    }
  }
  result.search = result.end == UnitEnd::kTime ? std::move(search_) : StateOf(*strategy);
  std::swap(result.coverage, engine_.coverage());
  result.time = {begin_, Clock::now()};
  if (common_ == nullptr && unit.part.empty() && result.end == UnitEnd::kDone &&
      strategy->CommonExecutions() == unit.first + unit.size) {
    common_ = std::move(strategy);
  }
  MessageWriter writer(MessageType::kUnitResult);
  result.Put(&writer);
  ReuseCoverage(&result.coverage);
  return writer.Send(pipe_);
}

int Worker::Run() {
  MessageBuffer messages;
  std::string_view bytes;
  while (true) {
    shared_->phase.store(WorkerPhase::kIdle, std::memory_order_relaxed);
    if (!messages.Read(pipe_, &bytes)) {
      return messages.garbled() ? ChildProcess::kPipeIsGarbled : 0;
    }
    shared_->phase.store(WorkerPhase::kPlanning, std::memory_order_relaxed);
    MessageReader reader(bytes);
    MessageType type;
    UnitTask unit;
    HEDDLE_CHECK(reader.Get(&type), "a message without a type");
    if (type == MessageType::kPrepare) {
      MakeCommon();
    } else {
      HEDDLE_CHECK(type == MessageType::kUnit && unit.Get(&reader), "a message that is no unit");
      if (unit.offer != 0 && !shared_->TakeOffer(unit.offer)) continue;
      if (!RunUnit(unit)) return 1;
    }
  }
}

}  // namespace

int RunWorker(const WorkerTask& task, SharedState* shared, int pipe) {
  // Not destroyed: the process ends here, and the engine's threads with it.
  auto* const worker = new Worker(task, shared, pipe);
  return worker->Run();
}

}  // namespace heddle
