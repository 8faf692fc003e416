// The smallest witness of each bug in the catalogue has as many preemptions as its case says: the
// default strategy's finding is reduced to so many, and a complete search of all schedules with one
// fewer does not show it.
#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "harness/explore/case.h"
#include "tests/conformance/command.h"
#include "tests/support/scratch_folder.h"

namespace heddle::testing {
namespace {

using Json = nlohmann::json;

// The search up to one preemption fewer has no end where a hundred threads may end in any order.
// What it has seen does not show the bug; the proof is that of the same program with few threads.
struct Endless {
  std::string_view many;
  std::string_view few;
};
constexpr Endless kEndless[] = {{"atomicity/reorder_many", "atomicity/reorder_few"},
                                {"atomicity/two_stage_many", "atomicity/two_stage_few"}};

bool IsEndless(const Case& one) {
  return std::ranges::find(kEndless, one.name, &Endless::many) != std::end(kEndless);
}

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
    const std::string executions = IsEndless(one) ? "2000" : "40000";
    const Json results = RunAndValidate(folder.path(), {one.name, "--minimize=" + executions});
    for (const Json& finding : results[0].at("findings")) {
      if (finding.at("kind") != std::string(NameOf(one.expect.front()))) continue;
      EXPECT_EQ(finding.at("preemptions").get<uint32_t>(), one.preemptions);
      const Json written = Json::parse(ReadFile(
          folder.path() / "out" / finding.at("directory").get<std::string>() / "finding.json"));
      ASSERT_TRUE(written.contains("reduction"));
      EXPECT_EQ(written.at("reduction").at("proved").get<bool>(), !IsEndless(one));
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
    const std::string executions = IsEndless(one) ? "20000" : "1000000";
    const Json results = RunAndValidate(
        folder.path(), {one.name, "--strategy=preemption-bounding:bound=" + bound, "--keep-going",
                        "--executions=" + executions, "--minimize=0"});
    for (const FindingKind kind : one.expect) EXPECT_FALSE(Shows(results[0], kind));
    if (IsEndless(one)) continue;
    EXPECT_EQ(results[0].at("complete_bound"),
              "up to " + bound + (bound == "1" ? " preemption" : " preemptions"))
        << results[0].dump(2);
  }
}

TEST(Witness, ThoseWithoutEndAreProvedWithFewThreads) {
  const std::vector<Case>& cases = AllCases();
  for (const Endless& endless : kEndless) {
    const auto many = std::ranges::find(cases, endless.many, &Case::name);
    const auto few = std::ranges::find(cases, endless.few, &Case::name);
    ASSERT_TRUE(many != cases.end() && few != cases.end());
    EXPECT_EQ(few->preemptions, many->preemptions);
    EXPECT_FALSE(IsEndless(*few));  // so that the tests above prove it
  }
}

}  // namespace
}  // namespace heddle::testing
