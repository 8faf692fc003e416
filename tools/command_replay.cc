// heddle replay: runs one schedule again, in a fresh process, and reports what it shows.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/explore/case.h"
#include "harness/explore/loud_replay.h"
#include "harness/explore/shared_state.h"
#include "harness/report/text_report.h"
#include "harness/schedule/schedule.h"
#include "tools/case_choice.h"
#include "tools/exit_status.h"
#include "tools/finding_folder.h"
#include "tools/option_values.h"
#include "tools/subcommand.h"
#include "tools/terminal.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

// How often a schedule that showed nondeterminism is repeated: enough for a coin to fall both ways.
constexpr int kRepetitions = 20;

struct Options {
  std::string target;
  std::string schedule;
  std::string step_timeout = "5s";
};

// What is to be replayed, and where it came from.
struct Request {
  std::string text;                // of the schedule
  std::string source;              // for messages: a file or option
  std::optional<Finding> finding;  // the one to be shown; empty: any
};

bool IsCase(const std::string& name) {
  const std::vector<Case>& all = AllCases();
  return std::any_of(all.begin(), all.end(), [&](const Case& one) { return one.name == name; });
}

int ReadRequest(const Options& options, Request* request) {
  if (options.schedule.empty()) {
    const std::string folder = FolderOf(options.target);
    request->source = (fs::path(folder) / "schedule.txt").string();
    return ReadFindingFolder(folder, &request->text, &request->finding.emplace());
  }
  // Who brings a schedule means a case, whatever else has its name here.
  std::error_code ignored;
  if (!IsCase(options.target) && fs::exists(options.target, ignored)) {
    return BadInput("'" + options.target +
                    "': a folder brings its own schedule, and --schedule is another; give either");
  }
  std::string error;
  const auto cases = CasesMatching(options.target, &error);
  if (cases.empty()) return BadInput(error);
  if (options.schedule.front() != '@') {
    request->text = options.schedule;
    request->source = "--schedule";
    return kMet;
  }
  request->source = options.schedule.substr(1);
  const auto text = ReadFile(request->source);
  if (!text) {
    return BadInput("--schedule: cannot read '" + request->source +
                    "': " + std::strerror(errno != 0 ? errno : EISDIR));
  }
  request->text = *text;
  return kMet;
}

void Print(const Finding& finding) {
  const TextOptions layout{UseColor(STDOUT_FILENO), Width(STDOUT_FILENO)};
  std::printf("%s\n", RenderText(finding, layout).c_str());
}

bool IsWanted(const Request& request, const Finding& shown) {
  return !request.finding || (shown.kind == request.finding->kind &&
                              shown.fingerprint == request.finding->fingerprint);
}

// What it took other schedules to find out stands in the folder.
void TakeWhatIsKnown(const Finding& known, Finding* shown) {
  shown->reduction = known.reduction;
  shown->cause = known.cause;
  shown->orders = known.orders;
  shown->choices = known.choices;
  for (FindingStep& step : shown->interleaving) {
    step.matters |= std::any_of(
        known.interleaving.begin(), known.interleaving.end(), [&](const FindingStep& other) {
          return other.matters && other.step == step.step && other.thread == step.thread;
        });
  }
}

