#include "tools/subcommand.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <CLI/CLI.hpp>

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

int FinishOutput(int status) {
  int error = std::fflush(stdout) != 0 ? errno : 0;
  if (error == 0 && std::ferror(stdout) == 0) return status;
  // An earlier write failed, and nothing remembers why. Another one tells; should it succeed, an
  // empty line does no harm to a text with a hole.
  if (error == 0 && ::write(STDOUT_FILENO, "\n", 1) < 0) error = errno;
  PrintError("error", std::string("cannot write the results to standard output: ") +
                          std::strerror(error != 0 ? error : EIO));
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
        const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
        if (digits && !value) {
          return "'" + text + "' is too large; the largest allowed is " + std::to_string(most);
        }
        return "'" + text + "' is not " + range;
      },
      "", "count");
}

CLI::Validator Duration() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (ParseDuration(text)) return {};
        if (text.starts_with('0') && text.find_first_of("123456789") == text.npos) {
          return "'" + text + "' must be more than 0: " + std::string(kDurationHelp);
        }
        return "'" + text + "' is not " + std::string(kDurationHelp);
      },
      "", "duration");
}

}  // namespace heddle
