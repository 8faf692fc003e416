// Exit statuses of the command: a contract that scripts depend on (docs/architecture.md).
#ifndef HEDDLE_TOOLS_EXIT_STATUS_H_
#define HEDDLE_TOOLS_EXIT_STATUS_H_

namespace heddle {

enum ExitStatus : int {
  kMet = 0,       // run: every case met its expectation. replay: the finding did not show
  kNotMet = 1,    // run: an unexpected finding, or an expected one not found. replay: reproduced
  kBadInput = 2,  // bad usage, or bad input; replay: diverged, or of another build
  kInternalError = 3,  // or the results could not be written to the standard output
  kBudgetEnded = 4,  // run --require-complete: nothing found, but not everything explored
};

// For --help.
inline constexpr const char* kExitStatusOfRun =
    "Exit status of run: 0 every case met its expectation; 1 a finding that was not expected, or\n"
    "an expected one that was not found; 2 bad usage or bad input; 3 internal error, or the\n"
    "results could not be written; 4 with --require-complete: nothing was found, but the budget\n"
    "ended before everything was explored.";
inline constexpr const char* kExitStatusOfReplay =
    "Exit status of replay: 1 reproduced; 0 not shown; 2 bad input, diverged, or not of this\n"
    "build; 3 internal error, or the results could not be written.";

}  // namespace heddle

#endif  // HEDDLE_TOOLS_EXIT_STATUS_H_
