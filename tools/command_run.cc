// heddle run: explores cases and reports what is found.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/explore/build_id.h"
#include "harness/explore/checkpoint.h"
#include "harness/explore/explorer.h"
#include "harness/explore/output_folder.h"
#include "harness/explore/sample.h"
#include "harness/strategy/registry.h"
#include "tools/case_choice.h"
#include "tools/interrupt.h"
#include "tools/option_values.h"
#include "tools/progress_line.h"
#include "tools/run_results.h"
#include "tools/run_table.h"
#include "tools/subcommand.h"
#include "tools/terminal.h"

namespace heddle {
namespace {

constexpr uint64_t kMostSteps = 250'000;
constexpr uint64_t kMostSpurious = 1'000;
constexpr uint64_t kMostJobs = 1'024;

struct Options {
  std::string glob;
  std::string strategy = "default";
  std::string executions;
  std::string time;
  std::string seed = "1";
  std::string jobs;
  std::string memory_model = "sc";
  std::string timeouts = "late";
  std::string spurious = "0";
  std::string max_steps;
  std::string step_timeout = "5s";
  std::string shard;
  std::string out;
  std::string format = "text";
  bool resume = false;
  std::string minimize = std::to_string(CampaignOptions{}.minimize_executions);
  std::string explain = std::to_string(CampaignOptions{}.explain_executions);
  bool keep_going = false;
  bool require_complete = false;
  bool check_determinism = false;
};

// Those that this process may run on.
uint32_t AvailableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof(cores), &cores) != 0) return 1;
  return static_cast<uint32_t>(std::max(CPU_COUNT(&cores), 1));
}

CampaignOptions CampaignFor(const Options& options) {
  CampaignOptions campaign;
  campaign.strategy = options.strategy;
  if (!options.executions.empty()) campaign.executions = ParseCount(options.executions);
  if (!options.time.empty()) campaign.time = ParseDuration(options.time);
  campaign.seed = *ParseCount(options.seed);
  campaign.timeouts = options.timeouts == "any" ? Timeouts::kAny : Timeouts::kLate;
  campaign.spurious = static_cast<uint32_t>(*ParseCount(options.spurious));
  if (!options.max_steps.empty()) campaign.max_steps = ParseCount(options.max_steps);
  campaign.step_timeout = *ParseDuration(options.step_timeout);
  campaign.jobs =
      options.jobs.empty() ? AvailableCores() : static_cast<uint32_t>(*ParseCount(options.jobs));
  campaign.minimize_executions = *ParseCount(options.minimize);
  campaign.explain_executions = *ParseCount(options.explain);
  campaign.keep_going = options.keep_going;
  campaign.check_determinism = options.check_determinism;
  return campaign;
}

// All that a result depends on.
RunIdentity IdentityOf(const Options& options, const Shard& shard,
                       const std::vector<const Case*>& cases) {
  const auto flag = [](bool given) { return given ? "yes" : ""; };
  RunIdentity identity;
  identity.build = BuildId();
  identity.options = {{"--strategy", options.strategy},
                      {"--executions", options.executions},
                      {"--time", options.time},
                      {"--seed", options.seed},
                      {"--memory-model", options.memory_model},
                      {"--timeouts", options.timeouts},
                      {"--spurious", options.spurious},
                      {"--max-steps", options.max_steps},
                      {"--step-timeout", options.step_timeout},
                      {"--minimize", options.minimize},
                      {"--explain", options.explain},
                      {"--keep-going", flag(options.keep_going)},
                      {"--check-determinism", flag(options.check_determinism)},
                      {"--shard", shard.divided() ? shard.ToText() : ""}};
  for (const Case* explored : cases) identity.cases.push_back(explored->name);
  return identity;
}

// The checkpoint of the run to go on with. False, with the reason in `*error`.
bool Resume(const Options& options, Checkpoint* checkpoint, std::string* error) {
  if (options.out.empty()) {
    *error = "expected --out=DIR, the folder of the run to go on with";
    return false;
  }
  Checkpoint read;
  if (!ReadCheckpoint(options.out, &read, error)) return false;
  if (const std::string other = Difference(read.identity, checkpoint->identity); !other.empty()) {
    *error = "the run in '" + options.out + "' is another one: " + other +
             ". Go on with the same command, or leave out --resume to replace it";
    return false;
  }
  for (CaseResult& result : read.results) {
    if (!ReadFindings(options.out, &result, error)) return false;
  }
  *checkpoint = std::move(read);
  return true;
}

// The share of the run that is this process's: as the option says, else as the environment does.
std::optional<Shard> ShardFor(const Options& options, std::string* source, std::string* error) {
  if (!options.shard.empty()) return ParseShard(options.shard, error);
  // Bazel wants to know that its variables are heeded.
  if (const char* const status = std::getenv("TEST_SHARD_STATUS_FILE"); status != nullptr) {
    std::ofstream(status, std::ios::app).flush();
  }
  return ShardFromEnvironment([](const char* name) { return std::getenv(name); }, source, error);
}

