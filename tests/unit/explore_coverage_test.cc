// Coverage as a campaign counts it, against numbers that follow from the programs.
#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/campaign.h"
#include "tests/support/classic_programs.h"

namespace heddle::testing {
namespace {

// One place for all that touch.
__attribute__((noinline)) void Touch(Atomic<int>& x) { x.fetch_add(1); }

// 12 over 6 orders of the updates.
void SixAndSix() {
  Atomic<int> x(0);
  const auto touch = [&] {
    for (int i = 0; i < 6; ++i) Touch(x);
  };
  Thread first(touch), second(touch);
  first.join();
  second.join();
}

// Two orders of the locks.
void OneLockEach() {
  Mutex mutex;
  const auto pass = [&] {
    mutex.lock();
    mutex.unlock();
  };
  Thread first(pass), second(pass);
  first.join();
  second.join();
}

CaseResult Explore(void (*body)(), const char* strategy, uint64_t executions) {
  CampaignOptions options;
  options.strategy = strategy;
  options.executions = executions;
  return ExploreCase(body, options);
}

TEST(Coverage, CountsEveryOrderOfUpdates) {
  const CaseResult result = Explore(SixAndSix, "dfs", 1'000'000);
  ASSERT_TRUE(result.complete);
  EXPECT_EQ(result.coverage.executions, result.executions);
  EXPECT_EQ(result.coverage.classes, 924u);
  EXPECT_TRUE(result.coverage.exact);
}

// Either thread's first sees the beginning; each sees its own and the other's.
TEST(Coverage, CountsEveryPairOfPlaces) {
  const CaseResult result = Explore(SixAndSix, "random", 20'000);
  EXPECT_EQ(result.coverage.pairs, 6u);
  EXPECT_GT(result.coverage.classes, 700u);
  EXPECT_LE(result.coverage.classes, 924u);
}

TEST(Coverage, TwoOrdersOfTwoLocks) {
  const CaseResult result = Explore(OneLockEach, "random", 500);
  EXPECT_EQ(result.coverage.classes, 2u);
  EXPECT_EQ(result.coverage.classes_once, 0u);
  EXPECT_EQ(result.coverage.pairs, 4u);  // the beginning and the other, by either
  EXPECT_EQ(result.coverage.Unseen(), 0);
}

TEST(Coverage, PartialOrderReductionMakesOneExecutionOfEachClass) {
  for (void (*const body)() : {Readers<4>, LastZero<4>, Indexer<12>, SixAndSix, OneLockEach}) {
    const CaseResult reduced = Explore(body, "dpor", 1'000'000);
    ASSERT_TRUE(reduced.complete);
    EXPECT_EQ(reduced.coverage.classes, reduced.executions);
    EXPECT_EQ(reduced.coverage.classes_once, reduced.executions);
  }
  const CaseResult sampled = Explore(Readers<4>, "random", 20'000);
  EXPECT_EQ(sampled.coverage.classes, 16u);
}

// The estimate of what further executions would show is what further executions show.
TEST(Coverage, TheUnseenIsEstimatedWell) {
  const CaseResult some = Explore(SixAndSix, "random", 2'000);
  const CaseResult more = Explore(SixAndSix, "random", 2'200);
  const double fresh = static_cast<double>(more.coverage.classes - some.coverage.classes) / 200;
  EXPECT_NEAR(some.coverage.Unseen(), fresh, 0.06);
  EXPECT_GT(some.coverage.Unseen(), 0);
}

}  // namespace
}  // namespace heddle::testing
