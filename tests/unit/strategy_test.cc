// The registry, round robin, and the default portfolio.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/strategy/portfolio.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/round_robin.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using ::testing::ElementsAre;
using testing::Exploration;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// ---- Registry ----

TEST(StrategyRegistryTest, StrategiesAreSortedByName) {
  std::vector<std::string> names;
  for (const StrategyInfo& info : AllStrategies()) names.emplace_back(info.name);
  EXPECT_THAT(names, ElementsAre("default", "delay-bounding", "dfs", "dpor", "pct", "pos",
                                 "preemption-bounding", "random", "rff", "round-robin",
                                 "source-dpor", "surw"));
}

TEST(StrategyRegistryTest, EveryDefaultIsWithinItsRangeAndMakesAStrategy) {
  for (const StrategyInfo& info : AllStrategies()) {
    std::string spec(info.name);
    for (const StrategyParameter& parameter : info.parameters) {
      EXPECT_LE(parameter.minimum, parameter.default_value);
      EXPECT_LE(parameter.default_value, parameter.maximum);
      spec += (spec == info.name ? ":" : ",") + std::string(parameter.name) + "=" +
              std::to_string(parameter.maximum);
    }
    EXPECT_TRUE(MakeStrategy(info.name).ok());
    EXPECT_TRUE(MakeStrategy(spec).ok()) << spec;
    EXPECT_THAT(DescribeStrategies(2), HasSubstr("  " + std::string(info.name) + " "));
  }
}

std::string ErrorOf(std::string_view spec) {
  return std::string(MakeStrategy(spec).status().message());
}

TEST(StrategyRegistryTest, ErrorsNameWhatIsWrongAndWhatThereIs) {
  EXPECT_EQ(ErrorOf("dsf"),
            "unknown strategy 'dsf'; there are: default, delay-bounding, dfs, dpor, pct, pos, "
            "preemption-bounding, random, rff, round-robin, source-dpor, surw");
  EXPECT_EQ(ErrorOf(""),
            "unknown strategy ''; there are: default, delay-bounding, dfs, dpor, pct, pos, "
            "preemption-bounding, random, rff, round-robin, source-dpor, surw");
  EXPECT_EQ(ErrorOf("pct:depht=3"), "unknown parameter 'depht' of strategy 'pct'; it has: depth");
  EXPECT_EQ(ErrorOf("random:depth=3"),
            "unknown parameter 'depth' of strategy 'random'; it has none");
  EXPECT_EQ(ErrorOf("pct:depth"),
            "expected key=value after the name of strategy 'pct', found 'depth'");
  EXPECT_EQ(ErrorOf("pct:"), "expected key=value after the name of strategy 'pct', found ''");
  for (const char* value : {"0", "101", "3x", "", "-1", " 3", "99999999999999999999"}) {
    EXPECT_EQ(ErrorOf("pct:depth=" + std::string(value)),
              "parameter 'depth' of strategy 'pct': expected an integer from 1 to 100, found '" +
                  std::string(value) + "'");
  }
  EXPECT_EQ(ErrorOf("pct:depth=3,depth=4"), "parameter 'depth' of strategy 'pct' is given twice");
}

// ---- Round robin ----

Atomic<int>* shared_value;

// Three threads besides main, of a start and three steps each.
void ThreeThreads() {
  Atomic<int> value{0};
  shared_value = &value;
  Thread threads[3];
  for (Thread& thread : threads) {
    thread = Thread([] {
      for (int i = 0; i < 3; ++i) shared_value->store(i);
    });
  }
  for (Thread& thread : threads) thread.join();
  shared_value = nullptr;
}

