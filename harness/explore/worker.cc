#include "harness/explore/worker.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <absl/container/flat_hash_set.h>

#include "harness/core/check.h"
#include "harness/core/random.h"
#include "harness/explore/crash_handler.h"
#include "harness/explore/detectors.h"
#include "harness/explore/determinism.h"
#include "harness/explore/event_digest.h"
#include "harness/explore/shrink_input.h"
#include "harness/explore/tally.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/replay.h"
#include "harness/strategy/strategy.h"

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

// A case whose every failure looks new would fill the supervisor's memory.
constexpr size_t kMaxSuspicions = 500;
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

class Worker final : public SuspicionSink {
 public:
  Worker(const WorkerTask& task, SharedState* shared, int pipe)
      : task_(task),
        options_(*task.options),
        shared_(shared),
        pipe_(pipe),
        name_hash_(HashName(task.program->name)),
        goal_(GoalFor(*task.program, *task.options, task.execution.max_steps)),
        program_{task.program->body, task.program->invariant, task.program->at_end},
        detectors_(*task.program),
        engine_(task.execution, &shared->log) {
    engine_.SetSuspicionSink(this);
    engine_.SetEventSinks(detectors_.Sinks());
    InstallCrashHandler(&engine_, shared);
  }

  int Run();

  void Report(Suspicion suspicion) override;

 private:
  std::unique_ptr<Strategy> NewStrategy();
  void MakeCommon();
  std::unique_ptr<Strategy> StrategyFor(const UnitTask& unit);
  bool RunUnit(const UnitTask& unit);
  UnitEnd Explore(const UnitTask& unit, Strategy& strategy);
  // The strategy's next execution. False: there is none.
  bool PlanNext(uint64_t index, Strategy& strategy);
  ExecutionResult MakePlanned(bool twice, Strategy& strategy);
  ExecutionResult Execute(Decider& decider);
  // The same, twice. Reports what differed.
  ExecutionResult ExecuteTwice(Decider& decider);
  void Count(const ExecutionResult& result, bool covered);
  // Tells the supervisor of the execution just made, if there is anything to tell. Returns whether
  // the campaign may go on.
  bool Tell(const UnitTask& unit, uint64_t place, bool twice, const ExecutionResult& result,
            Strategy& strategy);
  // Of an execution with a history of calls that is not linearizable: its decisions are replaced by
  // those of one with as few calls as were found to show it.
  void ShrinkCalls(std::vector<Decision>* decisions);
  // Looks at the clock, now and then. Where the unit is over by it, says how.
  std::optional<UnitEnd> OutOfTime(const UnitTask& unit, Strategy& strategy, uint64_t steps);

  const WorkerTask& task_;
  const CampaignOptions& options_;
  SharedState* const shared_;
  const int pipe_;
  const uint64_t name_hash_;
  const Goal goal_;
  const Program program_;
  Detectors detectors_;
  ControlledEngine engine_;
  std::unique_ptr<Strategy> common_;  // after the common executions
  std::unique_ptr<Decider> decider_;
  Plan plan_;
  ExecutionRecord record_;

  // Of the current unit.
  absl::flat_hash_set<uint64_t> known_;
  uint32_t found_ = 0;  // kinds, as bits
  UnitCounts counts_;
  Coverage coverage_;  // since the last event
  Clock::time_point begin_;
  std::chrono::nanoseconds slice_{};  // before what is left is handed on

  std::vector<RaisedSuspicion> new_;  // of the current execution
  uint32_t hangs_ = 0;                // in it
  bool silent_ = false;  // what is found now is told by the first of two, or by another worker
  bool silent_calls_ = false;  // a history that is not linearizable was among it
  std::vector<Decision> first_log_;
  uint64_t executions_since_look_ = 0;
  uint64_t steps_since_look_ = 0;
};

void Worker::Report(Suspicion suspicion) {
  if (suspicion.kind == FindingKind::kTimeout) ++hangs_;
  if (silent_) {
    silent_calls_ |= suspicion.kind == FindingKind::kNotLinearizable;
    return;
  }
  const uint64_t id = SuspicionId(suspicion.kind, suspicion.key);
  if (known_.size() >= kMaxSuspicions || !known_.insert(id).second) return;
  found_ |= uint32_t{1} << static_cast<int>(suspicion.kind);
  new_.push_back(RaisedSuspicion{id, suspicion.kind, std::move(suspicion.message)});
}

