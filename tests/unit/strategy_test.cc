// The registry, round robin, and the default portfolio.
#include <set>
#include <string>
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
using ::testing::HasSubstr;

// ---- Registry ----

TEST(StrategyRegistryTest, StrategiesAreSortedByName) {
  std::vector<std::string> names;
  for (const StrategyInfo& info : AllStrategies()) names.emplace_back(info.name);
  EXPECT_THAT(names, ElementsAre("default", "delay-bounding", "dfs", "dpor", "pct", "pos",
                                 "preemption-bounding", "random", "round-robin", "source-dpor",
                                 "surw"));
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
            "preemption-bounding, random, round-robin, source-dpor, surw");
  EXPECT_EQ(ErrorOf(""),
            "unknown strategy ''; there are: default, delay-bounding, dfs, dpor, pct, pos, "
            "preemption-bounding, random, round-robin, source-dpor, surw");
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

TEST(PortfolioTest, ALargeOneIsSampledInTurnAfterwards) {
  Exploration exploration;
  Portfolio strategy(20);
  const auto decider = strategy.MakeDecider();
  std::vector<uint32_t> members;
  uint64_t length = 0;
  for (uint64_t i = 0; i < 32; ++i) {
    Plan plan;
    ASSERT_TRUE(strategy.Next(&plan));
    plan.index = i;
    plan.seed = MixSeed(1, i);
    members.push_back(plan.member);
    EXPECT_EQ(plan.prefix.empty(), i == 0 || i >= 20);
    if (plan.member >= 2 && plan.member <= 4) {
      EXPECT_EQ(plan.parameter_a, plan.member - 1);  // PCT's depth
      EXPECT_EQ(plan.parameter_b, length);           // known from the depth-first executions
    }
    const ExecutionRecord& record = exploration.Execute(ThreeThreads, *decider, plan);
    length = std::max(length, record.steps);
    strategy.Learn(plan, record);
  }
  std::vector<uint32_t> expected(20, 0);
  for (int i = 0; i < 2; ++i) expected.insert(expected.end(), {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(members, expected);
  EXPECT_FALSE(strategy.Progress().exhausted);
  EXPECT_THAT(strategy.Progress().note, HasSubstr("then 12 sampled"));
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
