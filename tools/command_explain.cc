// heddle explain: finds out which orders of steps a finding depends on, and writes its files again.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "harness/explore/cause.h"
#include "harness/explore/output_folder.h"
#include "harness/explore/shared_state.h"
#include "harness/report/text_report.h"
#include "tools/exit_status.h"
#include "tools/finding_folder.h"
#include "tools/option_values.h"
#include "tools/subcommand.h"
#include "tools/terminal.h"

namespace heddle {
namespace {

constexpr uint64_t kDefaultBudget = 100'000;

struct Options {
  std::string folder;
  std::string executions = std::to_string(kDefaultBudget);
};

int ExplainFinding(const Options& options) {
  const SharedStatePtr shared = MakeSharedState();
  if (shared == nullptr) {
    return InternalError(std::string("no memory to share with the replay: ") +
                         std::strerror(errno));
  }
  ReplayTask task;
  ReplayedFinding found;
  if (const int status = ReplayFindingFolder(options.folder, &task, &found, shared.get());
      status != kMet) {
    return status;
  }
  Finding& finding = found.finding;
  if (found.id == 0) {
    return BadInput("'" + options.folder + "': a finding that ends the process, hangs or is " +
                    "nondeterminism is not a matter of orders of steps");
  }
  KnownFingerprints known = {{found.id, finding.fingerprint}};
  FindCause(task, &known, *ParseCount(options.executions), shared.get(), &finding);
  std::string error;
  if (!RewriteFinding(options.folder, finding, &error)) return BadInput(error);
  std::printf("%s %s of case %s\n%s", std::string(NameOf(finding.kind)).c_str(),
              finding.fingerprint.c_str(), finding.case_name.c_str(),
              RenderCause(finding, {.width = Width(STDOUT_FILENO)}).c_str());
  return kMet;
}

}  // namespace

Action AddExplainCommand(CLI::App* subcommand) {
  auto options = std::make_shared<Options>();
  subcommand
      ->add_option("FINDING-DIR", options->folder,
                   "The folder of a finding (out/findings/<fingerprint>); its files are replaced")
      ->transform(FolderOf)
      ->required();
  subcommand
      ->add_option("--executions", options->executions,
                   "Schedules near the failing one to try, at most")
      ->check(CountBetween(1, 1'000'000'000))
      ->capture_default_str();
  subcommand->footer(
      "Exit status of explain: 0 the folder says what is known; 2 bad usage or bad input, or the\n"
      "finding did not show again; 3 internal error.");
  return [options] { return ExplainFinding(*options); };
}

}  // namespace heddle