TEST(RoundRobinTest, ThreadsTakeTurns) {
  Exploration exploration;
  RoundRobin strategy;
  std::vector<std::string> picks;
  exploration.Explore(ThreeThreads, strategy, 1'000, [&] { picks.push_back(exploration.Picks()); });
  EXPECT_EQ(picks[0], "0g 1g 2g 3g 1S 2S 3S 1S 2S 3S 1S 2S 3S 0j 0j 0j");
  EXPECT_EQ(picks[1], "0g 1g 1S 2g 2S 3g 3S 1S 1S 2S 2S 3S 3S 0j 0j 0j");
  EXPECT_EQ(picks[2], "0g 1g 1S 1S 2g 2S 2S 3g 3S 3S 1S 2S 3S 0j 0j 0j");
  EXPECT_EQ(picks[3], "0g 1g 1S 1S 1S 2g 2S 2S 2S 3g 3S 3S 3S 0j 0j 0j");
  // A quantum that outlasts every execution is the last that is worth trying.
  EXPECT_EQ(picks.size(), 17u);
  EXPECT_EQ(picks.back(), picks[3]);
  EXPECT_FALSE(strategy.Progress().exhausted);
}

TEST(RoundRobinTest, AFixedQuantumIsOneExecution) {
  Exploration exploration;
  RoundRobin strategy(2);
  EXPECT_EQ(exploration.Explore(ThreeThreads, strategy, 1'000), 1u);
  EXPECT_EQ(exploration.Picks(), "0g 1g 1S 2g 2S 3g 3S 1S 1S 2S 2S 3S 3S 0j 0j 0j");
}

// ---- The default ----

void TwoStores() {
  Atomic<int> value{0};
  shared_value = &value;
  Thread other([] { shared_value->store(1); });
  value.store(2);
  other.join();
  shared_value = nullptr;
}

TEST(PortfolioTest, ASmallProgramIsSearchedCompletely) {
  Exploration exploration;
  Portfolio strategy(2'000);
  const uint64_t executions = exploration.Explore(TwoStores, strategy, 10'000);
  EXPECT_LT(executions, 5u);
  EXPECT_TRUE(strategy.Progress().exhausted);
}

TEST(PortfolioTest, WhereEveryBeginningHasBeenMadeNothingIsSampled) {
  Exploration exploration({.max_steps = 100});
  Portfolio strategy(2'000);
  const auto count_far = [] {
    Atomic<int> value{0};
    Thread other([] {});
    other.join();
    for (int i = 0; i < 1'000; ++i) value.store(i);
  };
  EXPECT_LT(exploration.Explore(count_far, strategy, 10'000), 5u);
  EXPECT_FALSE(strategy.Progress().exhausted);
  EXPECT_EQ(strategy.Progress().bound, "up to 100 steps");
}

TEST(PortfolioTest, SamplersTakeTurnsWithDepthFirstSearchAndThenAmongThemselves) {
  Exploration exploration;
  Portfolio strategy(36);
  const auto decider = strategy.MakeDecider();
  std::string members;
  for (uint64_t i = 0; i < 100; ++i) {
    Plan plan;
    ASSERT_TRUE(strategy.Next(&plan));
    plan.index = i;
    plan.seed = MixSeed(1, i);
    members += static_cast<char>('0' + plan.member);
    strategy.Learn(plan, exploration.Execute(ThreeThreads, *decider, plan));
  }
  // 0 to 7: depth-first search, surw, rff, pos, random walk, pct of depth 3, 2, 1.
  EXPECT_EQ(members.substr(0, 18), "011111111122222222");
  // Depth-first search: every fourth; three of four; none any more.
  for (size_t i = 18; i < members.size(); ++i) {
    const bool searches = i < 64 ? i % 4 == 0 : i % 4 != 3;
    EXPECT_EQ(members[i] == '0', searches && i <= members.rfind('0')) << i;
  }
  EXPECT_EQ(std::count(members.begin(), members.end(), '0'), 36);
  // The others by their weights.
  std::string sampled = members.substr(18);
  std::erase(sampled, '0');
  const std::string first_round = sampled.substr(0, 18);
  for (const auto& [member, turns] : {std::pair('1', 4), {'2', 8}, {'3', 2}, {'4', 1}, {'7', 1}}) {
    EXPECT_EQ(std::count(first_round.begin(), first_round.end(), member), turns) << member;
  }
  EXPECT_FALSE(strategy.Progress().exhausted);
  EXPECT_THAT(strategy.Progress().note, HasSubstr("; 64 sampled"));
}

// Ranges of a campaign that has been interrupted leave gaps between them.
TEST(PortfolioTest, TogetherInstancesTellOfTheExecutionsThatTheyHaveMade) {
  Exploration exploration;
  Portfolio first(36);
  exploration.Explore(ThreeThreads, first, 100);
  const auto cloned = first.Clone();
  const auto decider = cloned->MakeDecider();
  for (uint64_t i = 5'000; i < 5'010; ++i) {
    Plan plan;
    ASSERT_TRUE(cloned->Next(&plan));
    plan.index = i;
    plan.seed = MixSeed(1, i);
    cloned->Learn(plan, exploration.Execute(ThreeThreads, *decider, plan));
  }
  Portfolio whole(36);
  EXPECT_TRUE(whole.Add(first.Counts(), false));
  EXPECT_TRUE(whole.Add(cloned->Counts(), false));
  EXPECT_THAT(whole.Progress().note, StartsWith("depth-first: 36 executions"));
  EXPECT_THAT(whole.Progress().note, EndsWith("; 74 sampled"));
  EXPECT_FALSE(whole.Add("no counts", false));
  // From a checkpoint.
  Portfolio again(36);
  EXPECT_TRUE(again.Add(whole.Counts(), false));
  EXPECT_EQ(again.Progress().note, whole.Progress().note);
}

TEST(PortfolioTest, WhereTheSearchIsThroughItIsSaidOfTheWhole) {
  Exploration exploration({.max_steps = 9});
  Portfolio first(2'000);
  exploration.Explore(ThreeThreads, first, 1'000'000);
  ASSERT_NE(first.Progress().bound, "");
  Portfolio whole(2'000);
  EXPECT_TRUE(whole.Add(first.Counts(), false));
  EXPECT_EQ(whole.Progress().bound, first.Progress().bound);
  EXPECT_EQ(whole.Progress().note, first.Progress().note);
}

TEST(PortfolioTest, WhoShowsWhatIsNewHasMoreTurnsAndNobodyHasNone) {
  Portfolio strategy(0);
  const auto decider = strategy.MakeDecider();
  std::map<uint32_t, int> turns;
  Plan plan;
  ExecutionRecord record;
  for (uint64_t i = 0; i < 4'000; ++i) {
    ASSERT_TRUE(strategy.Next(&plan));
    plan.index = i;
    record.Clear();
    // Random walk, and nobody else, shows a new class every time.
    record.order_class = plan.member == 4 ? MixSeed(i, 1) : 1;
    strategy.Learn(plan, record);
    if (i >= 2'000) ++turns[plan.member];
  }
  EXPECT_THAT(turns, SizeIs(7));
  // Weight 1 of 18 to begin with; then nearly 4 of 21.
  EXPECT_GT(turns[4], 350);
  EXPECT_LT(turns[4], 390);
  for (const auto& [member, count] : turns) EXPECT_GT(count, 90) << member;
}

TEST(PortfolioTest, ACloneGoesOnAsTheOriginalWould) {
  Exploration exploration;
  Portfolio strategy(8);
  const auto decider = strategy.MakeDecider();
  Plan plan;
  for (uint64_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(strategy.Next(&plan));
    plan.index = i;
    plan.seed = MixSeed(1, i);
    strategy.Learn(plan, exploration.Execute(ThreeThreads, *decider, plan));
  }
  const auto clone = strategy.Clone();
  for (uint64_t i = 300; i < 400; ++i) {
    Plan cloned;
    plan.index = cloned.index = i;
    plan.seed = cloned.seed = MixSeed(1, i);
    ASSERT_TRUE(strategy.Next(&plan));
    ASSERT_TRUE(clone->Next(&cloned));
    EXPECT_EQ(plan.member, cloned.member);
    EXPECT_EQ(plan.data, cloned.data);
    const ExecutionRecord& record = exploration.Execute(ThreeThreads, *decider, plan);
    strategy.Learn(plan, record);
    clone->Learn(cloned, record);
  }
}

// Every strategy's decisions are a function of the plan alone.
TEST(StrategyTest, APlanGivesTheSameExecutionAgain) {
  Exploration exploration;
  for (const StrategyInfo& info : AllStrategies()) {
    auto strategy = MakeStrategy(info.name);
    ASSERT_TRUE(strategy.ok());
    const auto used = (*strategy)->MakeDecider();
    for (uint64_t i = 0; i < 50; ++i) {
      Plan plan;
      if (!(*strategy)->Next(&plan)) break;
      plan.index = i;
      plan.seed = MixSeed(3, i);
      const auto fresh = (*strategy)->MakeDecider();
      exploration.Execute(ThreeThreads, *fresh, plan);
      const std::vector<Decision> first = exploration.CopyLog();
      (*strategy)->Learn(plan, exploration.Execute(ThreeThreads, *used, plan));
      EXPECT_EQ(first, exploration.CopyLog()) << info.name;
    }
  }
}

}  // namespace
}  // namespace heddle
