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

}  // namespace heddle

#endif  // HEDDLE_TOOLS_EXIT_STATUS_H_
