// The catalogue's promise, through the command line: every bug is found by every strategy that can
// find it, is reported as what it is, and replays; every twin is clean under every strategy.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "harness/explore/case.h"
#include "tests/conformance/command.h"
#include "tests/support/scratch_folder.h"

namespace heddle::testing {
namespace {

using Json = nlohmann::json;

// Of cases that this build can judge.
std::vector<const Case*> CasesThat(bool have_a_bug) {
  std::vector<const Case*> chosen;
  for (const Case& one : AllCases()) {
    if (!WhyNotJudged(one).empty()) continue;
    if (one.expect.empty() != have_a_bug) chosen.push_back(&one);
  }
  return chosen;
}

// "pct:depth=1" as a name of a test: pct_depth_1.
std::string NameOfTest(const ::testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

void ExpectOnlyExpectedFindings(const Json& result) {
  for (const Json& finding : result.at("findings")) {
    EXPECT_TRUE(finding.at("expected").get<bool>()) << finding.dump(2);
    EXPECT_TRUE(finding.at("confirmed").get<bool>() || finding.at("kind") == "lock-order")
        << finding.dump(2);
  }
}

// ---- The default strategy finds every bug, whatever the seed; each finding replays ----

class Seeds : public ::testing::TestWithParam<int> {};

TEST_P(Seeds, FindTheBugAndTheFindingReplays) {
  const ScratchFolder folder;
  for (const Case* one : CasesThat(true)) {
    SCOPED_TRACE(one->name);
    const Json results = RunAndValidate(
        folder.path(), {one->name, "--seed=" + std::to_string(GetParam()), "--time=10s"});
    ASSERT_EQ(results.size(), 1u);
    const Json& result = results[0];
    EXPECT_TRUE(result.at("met").get<bool>()) << result.dump(2);
    ExpectOnlyExpectedFindings(result);
    for (const Json& finding : result.at("findings")) {
      const auto found = "out/" + finding.at("directory").get<std::string>();
      const CommandResult replay = Heddle(folder.path(), {"replay", found});
      EXPECT_EQ(replay.status, 1) << replay.output;
      const auto fingerprint = finding.at("fingerprint").get<std::string>();
      const auto kind = finding.at("kind").get<std::string>();
      EXPECT_NE(replay.output.find("reproduced: " + kind + " " + fingerprint), std::string::npos)
          << replay.output;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(DefaultStrategy, Seeds, ::testing::Values(1, 2, 3));

// ---- Every strategy ----

class Strategies : public ::testing::TestWithParam<const char*> {};

// PCT of depth d makes d - 1 changes of priority, at random steps: a bug that needs more of them
// than that is out of its reach, whatever the budget. These need more than none.
struct Depth {
  std::string_view name;
  int depth;
};
constexpr Depth kDepths[] = {
    {"atomicity/bank_transfer", 2},          {"atomicity/check_then_act", 2},
    {"atomicity/iterator_invalidation", 2},  {"atomicity/late_reference", 2},
    {"atomicity/lazy_cache_fill", 2},        {"atomicity/load_then_store", 2},
    {"atomicity/reorder_few", 2},            {"atomicity/stop_callback", 2},
    {"atomicity/string_buffer", 2},          {"atomicity/two_stage_few", 2},
    {"atomicity/two_stage_lock", 2},         {"deadlock/ab_ba", 2},
    {"deadlock/callback_under_lock", 2},     {"deadlock/dining_philosophers", 2},
    {"liveness/barrier_reuse", 2},           {"liveness/dekker_lock", 2},
    {"liveness/if_instead_of_while", 3},     {"liveness/lost_stop", 2},
    {"liveness/notify_one_of_two_kinds", 2}, {"liveness/notify_outside_lock", 2},
    {"liveness/peterson_lock", 3},           {"liveness/reader_starvation", 2},
    {"liveness/ticket_lock", 3},             {"liveness/timeout_vs_notify", 2},
    {"memory_order/aba_stack", 2},           {"memory_order/freed_stack_node", 2},
    {"memory_order/lost_queue_node", 2},     {"memory_order/work_stealing_deque", 3},
    {"models/double_free_two_owners", 2},    {"models/leak_on_lost_race", 2},
    {"models/pool_double_release", 2},       {"models/promise_set_twice", 2},
};

int DepthOf(std::string_view name) {
  if (name.starts_with("linearizability/")) return 2;
  const auto found = std::find_if(std::begin(kDepths), std::end(kDepths),
                                  [&](const Depth& bug) { return bug.name == name; });
  return found == std::end(kDepths) ? 1 : found->depth;
}

// Among a hundred threads, only a strategy that holds many of them up at the same place has a fair
// chance within the budget.
bool NeedsManyHeldUp(std::string_view name) {
  return name == "atomicity/reorder_many" || name == "atomicity/two_stage_many";
}

bool Enumerates(std::string_view strategy) {
  return strategy.ends_with("dfs") || strategy.ends_with("dpor") || strategy.ends_with("bounding");
}

bool MustFind(std::string_view strategy, const Case& one) {
  // Tries a handful of schedules, which are all there are for it, so it finds what it finds.
  if (strategy == "round-robin") return false;
  if (NeedsManyHeldUp(one.name) && (Enumerates(strategy) || strategy.starts_with("pct"))) {
    return false;
  }
  // What is called is chosen too, and it is not through with that before the budget ends.
  if (Enumerates(strategy) && one.name.starts_with("linearizability/")) return false;
  if (strategy == "pct:depth=1") return DepthOf(one.name) <= 1;
  if (strategy == "pct:depth=2") return DepthOf(one.name) <= 2;
  return true;
}

TEST_P(Strategies, FindEveryBugAndNothingElse) {
  const ScratchFolder folder;
  const std::string strategy = GetParam();
  for (const Case* one : CasesThat(true)) {
    SCOPED_TRACE(one->name);
    const bool must_find = MustFind(strategy, *one);
    const std::string executions = must_find ? "20000" : "1000";
    const Json results = RunAndValidate(
        folder.path(),
        {one->name, "--strategy=" + strategy, "--executions=" + executions, "--time=20s"});
    ASSERT_EQ(results.size(), 1u);
    ExpectOnlyExpectedFindings(results[0]);
    if (must_find) {
      EXPECT_TRUE(results[0].at("met").get<bool>())
          << results[0].dump(2) << "\nIf the bug needs a change of priority, say so in kDepths.";
    }
  }
}

TEST_P(Strategies, FindNothingInTheTwins) {
  const ScratchFolder folder;
  for (const Case* one : CasesThat(false)) {
    SCOPED_TRACE(one->name);
    const Json results = RunAndValidate(
        folder.path(), {one->name, std::string("--strategy=") + GetParam(), "--executions=500"});
    ASSERT_EQ(results.size(), 1u);
    EXPECT_TRUE(results[0].at("met").get<bool>()) << results[0].dump(2);
    EXPECT_EQ(results[0].at("findings").size(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Strategies,
                         ::testing::Values("default", "delay-bounding", "dfs", "dpor",
                                           "pct:depth=1", "pct:depth=2", "pct:depth=3", "pos",
                                           "preemption-bounding", "random", "rff", "round-robin",
                                           "surw"),
                         NameOfTest);

// A twin is the same program with the bug corrected: each bug has one, and nothing else is there.
TEST(Catalogue, EveryBugHasATwin) {
  std::map<std::string, bool> has_bug;
  for (const Case& one : AllCases()) has_bug[one.name] = !one.expect.empty();
  EXPECT_GE(has_bug.size(), 60u);
  for (const auto& [name, bug] : has_bug) {
    constexpr std::string_view kSuffix = "_fixed";
    if (bug) {
      EXPECT_TRUE(has_bug.contains(name + std::string(kSuffix))) << name << " has no twin";
    } else {
      ASSERT_TRUE(name.ends_with(kSuffix)) << name << " is neither a bug nor a twin";
      const std::string twin_of = name.substr(0, name.size() - kSuffix.size());
      EXPECT_TRUE(has_bug.contains(twin_of)) << name << " is the twin of nothing";
    }
  }
}

}  // namespace
}  // namespace heddle::testing