ExecutionResult Worker::Execute(Decider& decider) {
  detectors_.Begin(this);
  shared_->phase.store(WorkerPhase::kRunning, std::memory_order_relaxed);
  const ExecutionResult result = engine_.Run(program_, decider);
  shared_->phase.store(WorkerPhase::kPlanning, std::memory_order_relaxed);
  detectors_.End();
  const std::span<const uint64_t> pairs = engine_.pairs().pairs();
  if (!silent_) {
    for (const uint64_t pair : pairs) coverage_.pairs.Add(pair);
  } else if (!pairs.empty()) {
    engine_.ForgetPairs();  // an execution that counts is to show them, too
  }
  return result;
}

ExecutionResult Worker::ExecuteTwice(Decider& decider) {
  EventDigest digest(kHeapIsDeterministic);
  std::vector<EventSink*> sinks = detectors_.Sinks();
  sinks.push_back(&digest);
  engine_.SetEventSinks(sinks);

  const ExecutionResult result = Execute(decider);
  first_log_.assign(shared_->log.entries, shared_->log.entries + shared_->log.count);
  if (hangs_ > 0) {  // to wait for that once is enough
    engine_.SetEventSinks(detectors_.Sinks());
    return result;
  }
  const ObservedExecution first{result, digest.digest(), digest.values(), first_log_};

  digest.Clear();
  silent_ = true;
  ReplayDecider repeat(first_log_);
  repeat.Begin(Plan{});
  const ExecutionResult again = Execute(repeat);
  silent_ = false;
  const std::span<const Decision> second_log(shared_->log.entries, shared_->log.count);
  const ObservedExecution second{again, digest.digest(), digest.values(), second_log};

  engine_.SetEventSinks(detectors_.Sinks());
  if (std::string difference = Difference(first, second, repeat); !difference.empty()) {
    Suspicion suspicion;
    suspicion.kind = FindingKind::kNondeterminism;
    suspicion.message = std::move(difference);
    Report(std::move(suspicion));
  }
  return result;
}

void Worker::ShrinkCalls(std::vector<Decision>* decisions) {
  silent_ = true;
  const TryExecution fails = [this](const Plan& plan, Decider& decider,
                                    std::vector<Decision>* failing) {
    silent_calls_ = false;
    decider.Begin(plan);
    Execute(decider);
    if (silent_calls_) {
      failing->assign(shared_->log.entries, shared_->log.entries + shared_->log.count);
    }
    return silent_calls_;
  };
  ShrinkInput(fails, decisions);
  silent_ = false;
}

std::optional<UnitEnd> Worker::OutOfTime(const UnitTask& unit, Strategy& strategy,
                                         uint64_t steps) {
  ++executions_since_look_;
  steps_since_look_ += steps;
  if (executions_since_look_ < kExecutionsBetweenLooks && steps_since_look_ < kStepsBetweenLooks) {
    return std::nullopt;
  }
  executions_since_look_ = steps_since_look_ = 0;
  const Clock::time_point now = Clock::now();
  shared_->share_done.store(strategy.Progress().share_done.value_or(-1), std::memory_order_relaxed);
  shared_->classes.store(coverage_.classes.distinct(), std::memory_order_relaxed);
  shared_->pairs.store(coverage_.pairs.distinct(), std::memory_order_relaxed);
  if (now >= task_.deadline) return UnitEnd::kTime;
  if (unit.pieces > 0 && now - begin_ >= slice_ && counts_.executions >= unit.least &&
      strategy.AsTreeSearch()->CanHandOn()) {
    return UnitEnd::kHandedOn;
  }
  return std::nullopt;
}

bool Worker::PlanNext(uint64_t index, Strategy& strategy) {
  plan_.index = index;
  plan_.seed = MixSeed(options_.seed, name_hash_, index);
  record_.Clear();
  return strategy.Next(&plan_);
}

ExecutionResult Worker::MakePlanned(bool twice, Strategy& strategy) {
  decider_->Begin(plan_);
  const ExecutionResult result = twice ? ExecuteTwice(*decider_) : Execute(*decider_);
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
  if (!covered) {
    ++coverage_.executions;
    coverage_.classes.Add(result.order_class);
  }
  counts_.steps += result.steps;
  counts_.hangs += hangs_;
  counts_.cut_by_step_limit += result.end == EngineEnd::kStepLimit ? 1 : 0;
  counts_.deferred_spinner |= result.deferred_spinner;
  constexpr auto kRelaxed = std::memory_order_relaxed;
  shared_->executions.store(counts_.executions, kRelaxed);
  shared_->steps.store(counts_.steps, kRelaxed);
  shared_->cut_by_step_limit.store(counts_.cut_by_step_limit, kRelaxed);
  shared_->deferred_spinner.store(counts_.deferred_spinner, kRelaxed);
}

