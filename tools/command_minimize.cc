// heddle minimize: makes the schedule of a finding as small as can be, and writes its files again.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "harness/explore/cause.h"
#include "harness/explore/minimize.h"
#include "harness/explore/output_folder.h"
#include "harness/explore/shared_state.h"
#include "tools/exit_status.h"
#include "tools/finding_folder.h"
#include "tools/option_values.h"
#include "tools/subcommand.h"

namespace heddle {
namespace {

constexpr uint64_t kDefaultBudget = 1'000'000;

struct Options {
  std::string folder;
  std::string executions = std::to_string(kDefaultBudget);
};

std::string Row(const char* what, uint64_t before, uint64_t after) {
  char text[80];
  std::snprintf(text, sizeof(text), "  %-18s %8llu -> %llu\n", what,
                static_cast<unsigned long long>(before), static_cast<unsigned long long>(after));
  return text;
}

std::string Conclusion(const Reduction& reduction, uint64_t preemptions) {
  const std::string tried = " (" + std::to_string(reduction.executions) + " executions tried)\n";
  if (preemptions == 0) return "it shows without any preemption" + tried;
  if (reduction.proved) return "no schedule with fewer preemptions shows it: proved" + tried;
  return "the smallest found; whether fewer preemptions would do is not known: a larger "
         "--executions may tell" +
         tried;
}

int Minimize(const Options& options) {
  const SharedStatePtr shared = MakeSharedState();
  if (shared == nullptr) {
    return InternalError(std::string("no memory to share with the replay: ") +
                         std::strerror(errno));
  }
  MinimizeTask task;
  const uint64_t executions = *ParseCount(options.executions);
  task.budget = {executions, executions * ReducerBudget::kStepsPerExecution};
  if (const int status =
          ReplayFindingFolder(options.folder, &task.replay, &task.finding, shared.get());
      status != kMet) {
    return status;
  }
  KnownFingerprints known;
  Minimized smaller = heddle::Minimize(task, &known, shared.get());
  if (!smaller.why_not.empty()) return BadInput("'" + options.folder + "': " + smaller.why_not);
  Finding& finding = smaller.finding;
  finding.replay = task.finding.finding.replay;
  task.replay.decisions = std::move(smaller.decisions);
  FindCause(task.replay, &known, executions, shared.get(), &finding);
  std::string error;
  if (!RewriteFinding(options.folder, finding, &error)) return BadInput(error);
  const ScheduleSize& before = task.finding.finding.size;
  std::string text = std::string(NameOf(finding.kind)) + " " + finding.fingerprint + " of case " +
                     finding.case_name + "\n";
  text += Row("preemptions", before.preemptions, finding.size.preemptions);
  text += Row("context switches", before.switches, finding.size.switches);
  text += Row("threads", before.threads, finding.size.threads);
  text += Row("decisions", before.decisions, finding.size.decisions);
  std::fputs((text + Conclusion(*finding.reduction, finding.size.preemptions)).c_str(), stdout);
  return kMet;
}

}  // namespace

Action AddMinimizeCommand(CLI::App* subcommand) {
  auto options = std::make_shared<Options>();
  subcommand
      ->add_option("FINDING-DIR", options->folder,
                   "The folder of a finding (out/findings/<fingerprint>); its files are replaced")
      ->transform(FolderOf)
      ->required();
  subcommand
      ->add_option("--executions", options->executions,
                   "Executions to try, at most, of " +
                       std::to_string(ReducerBudget::kStepsPerExecution) + " steps on average")
      ->check(CountBetween(1, 1'000'000'000'000))
      ->capture_default_str();
  subcommand->footer(
      "Exit status of minimize: 0 the folder holds the smallest schedule found; 2 bad usage or "
      "bad\n"
      "input, or the finding did not show again; 3 internal error.");
  return [options] { return Minimize(*options); };
}

}  // namespace heddle
