#include "harness/explore/worker.h"

#include <algorithm>
#include <memory>
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
// Each costs the step timeout in real time.
constexpr uint32_t kMaxHangs = 3;
// The clock is looked at after so many executions or steps.
constexpr uint64_t kExecutionsBetweenLooks = 64;
constexpr uint64_t kStepsBetweenLooks = 4'000;
constexpr std::chrono::milliseconds kProgressInterval{50};

// Of the case's name: the same everywhere, unlike std::hash.
uint64_t HashName(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

uint32_t MaskOf(const std::vector<FindingKind>& kinds) {
  uint32_t mask = 0;
  for (const FindingKind kind : kinds) mask |= uint32_t{1} << static_cast<int>(kind);
  return mask;
}
static_assert(kFindingKinds <= 32);

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
        expected_(MaskOf(task.program->expect)),
        allowed_(expected_ | MaskOf(task.program->tolerate)),
        program_{task.program->body, task.program->invariant, task.program->at_end},
        detectors_(*task.program),
        engine_(task.execution, &shared->log),
        known_(task.known.begin(), task.known.end()),
        found_(task.found) {
    engine_.SetSuspicionSink(this);
    engine_.SetEventSinks(detectors_.Sinks());
    InstallCrashHandler(&engine_, shared);
  }

  int Run();

  void Report(Suspicion suspicion) override;

 private:
  struct New {
    uint64_t id;
    FindingKind kind;
    std::string message;
  };

  CampaignEnd Explore(Strategy& strategy);
  ExecutionResult Execute(Decider& decider);
  // The same, twice. Reports what differed.
  ExecutionResult ExecuteTwice(Decider& decider);
  bool IsFatal(uint64_t index) const {
    return std::binary_search(task_.fatal_executions.begin(), task_.fatal_executions.end(), index);
  }
  // False: the supervisor is gone.
  bool SendNew(uint64_t index, std::span<const Decision> decisions);
  bool FoundEnough() const;
  bool OutOfTime(const Strategy& strategy, uint64_t steps);

  const WorkerTask& task_;
  const CampaignOptions& options_;
  SharedState* const shared_;
  const int pipe_;
  const uint64_t name_hash_;
  const uint32_t expected_;
  const uint32_t allowed_;
  const Program program_;
  Detectors detectors_;
  ControlledEngine engine_;

  absl::flat_hash_set<uint64_t> known_;
  std::vector<New> new_;  // of the current execution
  uint32_t found_;        // kinds, as bits
  uint32_t hangs_ = 0;
  bool repeating_ = false;  // what is found now has been found by the first of the two
  std::vector<Decision> first_log_;
  std::string note_;
  uint64_t executions_since_look_ = 0;
  uint64_t steps_since_look_ = 0;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point next_progress_ = begin_ + kProgressInterval;
};

void Worker::Report(Suspicion suspicion) {
  if (suspicion.kind == FindingKind::kTimeout) ++hangs_;
  if (repeating_) return;
  const uint64_t id = SuspicionId(suspicion.kind, suspicion.key);
  if (known_.size() >= kMaxSuspicions || !known_.insert(id).second) return;
  found_ |= uint32_t{1} << static_cast<int>(suspicion.kind);
  new_.push_back(New{id, suspicion.kind, std::move(suspicion.message)});
}

ExecutionResult Worker::Execute(Decider& decider) {
  detectors_.Begin(this);
  shared_->phase.store(WorkerPhase::kRunning, std::memory_order_relaxed);
  const ExecutionResult result = engine_.Run(program_, decider);
  shared_->phase.store(WorkerPhase::kPlanning, std::memory_order_relaxed);
  detectors_.End();
  return result;
}

