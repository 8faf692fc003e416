#include "harness/explore/confirmation.h"

#include <algorithm>
#include <utility>

#include "harness/explore/cause.h"
#include "harness/explore/schedule_of.h"
#include "harness/explore/tally.h"

namespace heddle {
namespace {

constexpr size_t kMaxFindings = 100;
constexpr size_t kMaxSuspicions = 500;
constexpr size_t kLongestInCommand = 400;

bool Contains(const std::vector<FindingKind>& kinds, FindingKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

void Confirmation::OnEvent(const UnitEvent& event, uint64_t ordinal,
                           const ExecutionOptions& execution) {
  ReplayTask task;
  task.program = &case_;
  task.execution = execution;
  task.decisions = event.decisions;
  task.first_execution = ordinal;
  for (const RaisedSuspicion& suspicion : event.raised) {
    found_ |= uint32_t{1} << static_cast<int>(suspicion.kind);
    if (known_.size() >= kMaxSuspicions || !known_.insert(suspicion.id).second) continue;
    if (result_.findings.size() >= kMaxFindings) continue;
    if (task.schedule.empty()) task.schedule = ToText(ScheduleOf(case_, execution, task.decisions));
    task.step_timeout = options_.step_timeout;
    // The search has waited for the whole time already.
    if (suspicion.kind == FindingKind::kTimeout) task.step_timeout /= 5;
    Confirm(suspicion, task);
    if (!result_.internal_error.empty()) return;
  }
}

void Confirmation::Confirm(const RaisedSuspicion& suspicion, const ReplayTask& task) {
  if (suspicion.kind == FindingKind::kNondeterminism) {
    return ReportNondeterminism(task, suspicion.message);
  }
  ReplayOutcome outcome = ReplayLoudly(task, replay_state_);
  if (!outcome.internal_error.empty()) {
    result_.internal_error = outcome.internal_error;
    return;
  }
  bool shown = false;
  for (ReplayedFinding& found : outcome.findings) {
    shown |= found.finding.kind == suspicion.kind;
    if (outcome.died) {
      Keep(std::move(found));
    } else {
      KeepExplained(std::move(found), task);
    }
  }
  if (shown) return;
  std::string what = "execution " + std::to_string(task.first_execution) + " showed " +
                     std::string(NameOf(suspicion.kind));
  if (!suspicion.message.empty()) what += " (" + suspicion.message + ")";
  // What is left on a stack that has ended, or in freed memory, is no matter of schedules.
  if (outcome.died && !outcome.findings.empty()) {
    AddNote(&result_, what + "; in a fresh process it ended in the crash before that");
    return;
  }
  what += ", but the same schedule in a fresh process did not show it again";
  if (!outcome.divergence.empty()) what += ": " + outcome.divergence;
  what +=
      ". The case is not a function of its schedule: does it use the time, rand, an address, or "
      "something that outlives an execution?";
  ReportNondeterminism(task, what);
}

void Confirmation::ReportNondeterminism(ReplayTask task, const std::string& what) {
  if (nondeterministic_) return;  // said once
  task.given = FindingKind::kNondeterminism;
  task.given_message = what;
  ReplayOutcome outcome = ReplayLoudly(task, replay_state_);
  for (ReplayedFinding& found : outcome.findings) {
    if (found.finding.kind == FindingKind::kNondeterminism) return Keep(std::move(found));
  }
  AddNote(&result_, what);
  result_.internal_error = outcome.internal_error;
}

void Confirmation::KeepExplained(ReplayedFinding found, ReplayTask task) {
  Finding& finding = found.finding;
  const uint64_t executions = options_.minimize_executions;
  const bool keep = found.id != 0 && !fingerprints_.contains(finding.fingerprint) &&
                    result_.findings.size() < kMaxFindings;
  if (found.id != 0) fingerprint_of_.emplace(found.id, finding.fingerprint);
  if (keep && executions > 0) {
    const ReducerBudget budget{executions, executions * ReducerBudget::kStepsPerExecution};
    Minimized smaller = Minimize({task, found, budget}, &fingerprint_of_, replay_state_);
    finding = std::move(smaller.finding);
    task.decisions = std::move(smaller.decisions);
  }
  if (keep && options_.explain_executions > 0) {
    FindCause(task, &fingerprint_of_, options_.explain_executions, replay_state_, &finding);
  }
  Keep(std::move(found));
}

// Writes it and adds it to the result, unless it is there already.
void Confirmation::Keep(ReplayedFinding found) {
  if (found.id != 0) known_.insert(found.id);
  found_ |= uint32_t{1} << static_cast<int>(found.finding.kind);
  if (found.finding.kind == FindingKind::kNondeterminism) nondeterministic_ = true;
  if (!fingerprints_.insert(found.finding.fingerprint).second) return;
  if (result_.findings.size() >= kMaxFindings) return;
  FoundBug bug;
  bug.finding = std::move(found.finding);
  bug.expected =
      Contains(case_.expect, bug.finding.kind) || Contains(case_.tolerate, bug.finding.kind);
  if (folder_ != nullptr) {
    bug.directory = folder_->DirectoryFor(bug.finding.fingerprint);
    bug.finding.replay = command_ + " replay " + folder_->path() + "/" + bug.directory;
    std::string error;
    if (!folder_->Write(bug.finding, &error)) AddNote(&result_, error);
  } else if (bug.finding.schedule.size() <= kLongestInCommand) {
    bug.finding.replay =
        command_ + " replay " + case_.name + " --schedule='" + bug.finding.schedule + "'";
  } else {
    bug.finding.replay = command_ + " replay DIR/findings/" + bug.finding.fingerprint +
                         ", after a run with --out=DIR (the schedule is long)";
  }
  result_.findings.push_back(std::move(bug));
}

}  // namespace heddle