// The case at this place of the run is another shard's. Of what is divided by index, none is.
bool IsElsewhere(const CampaignOptions& campaign, size_t place) {
  const Shard& shard = campaign.shard;
  return shard.divided() && place % shard.count != shard.index &&
         !(*MakeStrategy(campaign.strategy))->CommonExecutions().has_value();
}

CaseResult Elsewhere(const Case& explored, const Shard& shard, size_t place) {
  CaseResult result;
  result.name = explored.name;
  result.expected = explored.expect;
  result.met = true;
  const Shard other{static_cast<uint32_t>(place % shard.count), shard.count};
  result.skipped = "explored by shard " + other.ToText();
  result.log.elsewhere = true;
  return result;
}

int Run(const Options& options, const std::string& command) {
  if (auto strategy = MakeStrategy(options.strategy); !strategy.ok()) {
    return BadInput("--strategy: " + std::string(strategy.status().message()));
  }
  if (options.require_complete && !FindStrategy(options.strategy)->can_complete) {
    return BadInput("--require-complete: strategy '" + options.strategy +
                    "' samples and never knows that it has seen everything. Expected one of " +
                    StrategiesThatComplete() + "; or leave --require-complete out");
  }
  std::string error;
  const std::vector<const Case*> cases = CasesMatching(options.glob, &error);
  if (cases.empty()) return BadInput(error);
  std::string source;
  const auto shard = ShardFor(options, &source, &error);
  if (!shard) return BadInput((source.empty() ? "--shard: " : "") + error);
  if (shard->divided() && options.require_complete) {
    return BadInput("--require-complete: shard " + shard->ToText() +
                    " cannot tell what the others explore; ask heddle merge --require-complete");
  }
  Checkpoint checkpoint;
  checkpoint.identity = IdentityOf(options, *shard, cases);
  if (options.resume && !Resume(options, &checkpoint, &error)) {
    return BadInput("--resume: " + error);
  }
  std::unique_ptr<OutputFolder> folder;
  if (!options.out.empty()) {
    folder = options.resume ? OutputFolder::Reopen(options.out, &error)
                            : OutputFolder::Open(options.out, &error);
    if (folder == nullptr) return BadInput("--out: " + error);
    // Again, now that nobody else writes there: whoever did may have gone on with the run.
    if (options.resume && !Resume(options, &checkpoint, &error)) {
      return BadInput("--resume: " + error);
    }
    if (!folder->WriteCheckpoint(checkpoint, &error)) return BadInput("--out: " + error);
    for (const CaseResult& result : checkpoint.results) {
      for (const FoundBug& found : result.findings) {
        if (!folder->Keep(found, &error)) return BadInput("--out: " + error);
      }
    }
  }

  const bool text = options.format == "text";
  ProgressLine progress(text && TakesEscapes(STDERR_FILENO));
  ExplorerOptions explorer_options{CampaignFor(options), command};
  explorer_options.campaign.shard = *shard;
  const auto explorer = Explorer::Make(explorer_options, folder.get(), &progress, &error);
  if (explorer == nullptr) return InternalError(error);
  TakeInterrupts();

  const CampaignOptions& campaign = explorer_options.campaign;
  const RunTable table(cases, UseColor(STDOUT_FILENO));
  const auto save = [&](std::string state) {
    checkpoint.campaign = std::move(state);
    if (!folder->WriteCheckpoint(checkpoint, &error)) BadInput("--out: " + error);
  };
  std::vector<CaseResult> results;
  if (shard->divided()) {
    std::fprintf(text ? stdout : stderr, "shard %s%s; heddle merge puts the shards together\n",
                 shard->ToText().c_str(), source.empty() ? "" : (", from " + source).c_str());
  }
  if (text) std::fputs(table.Header().c_str(), stdout);
  for (const Case* explored : cases) {
    progress.Begin("[" + std::to_string(results.size() + 1) + "/" + std::to_string(cases.size()) +
                   "] " + explored->name);
    if (results.size() < checkpoint.results.size()) {
      results.push_back(checkpoint.results[results.size()]);
    } else if (IsElsewhere(campaign, results.size())) {
      results.push_back(Elsewhere(*explored, campaign.shard, results.size()));
    } else if (folder == nullptr) {
      results.push_back(explorer->Explore(*explored));
    } else {
      const std::string saved = std::exchange(checkpoint.campaign, "");
      results.push_back(explorer->Explore(*explored, saved, save));
    }
    progress.Clear();
    const CaseResult& result = results.back();
    if (text) PrintCase(table, result, results.size() == cases.size());
    const bool ended = !Interrupted() && result.internal_error.empty();
    if (ended && results.size() > checkpoint.results.size()) {
      checkpoint.campaign.clear();
      checkpoint.results.push_back(result);
    }
    if (folder != nullptr && (!folder->WriteRun(campaign, BuildId(), results, &error) ||
                              !folder->WriteCheckpoint(checkpoint, &error))) {
      return BadInput("--out: " + error);
    }
    if (!result.internal_error.empty()) {
      InternalError("in the exploration of " + result.name + ": " + result.internal_error);
    }
    if (Interrupted()) break;
  }

  if (text) {
    const std::string out = folder == nullptr ? "" : folder->path();
    std::fputs(table.Summary(results, out, IsSample(options.strategy)).c_str(), stdout);
  } else {
    std::fputs(RunJson(campaign, BuildId(), results).c_str(), stdout);
  }
  // Who searches to the end is told why that was not reached; samples have none.
  const bool searches = options.strategy != Options().strategy &&
                        FindStrategy(options.strategy)->can_complete && !shard->divided();
  if (options.require_complete || (text && searches)) {
    std::fputs(RunTable::NotComplete(results, options.require_complete).c_str(),
               text ? stdout : stderr);
  }
  if (Interrupted()) {
    if (folder != nullptr) {
      std::fputs("interrupted; the same command with --resume goes on\n", text ? stdout : stderr);
    }
    folder.reset();  // no destructor runs
    EndInterrupted();
  }
  return StatusOf(results, options.require_complete);
}

}  // namespace