ExecutionResult Worker::ExecuteTwice(Decider& decider) {
  EventDigest digest(kHeapIsDeterministic);
  std::vector<EventSink*> sinks = detectors_.Sinks();
  sinks.push_back(&digest);
  engine_.SetEventSinks(sinks);

  const ExecutionResult result = Execute(decider);
  first_log_.assign(shared_->log.entries, shared_->log.entries + shared_->log.count);
  const ObservedExecution first{result, digest.digest(), digest.values(), first_log_};

  digest.Clear();
  repeating_ = true;
  ReplayDecider repeat(first_log_);
  repeat.Begin(Plan{});
  const ExecutionResult again = Execute(repeat);
  repeating_ = false;
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

bool Worker::SendNew(uint64_t index, std::span<const Decision> decisions) {
  for (New& found : new_) {
    SuspicionMessage message{found.id, found.kind, std::move(found.message), index, {}};
    message.decisions.assign(decisions.begin(), decisions.end());
    MessageWriter writer(MessageType::kSuspicion);
    message.Put(&writer);
    if (!writer.Send(pipe_)) return false;
  }
  new_.clear();
  return true;
}

bool Worker::FoundEnough() const {
  if (options_.keep_going) return false;
  if ((found_ & ~allowed_) != 0) return true;
  return expected_ != 0 && (found_ & expected_) == expected_;
}

bool Worker::OutOfTime(const Strategy& strategy, uint64_t steps) {
  ++executions_since_look_;
  steps_since_look_ += steps;
  if (executions_since_look_ < kExecutionsBetweenLooks && steps_since_look_ < kStepsBetweenLooks) {
    return false;
  }
  executions_since_look_ = steps_since_look_ = 0;
  const Clock::time_point now = Clock::now();
  if (now >= next_progress_) {
    next_progress_ = now + kProgressInterval;
    shared_->seconds.store(std::chrono::duration<double>(now - begin_).count(),
                           std::memory_order_relaxed);
    shared_->share_done.store(strategy.Progress().share_done.value_or(-1),
                              std::memory_order_relaxed);
  }
  return now >= task_.deadline;
}

CampaignEnd Worker::Explore(Strategy& strategy) {
  const std::unique_ptr<Decider> decider = strategy.MakeDecider();
  Plan plan;
  ExecutionRecord record;
  for (uint64_t index = 0; index < task_.max_executions; ++index) {
    plan.index = index;
    plan.seed = MixSeed(options_.seed, name_hash_, index);
    if (!strategy.Next(&plan)) {
      return strategy.Progress().exhausted ? CampaignEnd::kExhausted : CampaignEnd::kBudget;
    }
    shared_->execution.store(index, std::memory_order_relaxed);
    record.Clear();
    if (IsFatal(index)) [[unlikely]] {
      record.end = ExecutionEnd::kLost;
      strategy.Learn(plan, record);
      continue;
    }

    decider->Begin(plan);
    const bool twice = options_.check_determinism || index < kDeterminismChecks;
    const ExecutionResult result = twice ? ExecuteTwice(*decider) : Execute(*decider);
    record.end = EndFor(result.end);
    record.steps = result.steps;
    record.threads = result.threads;
    decider->End(&record);
    strategy.Learn(plan, record);
    shared_->executions.store(index + 1, std::memory_order_relaxed);
    shared_->steps.store(shared_->steps.load(std::memory_order_relaxed) + result.steps,
                         std::memory_order_relaxed);
    if (result.end == EngineEnd::kStepLimit) shared_->cut_by_step_limit.fetch_add(1);
    if (result.deferred_spinner) shared_->deferred_spinner.store(true, std::memory_order_relaxed);
    if (record.diverged) [[unlikely]] {
      Suspicion suspicion;
      suspicion.kind = FindingKind::kNondeterminism;
      suspicion.message =
          "the beginning of an earlier execution could not be repeated: the same decisions led "
          "elsewhere";
      Report(std::move(suspicion));
    }

    if (!new_.empty()) [[unlikely]] {
      const DecisionLog& log = shared_->log;
      if (!SendNew(index, twice ? std::span<const Decision>(first_log_)
                                : std::span<const Decision>(log.entries, log.count))) {
        return CampaignEnd::kBudget;
      }
      if (FoundEnough()) return CampaignEnd::kFound;
    }
    if (result.saw_try_lock && !task_.execution.unlock_is_point) [[unlikely]] {
      return CampaignEnd::kNeedsUnlockPoints;
    }
    if (hangs_ >= kMaxHangs) [[unlikely]] {
      note_ = "stopped early: " + std::to_string(hangs_) +
              " executions hung, each for the time of "
              "--step-timeout";
      return CampaignEnd::kBudget;
    }
    if (OutOfTime(strategy, result.steps)) return CampaignEnd::kBudget;
  }
  return CampaignEnd::kBudget;
}

int Worker::Run() {
  auto made = MakeStrategy(options_.strategy);
  HEDDLE_CHECK(made.ok(), "the name of the strategy was not checked");
  const std::unique_ptr<Strategy> strategy = *std::move(made);
  const CampaignEnd end = Explore(*strategy);
  shared_->seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  MessageWriter writer(MessageType::kCampaignEnd);
  writer.Put(end);
  writer.PutText(note_);
  writer.PutText(strategy->Progress().note);
  writer.PutText(strategy->Progress().bound);
  if (!writer.Send(pipe_)) return 1;
  shared_->phase.store(WorkerPhase::kDone, std::memory_order_relaxed);
  return 0;
}

}  // namespace

void SuspicionMessage::Put(MessageWriter* writer) const {
  writer->Put(id);
  writer->Put(kind);
  writer->PutText(message);
  writer->Put(execution);
  writer->PutSpan(std::span<const Decision>(decisions));
}

bool SuspicionMessage::Get(MessageReader* reader) {
  return reader->Get(&id) && reader->Get(&kind) && reader->GetText(&message) &&
         reader->Get(&execution) && reader->GetVector(&decisions);
}

uint64_t SuspicionId(FindingKind kind, uint64_t key) {
  return MixSeed(static_cast<uint64_t>(kind), key);
}

int RunWorker(const WorkerTask& task, SharedState* shared, int pipe) {
  // Not destroyed: the process ends here, and the engine's threads with it.
  auto* const worker = new Worker(task, shared, pipe);
  return worker->Run();
}

}  // namespace heddle
