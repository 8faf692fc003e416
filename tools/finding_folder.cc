#include "tools/finding_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "harness/explore/schedule_of.h"
#include "harness/report/json_report.h"
#include "harness/schedule/schedule.h"
#include "tools/case_choice.h"
#include "tools/exit_status.h"
#include "tools/subcommand.h"

namespace heddle {

namespace fs = std::filesystem;

namespace {

// What cannot be one, such as a name that is too long, is none.
bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace

std::optional<std::string> ReadFile(const fs::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || IsFolder(path)) return std::nullopt;
  return text.str();
}

std::string FolderOf(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return path;
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

int ReadFindingFolder(const std::string& folder, std::string* schedule, Finding* finding) {
  const fs::path file = fs::path(folder) / "schedule.txt";
  if (!IsFolder(folder)) {
    std::string error;
    const bool is_case = !CasesMatching(folder, &error).empty();
    return BadInput(is_case ? "case " + folder +
                                  " is to be replayed, but by which schedule? Add "
                                  "--schedule=TEXT or --schedule=@FILE"
                            : "'" + folder + "' is neither the folder of a finding nor a case");
  }
  auto text = ReadFile(file);
  if (!text) {
    return BadInput("cannot read '" + file.string() +
                    "': " + std::strerror(errno != 0 ? errno : ENOENT) +
                    "; expected the folder of a finding, such as out/findings/<fingerprint>");
  }
  *schedule = *std::move(text);
  const fs::path json = fs::path(folder) / "finding.json";
  const auto content = ReadFile(json);
  if (!content) {
    return BadInput("cannot read '" + json.string() +
                    "': " + std::strerror(errno != 0 ? errno : ENOENT) +
                    "; without it, replay the schedule alone: CASE --schedule=@" + file.string());
  }
  auto read = FindingFromJson(*content);
  if (!read.ok()) {
    return BadInput("'" + json.string() + "': " + std::string(read.status().message()));
  }
  *finding = *std::move(read);
  return kMet;
}

int MakeReplayTask(const std::string& text, const std::string& source, ReplayTask* task) {
  auto schedule = ParseSchedule(text);
  if (!schedule.ok()) {
    return BadInput(source + ": " + std::string(schedule.status().message()));
  }
  auto replayable = ResolveSchedule(*schedule);
  if (!replayable.ok()) {
    return BadInput(source + ": " + std::string(replayable.status().message()));
  }
  task->program = replayable->program;
  task->execution = replayable->execution;
  task->schedule = ToText(*schedule);
  task->decisions = std::move(schedule->decisions);
  return kMet;
}

int ReplayFindingFolder(const std::string& folder, ReplayTask* task, ReplayedFinding* finding,
                        SharedState* shared) {
  if (!IsFolder(folder)) {
    return BadInput("'" + folder +
                    "' is no folder; expected that of a finding, such as "
                    "out/findings/<fingerprint>");
  }
  std::string text;
  Finding wanted;
  if (const int status = ReadFindingFolder(folder, &text, &wanted); status != kMet) return status;
  const std::string source = (fs::path(folder) / "schedule.txt").string();
  if (const int status = MakeReplayTask(text, source, task); status != kMet) return status;
  task->first_execution = wanted.first_execution;
  ReplayOutcome outcome = ReplayLoudly(*task, shared);
  if (!outcome.internal_error.empty()) return InternalError(outcome.internal_error);
  if (!outcome.divergence.empty()) {
    return BadInput(source + ": the replay diverged from the schedule at " + outcome.divergence +
                    ". The case is not a function of its schedule (time, rand, addresses, state "
                    "that outlives an execution?), or the machine differs");
  }
  const auto shown = std::find_if(
      outcome.findings.begin(), outcome.findings.end(), [&](const ReplayedFinding& found) {
        return found.finding.kind == wanted.kind && found.finding.fingerprint == wanted.fingerprint;
      });
  if (shown == outcome.findings.end()) {
    return BadInput("'" + folder + "': the schedule was followed to its end, but the " +
                    std::string(NameOf(wanted.kind)) + " " + wanted.fingerprint +
                    " did not show; explore the case again");
  }
  *finding = std::move(*shown);
  finding->finding.replay = wanted.replay;
  finding->finding.reduction = wanted.reduction;
  return kMet;
}

}  // namespace heddle
