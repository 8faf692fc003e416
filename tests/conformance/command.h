// The `heddle` command as its users meet it: started as a process, judged by its exit status and
// the files that it leaves.
#ifndef HEDDLE_TESTS_CONFORMANCE_COMMAND_H_
#define HEDDLE_TESTS_CONFORMANCE_COMMAND_H_

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace heddle::testing {

struct CommandResult {
  int status = -1;     // exit status; 128 + the signal that killed it
  std::string output;  // both streams
};

// Runs the `heddle` that was built with this test in folder `directory`.
CommandResult Heddle(const std::filesystem::path& directory,
                     const std::vector<std::string>& arguments);

// The whole file; a failure of the running test if it cannot be read.
std::string ReadFile(const std::filesystem::path& file);

// `heddle run ARGUMENTS --out=out` in `directory`: fails the running test unless the exit status is
// 0 or 1, run.json is as the contract says, agrees with the status and names the folders there are.
// Returns run.json's cases.
nlohmann::json RunAndValidate(const std::filesystem::path& directory,
                              std::vector<std::string> arguments);

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_CONFORMANCE_COMMAND_H_
