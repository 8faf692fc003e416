// What the subcommands share: how one is added to the command line, and its errors.
//
// A subcommand is a file with a function that declares its options and returns what it does; the
// list of them is in main.cc.
#ifndef HEDDLE_TOOLS_SUBCOMMAND_H_
#define HEDDLE_TOOLS_SUBCOMMAND_H_

#include <functional>
#include <string>
#include <string_view>

// Declared, not included: it is large, and only those that add options need it.
namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace heddle {

// Carried out after the command line has been parsed; returns the exit status.
using Action = std::function<int()>;

// `command`: what the user typed to start the program.
Action AddExplainCommand(CLI::App* subcommand);
Action AddListCommand(CLI::App* subcommand);
Action AddMergeCommand(CLI::App* subcommand, const std::string& command);
Action AddMinimizeCommand(CLI::App* subcommand);
Action AddReplayCommand(CLI::App* subcommand);
Action AddRunCommand(CLI::App* subcommand, const std::string& command);

// Prints "heddle: error: <what>" to the standard error; returns the status for bad input.
int BadInput(std::string_view what);
// The same for a failure of Heddle itself.
int InternalError(std::string_view what);
// Writes out what the standard output still holds. Returns `status`, or, if anything could not be
// written (a full disk), says so and returns kInternalError: half a report is no result.
int FinishOutput(int status);

// Checks of options' values; the message names what was expected.
CLI::Validator CountBetween(uint64_t least, uint64_t most);
CLI::Validator Duration();

}  // namespace heddle

#endif  // HEDDLE_TOOLS_SUBCOMMAND_H_
