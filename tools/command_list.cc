// heddle list: the cases and strategies that there are.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "harness/explore/case.h"
#include "harness/strategy/registry.h"
#include "tools/case_choice.h"
#include "tools/exit_status.h"
#include "tools/subcommand.h"

namespace heddle {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string glob;
  std::string format = "text";
  bool strategies = false;
};

std::string Join(const std::vector<FindingKind>& kinds) {
  std::string text;
  for (const FindingKind kind : kinds) {
    text += (text.empty() ? "" : ",") + std::string(NameOf(kind));
  }
  return text;
}

Json Names(const std::vector<FindingKind>& kinds) {
  Json names = Json::array();
  for (const FindingKind kind : kinds) names.push_back(NameOf(kind));
  return names;
}

void PrintJson(const Json& json) {
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fputs(text.c_str(), stdout);
}

int ListStrategies(const Options& options) {
  if (options.format == "text") {
    std::fputs(DescribeStrategies(0).c_str(), stdout);
    return kMet;
  }
  Json listed = Json::array();
  for (const StrategyInfo& strategy : AllStrategies()) {
    Json parameters = Json::array();
    for (const StrategyParameter& parameter : strategy.parameters) {
      parameters.push_back({{"name", parameter.name},
                            {"about", parameter.help},
                            {"default", parameter.default_value},
                            {"minimum", parameter.minimum},
                            {"maximum", parameter.maximum}});
    }
    listed.push_back({{"name", strategy.name},
                      {"about", strategy.summary},
                      {"parameters", std::move(parameters)}});
  }
  PrintJson({{"version", 1}, {"strategies", std::move(listed)}});
  return kMet;
}

int List(const Options& options) {
  if (options.strategies) {
    if (!options.glob.empty()) {
      return BadInput("list --strategies takes no CASE-GLOB; '" + options.glob + "' was given");
    }
    return ListStrategies(options);
  }
  std::string error;
  const std::vector<const Case*> cases = CasesMatching(options.glob, &error);
  if (cases.empty()) return BadInput(error);

  if (options.format == "json") {
    Json listed = Json::array();
    for (const Case* one : cases) {
      listed.push_back({{"name", one->name},
                        {"expected", Names(one->expect)},
                        {"tolerated", Names(one->tolerate)},
                        {"needs_thread_sanitizer", one->needs_thread_sanitizer},
                        {"about", one->about}});
    }
    PrintJson({{"version", 1}, {"cases", std::move(listed)}});
    return kMet;
  }
  size_t name_width = 0;
  size_t kinds_width = 0;
  for (const Case* one : cases) {
    name_width = std::max(name_width, one->name.size());
    kinds_width = std::max(kinds_width, Join(one->expect).size());
  }
  for (const Case* one : cases) {
    const std::string kinds = one->expect.empty() ? "clean" : Join(one->expect);
    std::string line = one->name + std::string(name_width - one->name.size(), ' ') + "  " + kinds;
    if (!one->about.empty()) {
      line +=
          std::string(std::max(kinds_width, kinds.size()) - kinds.size(), ' ') + "  " + one->about;
    }
    std::printf("%s\n", line.c_str());
  }
  return kMet;
}

}  // namespace

Action AddListCommand(CLI::App* subcommand) {
  auto options = std::make_shared<Options>();
  subcommand->add_option("CASE-GLOB", options->glob,
                         "Cases to list, such as 'race/*'; * also matches '/'. All by default");
  subcommand->add_flag("--strategies", options->strategies,
                       "List the strategies and their parameters instead");
  subcommand->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  return [options] { return List(*options); };
}

}  // namespace heddle
