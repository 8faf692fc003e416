// The smallest witness of each bug in the catalogue has as many preemptions as its case says: the
// default strategy's finding is reduced to so many, and a complete search of all schedules with one
// fewer does not show it.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "harness/explore/case.h"
#include "tests/conformance/command.h"
#include "tests/support/scratch_folder.h"

namespace heddle::testing {
namespace {

using Json = nlohmann::json;

bool Shows(const Json& result, FindingKind kind) {
  return std::ranges::any_of(result.at("findings"), [&](const Json& finding) {
    return finding.at("kind") == std::string(NameOf(kind));
  });
}

TEST(Witness, IsReducedToThePreemptionsThatTheCaseSays) {
  const ScratchFolder folder;
  for (const Case& one : AllCases()) {
    if (one.expect.empty() || !WhyNotJudged(one).empty()) continue;
    SCOPED_TRACE(one.name);
    // Enough for the proof of those with the most schedules.
    const Json results = RunAndValidate(folder.path(), {one.name, "--minimize=40000"});
    for (const Json& finding : results[0].at("findings")) {
      if (finding.at("kind") != std::string(NameOf(one.expect.front()))) continue;
      EXPECT_EQ(finding.at("preemptions").get<uint32_t>(), one.preemptions);
      const Json written = Json::parse(ReadFile(
          folder.path() / "out" / finding.at("directory").get<std::string>() / "finding.json"));
      ASSERT_TRUE(written.contains("reduction"));
      EXPECT_TRUE(written.at("reduction").at("proved").get<bool>());
      EXPECT_EQ(written.at("size").at("preemptions"), finding.at("preemptions"));
      EXPECT_LE(written.at("size").at("preemptions"),
                written.at("reduction").at("before").at("preemptions"));
    }
  }
}

TEST(Witness, OnePreemptionFewerDoesNotShowIt) {
  const ScratchFolder folder;
  for (const Case& one : AllCases()) {
    if (one.preemptions == 0 || !WhyNotJudged(one).empty()) continue;
    SCOPED_TRACE(one.name);
    const std::string bound = std::to_string(one.preemptions - 1);
    const Json results =
        RunAndValidate(folder.path(), {one.name, "--strategy=preemption-bounding:bound=" + bound,
                                       "--keep-going", "--executions=1000000", "--minimize=0"});
    for (const FindingKind kind : one.expect) EXPECT_FALSE(Shows(results[0], kind));
    EXPECT_EQ(results[0].at("complete_bound"),
              "up to " + bound + (bound == "1" ? " preemption" : " preemptions"))
        << results[0].dump(2);
  }
}

}  // namespace
}  // namespace heddle::testing