SearchState StateOf(const Strategy& strategy) {
  const StrategyProgress progress = strategy.Progress();
  return {progress.note, progress.bound, strategy.Counts()};
}

bool Worker::Tell(const UnitTask& unit, uint64_t place, bool twice, const ExecutionResult& result,
                  Strategy& strategy) {
  const bool needs_unlock_points = result.saw_try_lock && !task_.execution.unlock_is_point;
  if (new_.empty() && hangs_ == 0 && !needs_unlock_points) [[likely]] return true;
  UnitEvent event;
  event.number = unit.number;
  event.place = place;
  event.counts = counts_;
  event.needs_unlock_points = needs_unlock_points;
  event.raised.swap(new_);
  const DecisionLog& log = shared_->log;
  const auto decisions = twice ? std::span<const Decision>(first_log_)
                               : std::span<const Decision>(log.entries, log.count);
  event.decisions.assign(decisions.begin(), decisions.end());
  // Where other things were raised with it, they are shown by the execution as it was.
  const bool only_calls = std::all_of(
      event.raised.begin(), event.raised.end(),
      [](const RaisedSuspicion& one) { return one.kind == FindingKind::kNotLinearizable; });
  if (only_calls && !event.raised.empty()) ShrinkCalls(&event.decisions);
  event.search = StateOf(strategy);
  std::swap(event.coverage, coverage_);
  event.time = {begin_, Clock::now()};
  MessageWriter writer(MessageType::kUnitEvent);
  event.Put(&writer);
  return writer.Send(pipe_) && !needs_unlock_points && counts_.hangs < kMaxHangs && !goal_.Reached(found_);
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
    hangs_ = 0;
    const bool twice =
        options_.check_determinism || (unit.part.empty() && index < kDeterminismChecks);
    const ExecutionResult result = MakePlanned(twice, strategy);
    Count(result, place < unit.covered);
    if (record_.diverged) [[unlikely]] {
      Suspicion suspicion;
      suspicion.kind = FindingKind::kNondeterminism;
      suspicion.message =
          "the beginning of an earlier execution could not be repeated: the same decisions led "
          "elsewhere";
      Report(std::move(suspicion));
    }
    if (!Tell(unit, place, twice, result, strategy)) [[unlikely]] return UnitEnd::kStopped;
    if (const auto end = OutOfTime(unit, strategy, result.steps)) return *end;
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
  return *std::move(made);
}

// Whoever explores the unit of the common executions tells of what they show.
void Worker::MakeCommon() {
  if (common_ != nullptr) return;
  common_ = NewStrategy();
  const uint64_t common = common_->CommonExecutions().value_or(0);
  silent_ = true;
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
    MakePlanned(/*twice=*/false, *common_);
    if (index % kExecutionsBetweenLooks == 0 && Clock::now() >= task_.deadline) break;
  }
  shared_->common.store(false);
  silent_ = false;
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
  shared_->ResetCounts();
  const Clock::time_point taken = Clock::now();
  std::unique_ptr<Strategy> strategy = StrategyFor(unit);
  known_ = {unit.known.begin(), unit.known.end()};
  found_ = unit.found;
  counts_ = {};
  coverage_.Clear();
  engine_.ForgetPairs();
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
      result.parts = search->Split(std::max(unit.pieces, 1u));
    }
  }
  result.search = StateOf(*strategy);
  std::swap(result.coverage, coverage_);
  result.time = {begin_, Clock::now()};
  if (common_ == nullptr && unit.part.empty() && result.end == UnitEnd::kDone &&
      strategy->CommonExecutions() == unit.first + unit.size) {
    common_ = std::move(strategy);
  }
  MessageWriter writer(MessageType::kUnitResult);
  result.Put(&writer);
  return writer.Send(pipe_);
}

int Worker::Run() {
  MessageBuffer messages;
  std::string_view bytes;
  while (true) {
    shared_->phase.store(WorkerPhase::kIdle, std::memory_order_relaxed);
    if (!messages.Read(pipe_, &bytes)) return 0;
    shared_->phase.store(WorkerPhase::kPlanning, std::memory_order_relaxed);
    MessageReader reader(bytes);
    MessageType type;
    UnitTask unit;
    HEDDLE_CHECK(reader.Get(&type), "a message without a type");
    if (type == MessageType::kPrepare) {
      MakeCommon();
    } else {
      HEDDLE_CHECK(type == MessageType::kUnit && unit.Get(&reader), "a message that is no unit");
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