Action AddRunCommand(CLI::App* subcommand, const std::string& command) {
  auto options = std::make_shared<Options>();
  subcommand->add_option("CASE-GLOB", options->glob,
                         "Cases to explore, such as 'race/*'; * also matches '/'. All by default");
  subcommand->add_option("--strategy", options->strategy, "NAME[:key=value,...]; see below")
      ->capture_default_str();
  subcommand
      ->add_option("--executions", options->executions,
                   "Executions of each case, at most. Without --time: " +
                       std::to_string(kDefaultExecutions) + " in at most " +
                       std::to_string(kDefaultTime.count()) + "s")
      ->check(CountBetween(1, UINT64_MAX));
  subcommand->add_option("--time", options->time, "Time for each case, at most: 500ms, 10s, 5m ...")
      ->check(Duration());
  subcommand->add_option("--seed", options->seed, "The only source of randomness")
      ->check(CountBetween(0, UINT64_MAX))
      ->capture_default_str();
  subcommand
      ->add_option("--jobs", options->jobs,
                   "Worker processes that share the executions of a case; what is found does not "
                   "depend on it. By default as many as there are cores")
      ->check(CountBetween(1, kMostJobs));
  subcommand
      ->add_option("--memory-model", options->memory_model,
                   "How atomics interleave: sc (sequentially consistent)")
      ->check([](const std::string& model) -> std::string {
        if (model == "sc") return {};
        return "'" + model + "' is not a memory model of this build; expected sc";
      })
      ->capture_default_str();
  subcommand
      ->add_option(
          "--timeouts", options->timeouts,
          "When timed waits time out: late (when nothing else can run) or any (at any point)")
      ->check(CLI::IsMember({"late", "any"}))
      ->capture_default_str();
  subcommand
      ->add_option("--spurious", options->spurious,
                   "Spurious wakeups, and spurious failures of try_lock, try_acquire and "
                   "compare_exchange_weak, in an execution, at most")
      ->check(CountBetween(0, kMostSpurious))
      ->capture_default_str();
  subcommand
      ->add_option("--max-steps", options->max_steps,
                   "Steps of one execution, at most; instead of each case's own limit")
      ->check(CountBetween(1, kMostSteps));
  subcommand
      ->add_option("--step-timeout", options->step_timeout,
                   "Real time without a scheduling point after which a case is said to hang")
      ->check(Duration())
      ->capture_default_str();
  subcommand->add_option("--out", options->out,
                         "Folder for run.json and a folder per finding; what an earlier run left "
                         "there is removed");
  subcommand->add_option(
      "--shard", options->shard,
      "i/n: the i-th of n shares of the run, i from 1; see heddle merge. By default from the "
      "variables of GoogleTest, Bazel, Kubernetes (with JOB_COMPLETIONS) or Slurm, if they are "
      "set");
  subcommand->add_flag(
      "--resume", options->resume,
      "Go on with the run whose folder --out names and whose process was killed or "
      "interrupted; every other option as it was, except --jobs, --format and --require-complete");
  subcommand->add_option("--format", options->format, "text or json (run.json, to the output)")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  subcommand
      ->add_option("--minimize", options->minimize,
                   "Executions for making each finding's schedule smaller, at most; 0: leave it as "
                   "it was found")
      ->check(CountBetween(0, 1'000'000'000))
      ->capture_default_str();
  subcommand
      ->add_option("--explain", options->explain,
                   "Executions for finding out which orders of steps each finding depends on, at "
                   "most; 0: it is not told")
      ->check(CountBetween(0, 1'000'000'000))
      ->capture_default_str();
  subcommand->add_flag("--keep-going", options->keep_going,
                       "Use the whole budget, whatever is found");
  subcommand->add_flag("--require-complete", options->require_complete,
                       "Exit status 4 if nothing was found but not every schedule was explored");
  subcommand->add_flag("--check-determinism", options->check_determinism,
                       "Run every schedule twice, not just the first " +
                           std::to_string(kDeterminismChecks) + ", and compare");
  subcommand->footer("Strategies:\n" + DescribeStrategies(2) + "\n" + kExitStatusOfRun);
  return [options, command] { return Run(*options, command); };
}

}  // namespace heddle
