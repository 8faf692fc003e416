#include "tools/subcommand.h"

#include <cstdio>

#include "tools/exit_status.h"
#include "tools/option_values.h"

namespace heddle {
namespace {

void PrintError(std::string_view kind, std::string_view what) {
  const std::string line = "heddle: " + std::string(kind) + ": " + std::string(what) + "\n";
  std::fputs(line.c_str(), stderr);
}

}  // namespace

int BadInput(std::string_view what) {
  PrintError("error", what);
  return kBadInput;
}

int InternalError(std::string_view what) {
  PrintError("internal error", std::string(what) + "\nThis is a bug in Heddle, not in the case.");
  return kInternalError;
}

CLI::Validator CountBetween(uint64_t least, uint64_t most) {
  const std::string range = most == UINT64_MAX ? "a whole number, at least " + std::to_string(least)
                                               : "a whole number from " + std::to_string(least) +
                                                     " to " + std::to_string(most);
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        const std::optional<uint64_t> value = ParseCount(text);
        if (value && least <= *value && *value <= most) return {};
        return "'" + text + "' is not " + range;
      },
      "", "count");
}

CLI::Validator Duration() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (ParseDuration(text)) return {};
        return "'" + text + "' is not " + std::string(kDurationHelp);
      },
      "", "duration");
}

}  // namespace heddle
