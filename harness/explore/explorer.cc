#include "harness/explore/explorer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "harness/core/random.h"
#include "harness/explore/child_process.h"
#include "harness/explore/death.h"
#include "harness/explore/hang_watch.h"
#include "harness/explore/schedule_of.h"
#include "harness/explore/worker.h"

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{50};
// A worker looks at the clock between executions; one that is in the midst of a very long one when
// the time is up is not waited for.
constexpr std::chrono::seconds kGrace{2};
constexpr size_t kMaxFindings = 100;
constexpr size_t kLongestInCommand = 400;

bool Contains(const std::vector<FindingKind>& kinds, FindingKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

// One call of Explore.
class Explorer::Campaign {
 public:
  Campaign(const Explorer& explorer, const Case& explored)
      : explorer_(explorer),
        options_(explorer.options_.campaign),
        case_(explored),
        worker_state_(explorer.worker_state_.get()),
        begin_(Clock::now()) {
    result_.name = explored.name;
    result_.expected = explored.expect;
    execution_ = ExecutionOptionsFor(explored, options_);
    max_executions_ = options_.executions.value_or(options_.time ? UINT64_MAX : kDefaultExecutions);
    const std::chrono::nanoseconds time = options_.time ? *options_.time
                                          : options_.executions
                                              ? std::chrono::hours(24 * 365)
                                              : std::chrono::nanoseconds(kDefaultTime);
    deadline_ = begin_ + std::chrono::duration_cast<Clock::duration>(time);
  }

  CaseResult Run();

 private:
  enum class WorkerEnd { kEnded, kDied, kStopped };

  // Runs one worker to its end. Sets end_ when it is kEnded.
  WorkerEnd RunWorkerProcess();
  void ReceiveMessages(ChildProcess* child);
  void OnSuspicion(const SuspicionMessage& message);
  ReplayTask TaskFor(const SuspicionMessage& message) const;
  // Of the execution that showed it, among those that the result counts; the first is 1.
  uint64_t Ordinal(const SuspicionMessage& message) const {
    return earlier_executions_ + message.execution + 1;
  }
  void Keep(ReplayedFinding found);
  void ReportNondeterminism(const SuspicionMessage& message, const std::string& what);
  void AddNote(const std::string& note);
  void CountWorker();
  void ShowProgress(const HangWatch& watch);
  double Seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  bool FoundEnough() const;
  bool Met() const;

  const Explorer& explorer_;
  const CampaignOptions& options_;
  const Case& case_;
  SharedState* const worker_state_;
  const Clock::time_point begin_;
  Clock::time_point deadline_;
  uint64_t max_executions_ = 0;
  ExecutionOptions execution_;

  CaseResult result_;
  std::set<uint64_t> known_;  // SuspicionId
  uint32_t found_ = 0;        // kinds, as bits
  std::set<std::string> fingerprints_;
  std::vector<uint64_t> fatal_executions_;
  CampaignEnd end_ = CampaignEnd::kBudget;
  bool nondeterministic_ = false;
  bool deferred_spinner_ = false;
  // Of workers whose executions are not repeated by a later one; at most max_executions_.
  uint64_t earlier_executions_ = 0;
  uint64_t earlier_steps_ = 0;
  uint64_t earlier_cut_ = 0;
  double earlier_seconds_ = 0;
  // Of the last worker.
  bool last_died_hung_ = false;
  std::string last_output_;
  int last_status_ = 0;
};

void Explorer::Campaign::AddNote(const std::string& note) {
  if (note.empty()) return;
  if (!result_.note.empty()) result_.note += "; ";
  result_.note += note;
}

void Explorer::Campaign::CountWorker() {
  result_.executions = earlier_executions_ + worker_state_->executions.load();
  result_.steps = earlier_steps_ + worker_state_->steps.load();
  result_.cut_by_step_limit = earlier_cut_ + worker_state_->cut_by_step_limit.load();
  result_.seconds = earlier_seconds_ + worker_state_->seconds.load();
  deferred_spinner_ |= worker_state_->deferred_spinner.load();
}

void Explorer::Campaign::ShowProgress(const HangWatch& watch) {
  if (explorer_.observer_ == nullptr) return;
  CampaignProgress progress;
  progress.executions = earlier_executions_ + worker_state_->executions.load();
  progress.seconds = Seconds();
  progress.findings = result_.findings.size();
  progress.silent_seconds = std::chrono::duration<double>(watch.Silence()).count();
  if (const double share = worker_state_->share_done.load(); share >= 0)
    progress.share_done = share;
  explorer_.observer_->OnProgress(progress);
}

ReplayTask Explorer::Campaign::TaskFor(const SuspicionMessage& message) const {
  ReplayTask task;
  task.program = &case_;
  task.execution = execution_;
  task.decisions = message.decisions;
  task.schedule = ToText(ScheduleOf(case_, execution_, message.decisions));
  task.first_execution = Ordinal(message);
  task.step_timeout = options_.step_timeout;
  // The search has waited for the whole time already.
  if (message.kind == FindingKind::kTimeout) task.step_timeout /= 5;
  return task;
}

// Writes it and adds it to the result, unless it is there already.
void Explorer::Campaign::Keep(ReplayedFinding found) {
  if (found.id != 0) known_.insert(found.id);
  found_ |= uint32_t{1} << static_cast<int>(found.finding.kind);
  if (found.finding.kind == FindingKind::kNondeterminism) nondeterministic_ = true;
  if (!fingerprints_.insert(found.finding.fingerprint).second) return;
  if (result_.findings.size() >= kMaxFindings) return;
  FoundBug bug;
  bug.finding = std::move(found.finding);
  bug.expected =
      Contains(case_.expect, bug.finding.kind) || Contains(case_.tolerate, bug.finding.kind);
  const std::string& command = explorer_.options_.command;
  if (explorer_.folder_ != nullptr) {
    bug.directory = explorer_.folder_->DirectoryFor(bug.finding.fingerprint);
    bug.finding.replay = command + " replay " + explorer_.folder_->path() + "/" + bug.directory;
    std::string error;
    if (!explorer_.folder_->Write(bug.finding, &error)) AddNote(error);
  } else if (bug.finding.schedule.size() <= kLongestInCommand) {
    bug.finding.replay =
        command + " replay " + case_.name + " --schedule='" + bug.finding.schedule + "'";
  } else {
    bug.finding.replay = command + " replay DIR/findings/" + bug.finding.fingerprint +
                         ", after a run with --out=DIR (the schedule is long)";
  }
  result_.findings.push_back(std::move(bug));
}

void Explorer::Campaign::ReportNondeterminism(const SuspicionMessage& message,
                                              const std::string& what) {
  if (nondeterministic_) return;  // said once
  ReplayTask task = TaskFor(message);
  task.given = FindingKind::kNondeterminism;
  task.given_message = what;
  ReplayOutcome outcome = ReplayLoudly(task, explorer_.replay_state_.get());
  for (ReplayedFinding& found : outcome.findings) {
    if (found.finding.kind == FindingKind::kNondeterminism) return Keep(std::move(found));
  }
  AddNote(what);
  result_.internal_error = outcome.internal_error;
}

void Explorer::Campaign::OnSuspicion(const SuspicionMessage& message) {
  found_ |= uint32_t{1} << static_cast<int>(message.kind);
  if (!known_.insert(message.id).second) return;  // an earlier replay has shown it
  if (result_.findings.size() >= kMaxFindings) return;
  if (message.kind == FindingKind::kNondeterminism) {
    return ReportNondeterminism(message, message.message);
  }
  ReplayOutcome outcome = ReplayLoudly(TaskFor(message), explorer_.replay_state_.get());
  if (!outcome.internal_error.empty()) {
    result_.internal_error = outcome.internal_error;
    return;
  }
  bool shown = false;
  for (ReplayedFinding& found : outcome.findings) {
    shown |= found.finding.kind == message.kind;
    Keep(std::move(found));
  }
  if (shown) return;
  std::string what = "execution " + std::to_string(Ordinal(message)) + " showed " +
                     std::string(NameOf(message.kind));
  if (!message.message.empty()) what += " (" + message.message + ")";
  what += ", but the same schedule in a fresh process did not show it again";
  if (!outcome.divergence.empty()) what += ": " + outcome.divergence;
  what +=
      ". The case is not a function of its schedule: does it use the time, rand, an address, or "
      "something that outlives an execution?";
  ReportNondeterminism(message, what);
}

void Explorer::Campaign::ReceiveMessages(ChildProcess* child) {
  std::string_view bytes;
  while (result_.internal_error.empty() && child->NextMessage(&bytes)) {
    MessageReader reader(bytes);
    MessageType type;
    if (!reader.Get(&type)) continue;
    if (type == MessageType::kSuspicion) {
      SuspicionMessage message;
      if (message.Get(&reader)) OnSuspicion(message);
    } else if (type == MessageType::kCampaignEnd) {
      std::string note;
      if (reader.Get(&end_) && reader.GetText(&note)) AddNote(note);
      reader.GetText(&result_.search);
      reader.GetText(&result_.complete_bound);
    }
  }
}

Explorer::Campaign::WorkerEnd Explorer::Campaign::RunWorkerProcess() {
  WorkerTask task;
  task.program = &case_;
  task.options = &options_;
  task.execution = execution_;
  task.max_executions = max_executions_ - earlier_executions_;
  task.deadline = deadline_;
  task.fatal_executions = fatal_executions_;
  task.known.assign(known_.begin(), known_.end());
  task.found = found_;

  worker_state_->Reset();
  auto child = ChildProcess::Start([&](int pipe) { return RunWorker(task, worker_state_, pipe); },
                                   &result_.internal_error);
  if (child == nullptr) return WorkerEnd::kStopped;
  HangWatch watch(worker_state_, options_.step_timeout);
  while (!child->ended()) {
    child->Wait(kPoll);
    const size_t findings = result_.findings.size();
    ReceiveMessages(child.get());
    if (!result_.internal_error.empty()) return WorkerEnd::kStopped;
    if (result_.findings.size() != findings) watch.Pause();  // a replay took its time
    watch.Look(child.get());
    ShowProgress(watch);
    if (explorer_.observer_ != nullptr && explorer_.observer_->Cancelled()) {
      AddNote("interrupted");
      child->Kill();
      ReceiveMessages(child.get());
      return WorkerEnd::kStopped;
    }
    if (Clock::now() > deadline_ + kGrace + options_.step_timeout) {
      AddNote("the time was up in the middle of an execution");
      child->Kill();
      ReceiveMessages(child.get());
      return WorkerEnd::kStopped;
    }
  }
  ReceiveMessages(child.get());
  last_died_hung_ = watch.killed();
  last_status_ = child->wait_status();
  last_output_ = child->output();
  return worker_state_->phase.load() == WorkerPhase::kDone ? WorkerEnd::kEnded : WorkerEnd::kDied;
}

bool Explorer::Campaign::FoundEnough() const {
  if (options_.keep_going) return false;
  uint32_t expected = 0;
  for (const FindingKind kind : case_.expect) expected |= uint32_t{1} << static_cast<int>(kind);
  const bool unexpected = std::any_of(result_.findings.begin(), result_.findings.end(),
                                      [](const FoundBug& bug) { return !bug.expected; });
  return unexpected || (expected != 0 && (found_ & expected) == expected);
}

bool Explorer::Campaign::Met() const {
  if (!result_.internal_error.empty()) return false;
  for (const FindingKind kind : case_.expect) {
    if (std::none_of(result_.findings.begin(), result_.findings.end(),
                     [&](const FoundBug& bug) { return bug.finding.kind == kind; })) {
      return false;
    }
  }
  return std::all_of(result_.findings.begin(), result_.findings.end(),
                     [](const FoundBug& bug) { return bug.expected; });
}

CaseResult Explorer::Campaign::Run() {
  result_.skipped = WhyNotJudged(case_);
  if (!result_.skipped.empty()) {
    result_.met = true;
    return std::move(result_);
  }
  bool complete = false;
  for (int workers = 0;; ++workers) {
    const WorkerEnd end = RunWorkerProcess();
    CountWorker();
    if (end == WorkerEnd::kStopped) break;
    if (end == WorkerEnd::kEnded) {
      if (end_ == CampaignEnd::kNeedsUnlockPoints) {
        // Not every behaviour could be reached: from the beginning, with finer steps.
        result_.complete_bound.clear();
        execution_.unlock_is_point = true;
        earlier_executions_ = result_.executions;
        earlier_steps_ = result_.steps;
        earlier_cut_ = result_.cut_by_step_limit;
        earlier_seconds_ = result_.seconds;
        fatal_executions_.clear();
        if (earlier_executions_ < max_executions_) continue;
        break;
      }
      complete = end_ == CampaignEnd::kExhausted && result_.cut_by_step_limit == 0 &&
                 fatal_executions_.empty();
      break;
    }
    const Death death = DescribeDeath(last_status_, last_died_hung_, *worker_state_, last_output_);
    if (!death.internal_error.empty()) {
      result_.internal_error = death.internal_error;
      break;
    }
    const uint64_t execution = worker_state_->execution.load();
    SuspicionMessage message;
    message.kind = death.kind;
    message.message = death.message;
    message.id = SuspicionId(death.kind, MixSeed(execution, 0));
    message.execution = execution;
    message.decisions.assign(worker_state_->log.entries,
                             worker_state_->log.entries + worker_state_->log.count);
    OnSuspicion(message);
    if (!result_.internal_error.empty() || FoundEnough() || Clock::now() >= deadline_) break;
    fatal_executions_.push_back(execution);
    if (workers >= kMaxRestarts) {
      AddNote("stopped early: " + std::to_string(workers + 1) + " executions killed their worker");
      break;
    }
  }
  result_.complete = complete;
  if (result_.cut_by_step_limit > 0) {
    AddNote(std::to_string(result_.cut_by_step_limit) +
            " executions were cut by the step limit of " + std::to_string(execution_.max_steps) +
            "; raise it with --max-steps");
  }
  if (complete && deferred_spinner_) {
    AddNote("complete, treating loops that re-read unchanged memory as waiting");
  }
  result_.met = Met();
  return std::move(result_);
}

std::unique_ptr<Explorer> Explorer::Make(const ExplorerOptions& options, OutputFolder* folder,
                                         CampaignObserver* observer, std::string* error) {
  std::unique_ptr<Explorer> explorer(new Explorer(options, folder, observer));
  explorer->worker_state_ = MakeSharedState();
  explorer->replay_state_ = MakeSharedState();
  if (explorer->worker_state_ == nullptr || explorer->replay_state_ == nullptr) {
    *error = std::string("no memory to share with workers: ") + std::strerror(errno);
    return nullptr;
  }
  return explorer;
}

CaseResult Explorer::Explore(const Case& explored) { return Campaign(*this, explored).Run(); }

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
