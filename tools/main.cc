// The `heddle` command. A program of cases that links heddle::main has the same subcommands.
#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/explore/build_id.h"
#include "harness/explore/case.h"
#include "tools/case_choice.h"
#include "tools/exit_status.h"
#include "tools/subcommand.h"

namespace heddle {
namespace {

constexpr const char* kAbout =
    "Finds data races, deadlocks and atomicity violations in the cases linked into this program, "
    "by "
    "running them under controlled schedules.";

struct Subcommand {
  CLI::App* parser;
  Action action;
};

std::string Version() {
#if defined(__clang__)
  constexpr const char* kCompiler = "Clang " __clang_version__;
#else
  constexpr const char* kCompiler = "GCC " __VERSION__;
#endif
#if defined(HEDDLE_TSAN)
  constexpr const char* kSanitizer = ", ThreadSanitizer";
#elif defined(HEDDLE_ASAN)
  constexpr const char* kSanitizer = ", AddressSanitizer and UndefinedBehaviorSanitizer";
#else
  constexpr const char* kSanitizer = "";
#endif
  return std::string("heddle " HEDDLE_VERSION " (") + kCompiler + kSanitizer + "), build " +
         BuildId();
}

std::string SeeHelp(const CLI::App& app) {
  std::string command = app.get_name();
  for (const CLI::App* chosen : app.get_subcommands()) command += " " + chosen->get_name();
  return "See `" + command + " --help`.";
}

// How many of what the subcommand takes without a name; a pattern that the shell has expanded is
// more.
std::string WhatIsTaken(const CLI::App& app) {
  for (const CLI::App* chosen : app.get_subcommands()) {
    for (const CLI::Option* option : chosen->get_options()) {
      const std::string name = option->get_name(/*positional=*/true);
      if (!option->get_positional()) continue;
      const bool pattern = name == "CASE-GLOB";
      return "; `" + chosen->get_name() + "` takes one " + name +
             (pattern ? ", in quotes if it is a pattern: 'race/*'" : "");
    }
  }
  return {};
}

// What CLI11 says, and the nearest option that there is.
std::string Explain(const CLI::App& app, const CLI::ParseError& error) {
  std::string text = error.what();
  std::vector<std::string> known;
  for (const CLI::App* chosen : app.get_subcommands()) {
    for (const CLI::Option* option : chosen->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    text = "not expected:";
    std::string advice;
    bool positional = false;
    for (const std::string& word : app.remaining(/*recurse=*/true)) {
      text += " " + word;
      positional |= !word.starts_with("-");
      if (!word.starts_with("--")) continue;
      const std::string nearest = NearestWord(word.substr(0, word.find('=')), known);
      if (!nearest.empty()) advice += "; did you mean " + nearest + "?";
    }
    text += (positional ? WhatIsTaken(app) : "") + advice;
  }
  // "--strategy: 1 required TEXT missing", or "--strategy: At Most 1 required but received 2"
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr &&
      text.find(" required ") != std::string::npos) {
    const bool is_missing = text.find(" received ") == std::string::npos;
    text = text.substr(0, text.find(':')) +
           (is_missing ? ": a value is missing" : ": given more than once");
  }
  return text + "\n" + SeeHelp(app);
}

// The first option to which the command line gives an empty value: of "--out= CASE", CLI11 would
// take CASE for the folder. Empty: there is none.
std::string OptionWithoutValue(const CLI::App& subcommand, int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--") break;
    const size_t equals = word.find('=');
    const bool is_empty = equals == std::string::npos
                              ? i + 1 < argc && argv[i + 1][0] == '\0'
                              : equals + 1 == word.size();
    if (!is_empty || !word.starts_with("--")) continue;
    const std::string name = word.substr(0, equals);
    const CLI::Option* const option = subcommand.get_option_no_throw(name);
    if (option != nullptr && option->get_items_expected_max() > 0) return name;
  }
  return {};
}

int Main(int argc, char** argv) {
  const std::string command = argc > 0 ? argv[0] : "heddle";
  const size_t slash = command.rfind('/');
  CLI::App app(kAbout, slash == std::string::npos ? command : command.substr(slash + 1));
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  app.set_version_flag("--version", Version(), "Print the version and what it was built with");
  app.footer(std::string(kExitStatusOfRun) + "\n" + kExitStatusOfReplay);

  std::vector<Subcommand> subcommands;
  CLI::App* const list = app.add_subcommand("list", "List the cases, or the strategies");
  subcommands.push_back({list, AddListCommand(list)});
  CLI::App* const run = app.add_subcommand("run", "Explore cases and report what is found");
  subcommands.push_back({run, AddRunCommand(run, command)});
  CLI::App* const replay =
      app.add_subcommand("replay", "Run one schedule again and report what it shows");
  subcommands.push_back({replay, AddReplayCommand(replay)});
  CLI::App* const merge = app.add_subcommand("merge", "Put the shards of a run together");
  subcommands.push_back({merge, AddMergeCommand(merge, command)});

  CLI::App* const explain =
      app.add_subcommand("explain", "Find out which orders of steps a finding depends on");
  subcommands.push_back({explain, AddExplainCommand(explain)});
  CLI::App* const minimize =
      app.add_subcommand("minimize", "Make the schedule of a finding as small as can be");
  subcommands.push_back({minimize, AddMinimizeCommand(minimize)});

  std::string names;
  std::vector<std::string> known;
  for (const Subcommand& subcommand : subcommands) {
    known.push_back(subcommand.parser->get_name());
    names += (names.empty() ? "" : ", ") + known.back();
  }
  if (argc < 2) return BadInput("expected a subcommand: " + names + "\n" + SeeHelp(app));
  if (argv[1][0] != '-' && std::find(known.begin(), known.end(), argv[1]) == known.end()) {
    const std::string nearest = NearestWord(argv[1], known);
    return BadInput("there is no subcommand '" + std::string(argv[1]) + "'" +
                    (nearest.empty() ? "." : "; did you mean " + nearest + "?") +
                    " Expected one of: " + names + "\n" + SeeHelp(app));
  }
  for (const Subcommand& subcommand : subcommands) {
    const std::string name = subcommand.parser->get_name();
    if (name != argv[1]) continue;
    const std::string option = OptionWithoutValue(*subcommand.parser, argc, argv);
    if (option.empty()) continue;
    return BadInput(option + ": a value is missing\nSee `" + app.get_name() + " " + name +
                    " --help`.");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error) == 0 ? kMet : kInternalError;  // --help
    return BadInput(Explain(app, error));
  }
  if (!CaseErrors().empty()) {
    for (const std::string& error : CaseErrors()) BadInput(error);
    return kBadInput;
  }
  for (const Subcommand& subcommand : subcommands) {
    if (subcommand.parser->parsed()) return subcommand.action();
  }
  return kInternalError;
}

}  // namespace
}  // namespace heddle

int main(int argc, char** argv) {
  try {
    return heddle::FinishOutput(heddle::Main(argc, argv));
  } catch (const std::exception& error) {
    return heddle::InternalError(error.what());
  }
}
