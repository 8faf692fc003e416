// heddle merge: the folders of all shards of a run as one, which is that of the undivided run.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/explore/merge.h"
#include "harness/explore/output_folder.h"
#include "harness/explore/sample.h"
#include "tools/option_values.h"
#include "tools/run_results.h"
#include "tools/run_table.h"
#include "tools/subcommand.h"
#include "tools/terminal.h"

namespace heddle {
namespace {

struct Options {
  std::vector<std::string> folders;
  std::string out;
  std::string format = "text";
  bool require_complete = false;
};

std::string Value(const RunIdentity& identity, const std::string& option) {
  for (const auto& [name, value] : identity.options) {
    if (name == option) return value;
  }
  return {};
}

bool IsSameFolder(const std::string& one, const std::string& other) {
  std::error_code ignored;
  return std::filesystem::equivalent(one, other, ignored);
}

// Writes a finding of a shard to the folder of the whole.
bool Move(const std::string& command, OutputFolder* folder, FoundBug* found, std::string* error) {
  found->directory = folder->DirectoryFor(found->finding.fingerprint);
  found->finding.replay = command + " replay " + folder->path() + "/" + found->directory;
  return folder->Write(found->finding, error);
}

int Merge(const Options& options, const std::string& command) {
  std::string error;
  std::vector<ShardFolder> shards;
  if (!ReadShards(options.folders, &shards, &error)) return BadInput(error);
  Checkpoint merged;
  merged.identity = IdentityOfWhole(shards);
  for (size_t i = 0; i < merged.identity.cases.size(); ++i) {
    if (!MergeCase(shards, i, &merged.results.emplace_back(), &error)) return BadInput(error);
  }
  for (const ShardFolder& shard : shards) {
    if (!IsSameFolder(shard.path, options.out)) continue;
    return BadInput("--out: '" + options.out + "' is the folder of a shard; expected another one");
  }
  const auto folder = OutputFolder::Open(options.out, &error);
  if (folder == nullptr) return BadInput("--out: " + error);
  for (CaseResult& result : merged.results) {
    result.log = {};
    for (FoundBug& found : result.findings) {
      if (!Move(command, folder.get(), &found, &error)) return BadInput("--out: " + error);
    }
  }
  CampaignOptions campaign;
  campaign.seed = ParseCount(Value(merged.identity, "--seed")).value_or(campaign.seed);
  campaign.strategy = Value(merged.identity, "--strategy");
  if (!folder->WriteRun(campaign, merged.identity.build, merged.results, &error) ||
      !folder->WriteCheckpoint(merged, &error)) {
    return BadInput("--out: " + error);
  }

  const bool text = options.format == "text";
  if (text) {
    std::vector<Case> cases;
    for (const CaseResult& result : merged.results) {
      cases.push_back({.name = result.name, .expect = result.expected});
    }
    std::vector<const Case*> shown;
    for (const Case& one : cases) shown.push_back(&one);
    const RunTable table(shown, UseColor(STDOUT_FILENO));
    std::fputs(table.Header().c_str(), stdout);
    for (const CaseResult& result : merged.results) {
      PrintCase(table, result, &result == &merged.results.back());
    }
    const bool is_sample = IsSample(campaign.strategy);
    std::fputs(table.Summary(merged.results, folder->path(), is_sample).c_str(), stdout);
  } else {
    std::fputs(RunJson(campaign, merged.identity.build, merged.results).c_str(), stdout);
  }
  if (options.require_complete) {
    std::fputs(RunTable::NotComplete(merged.results, true).c_str(), text ? stdout : stderr);
  }
  return StatusOf(merged.results, options.require_complete);
}

}  // namespace

Action AddMergeCommand(CLI::App* subcommand, const std::string& command) {
  auto options = std::make_shared<Options>();
  subcommand
      ->add_option("DIR", options->folders,
                   "The --out folders of all shards of one run, in any order")
      ->required();
  subcommand
      ->add_option(
          "--out", options->out,
          "Folder for run.json and a folder per finding; what an earlier run left there is "
          "removed")
      ->required();
  subcommand->add_option("--format", options->format, "text or json (run.json, to the output)")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  subcommand->add_flag("--require-complete", options->require_complete,
                       "Exit status 4 if nothing was found but not every schedule was explored");
  subcommand->footer("Exit status of merge: that of the undivided run (heddle run --help)\n");
  return [options, command] { return Merge(*options, command); };
}

}  // namespace heddle