int Judge(const Request& request, const ReplayOutcome& outcome) {
  const std::vector<ReplayedFinding>& shown = outcome.findings;
  const auto wanted =
      std::find_if(shown.begin(), shown.end(), [&](const ReplayedFinding& replayed) {
        return IsWanted(request, replayed.finding);
      });
  const bool nondeterminism =
      request.finding && request.finding->kind == FindingKind::kNondeterminism;
  if (!outcome.divergence.empty() && !(nondeterminism && wanted != shown.end())) {
    const std::string what = "the replay diverged from the schedule at " + outcome.divergence;
    if (!nondeterminism) {
      return BadInput(what +
                      ". The case is not a function of its schedule (time, rand, addresses, "
                      "state that outlives an execution?), or the machine differs");
    }
    std::printf("reproduced: nondeterminism %s\n%s\n", request.finding->fingerprint.c_str(),
                what.c_str());
    return kNotMet;
  }
  if (wanted == shown.end()) {
    for (const ReplayedFinding& other : shown) Print(other.finding);
    if (nondeterminism) {
      std::printf(
          "not shown: the case did the same in %d executions of the schedule in one process and in "
          "one in a fresh process. What it depends on (the time, rand, earlier executions of other "
          "schedules?) did not make a difference here\n",
          kRepetitions);
      return kMet;
    }
    std::printf(
        "not shown: the schedule was followed to its end, but %s\n",
        !request.finding ? "nothing was found"
        : shown.empty()
            ? ("the " + std::string(NameOf(request.finding->kind)) + " did not show").c_str()
            : "what it showed is not this finding");
    return kMet;
  }
  for (const ReplayedFinding& replayed : shown) {
    if (request.finding && &replayed != &*wanted) continue;
    Print(replayed.finding);
    std::printf("reproduced: %s %s\n", std::string(NameOf(replayed.finding.kind)).c_str(),
                replayed.finding.fingerprint.c_str());
  }
  return kNotMet;
}

// What the program under test printed, marked as such.
void PrintOutput(std::string_view output) {
  if (output.empty()) return;
  std::printf("the program printed:\n");
  while (!output.empty()) {
    const size_t end = output.find('\n');
    const std::string_view line = output.substr(0, end);
    std::printf("  | %.*s\n", static_cast<int>(line.size()), line.data());
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
  }
  std::printf("\n");
}

int Replay(const Options& options) {
  Request request;
  if (const int status = ReadRequest(options, &request); status != kMet) return status;
  if (!options.schedule.empty()) {
    auto schedule = ParseSchedule(request.text);
    if (schedule.ok() && schedule->case_name != options.target) {
      return BadInput(request.source + ": the schedule is of case '" + schedule->case_name +
                      "', not of '" + options.target + "'");
    }
  }
  ReplayTask task;
  if (const int status = MakeReplayTask(request.text, request.source, &task); status != kMet) {
    return status;
  }
  const SharedStatePtr shared = MakeSharedState();
  if (shared == nullptr) {
    return InternalError(std::string("no memory to share with the replay: ") +
                         std::strerror(errno));
  }
  task.first_execution = request.finding ? request.finding->first_execution : 1;
  task.step_timeout = *ParseDuration(options.step_timeout);
  if (request.finding && request.finding->kind == FindingKind::kNondeterminism) {
    task.given_message = DifferenceWhenRepeated(task, kRepetitions, shared.get());
    if (!task.given_message.empty()) task.given = FindingKind::kNondeterminism;
  }
  ReplayOutcome outcome = ReplayLoudly(task, shared.get());
  if (!outcome.internal_error.empty()) return InternalError(outcome.internal_error);
  for (ReplayedFinding& replayed : outcome.findings) {
    if (request.finding && request.finding->schedule == task.schedule &&
        IsWanted(request, replayed.finding)) {
      TakeWhatIsKnown(*request.finding, &replayed.finding);
    }
  }
  PrintOutput(outcome.output);
  return Judge(request, outcome);
}

}  // namespace

Action AddReplayCommand(CLI::App* subcommand) {
  auto options = std::make_shared<Options>();
  subcommand
      ->add_option("TARGET", options->target,
                   "The folder of a finding (out/findings/<fingerprint>), or a case")
      ->required();
  subcommand->add_option("--schedule", options->schedule,
                         "For a case: the schedule's text, or @FILE");
  subcommand
      ->add_option("--step-timeout", options->step_timeout,
                   "Real time without a scheduling point after which a case is said to hang")
      ->check(Duration())
      ->capture_default_str();
  subcommand->footer(kExitStatusOfReplay);
  return [options] { return Replay(*options); };
}

}  // namespace heddle
