// A run is a function of its options: the same seed gives the same files, byte for byte, but for
// the times in run.json.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/conformance/command.h"
#include "tests/support/scratch_folder.h"

namespace heddle::testing {
namespace {

namespace fs = std::filesystem;

// Every file below `folder`, by its path there.
std::map<std::string, std::string> Files(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::string content = ReadFile(entry.path());
    if (entry.path().filename() == "run.json") {
      auto run = nlohmann::ordered_json::parse(content);
      for (auto& result : run.at("cases")) {
        result.erase("seconds");
        result.erase("executions_per_second");
      }
      content = run.dump(2);
    } else if (entry.path().filename() == "checkpoint") {
      content.clear();  // what run.json says, with its times, in binary
    }
    files[fs::relative(entry.path(), folder).string()] = std::move(content);
  }
  return files;
}

class Determinism : public ::testing::TestWithParam<const char*> {};

TEST_P(Determinism, TwoRunsWithOneSeedGiveTheSameFiles) {
  const std::vector<std::string> arguments = {"--seed=11", "--executions=300",
                                              std::string("--strategy=") + GetParam()};
  const ScratchFolder first;
  const ScratchFolder second;
  RunAndValidate(first.path(), arguments);
  RunAndValidate(second.path(), arguments);
  const auto before = Files(first.path());
  const auto after = Files(second.path());
  EXPECT_GT(before.size(), 3u);
  for (const auto& [name, content] : before) {
    ASSERT_TRUE(after.contains(name)) << name << " is not in the second run";
    EXPECT_EQ(content, after.at(name)) << name;
  }
  EXPECT_EQ(before.size(), after.size());
}

INSTANTIATE_TEST_SUITE_P(Strategy, Determinism, ::testing::Values("default", "random"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace heddle::testing
