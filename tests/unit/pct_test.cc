// PCT's hit rate on bugs of known depth, against its guarantee; and its fairness.
#include "harness/strategy/pct.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

Atomic<int>* x;
Atomic<int>* y;
bool hit;

// Steps that have nothing to do with the bug, so that k is not tiny.
void Pad(int steps) {
  for (int i = 0; i < steps; ++i) y->store(i);
}

void TwoThreads(void (*first)(), void (*second)()) {
  Atomic<int> one{0};
  Atomic<int> two{0};
  x = &one;
  y = &two;
  hit = false;
  Thread a(first);
  Thread b(second);
  a.join();
  b.join();
}

// One ordering: the second thread's load before the first thread's store.
void DepthOne() {
  TwoThreads([] { Pad(3), x->store(1), Pad(3); }, [] { Pad(3), hit = x->load() == 0, Pad(3); });
}

// Two: the store comes between the two loads.
void DepthTwo() {
  TwoThreads(
      [] {
        Pad(4);
        const int before = x->load();
        hit = x->load() != before;
        Pad(4);
      },
      [] { Pad(4), x->store(1), Pad(4); });
}

// Three: first store, load, second store, load.
void DepthThree() {
  TwoThreads([] { Pad(2), x->store(1), x->store(2), Pad(2); },
             [] {
               Pad(2);
               const int first = x->load();
               const int second = x->load();
               hit = first == 1 && second == 2;
               Pad(2);
             });
}

struct Rate {
  double hits;
  double bound;
};

// The hits in `executions` runs, and the least that the guarantee lets expect, less four standard
// deviations.
Rate Measure(void (*body)(), uint64_t depth, uint64_t executions) {
  Exploration exploration;
  Pct pct(depth);
  exploration.Explore(body, pct, 1);  // learns k
  const double k = static_cast<double>(exploration.record().steps);
  const double n = exploration.record().threads;
  double hits = 0;
  exploration.Explore(body, pct, executions, [&] { hits += hit ? 1 : 0; }, 7);
  EXPECT_EQ(exploration.record().steps, static_cast<uint64_t>(k));
  const double p = 1 / (n * std::pow(k, static_cast<double>(depth - 1)));
  const double count = static_cast<double>(executions);
  return {hits, count * p - 4 * std::sqrt(count * p * (1 - p))};
}

TEST(PctTest, FindsABugOfDepthOneAsOftenAsItsGuarantee) {
  const Rate rate = Measure(DepthOne, 1, 5'000);
  EXPECT_GT(rate.hits, rate.bound);
  EXPECT_LT(rate.hits, 4'000);  // half of the orders of two priorities
}

TEST(PctTest, FindsABugOfDepthTwoAsOftenAsItsGuarantee) {
  const Rate rate = Measure(DepthTwo, 2, 20'000);
  EXPECT_GT(rate.bound, 100);
  EXPECT_GT(rate.hits, rate.bound);
}

TEST(PctTest, FindsABugOfDepthThreeAsOftenAsItsGuarantee) {
  const Rate rate = Measure(DepthThree, 3, 60'000);
  EXPECT_GT(rate.bound, 15);
  EXPECT_GT(rate.hits, rate.bound);
}

TEST(PctTest, ADepthTooSmallDoesNotFindTheBug) {
  EXPECT_EQ(Measure(DepthTwo, 1, 2'000).hits, 0);
  EXPECT_EQ(Measure(DepthThree, 2, 2'000).hits, 0);
}

// The threads first wait for each other, so that each has lost its priority before the bug.
void DepthTwoAfterSpinning() {
  const auto meet = [] {
    y->fetch_add(1);
    while (y->load() < 2) {
    }
  };
  static constexpr auto kMeet = meet;
  TwoThreads(
      [] {
        kMeet();
        const int before = x->load();
        hit = x->load() != before;
      },
      [] { kMeet(), x->store(1), x->store(2); });
}

TEST(PctTest, PrioritiesChangeAlsoAfterThreadsHaveSpun) {
  Exploration exploration;
  Pct pct(2);
  int hits = 0;
  exploration.Explore(DepthTwoAfterSpinning, pct, 2'000, [&] { hits += hit ? 1 : 0; });
  EXPECT_GT(hits, 50);
}

// Whoever waits in a loop must not starve the thread that it waits for.
void SpinOnAFlag() {
  TwoThreads(
      [] {
        while (x->load() == 0) {
        }
      },
      [] { Pad(5), x->store(1); });
}
void YieldForAFlag() {
  TwoThreads(
      [] {
        while (x->load() == 0) Yield();
      },
      [] { Pad(5), x->store(1); });
}

TEST(PctTest, SpinningThreadsDoNotStarveOthers) {
  for (const auto body : {SpinOnAFlag, YieldForAFlag}) {
    Exploration exploration({.max_steps = 500});
    Pct pct(3);
    exploration.Explore(body, pct, 1'000, [&] {
      EXPECT_EQ(exploration.result().end, EngineEnd::kCompleted);
      EXPECT_LT(exploration.result().steps, 60u);
    });
  }
}

TEST(PctTest, TheLengthIsThatOfExecutionsThatEndedByThemselves) {
  Pct pct(2);
  Plan plan;
  const auto length_after = [&](ExecutionEnd end, uint64_t steps) {
    ExecutionRecord record;
    record.end = end;
    record.steps = steps;
    pct.Learn(plan, record);
    EXPECT_TRUE(pct.Next(&plan));
    return plan.parameter_b;
  };
  EXPECT_EQ(length_after(ExecutionEnd::kStepLimit, 20'000), 0u);
  EXPECT_EQ(length_after(ExecutionEnd::kFailed, 7), 7u);  // better than nothing
  EXPECT_EQ(length_after(ExecutionEnd::kFailed, 9), 9u);
  EXPECT_EQ(length_after(ExecutionEnd::kCompleted, 8), 8u);
  EXPECT_EQ(length_after(ExecutionEnd::kCompleted, 6), 8u);
  EXPECT_EQ(length_after(ExecutionEnd::kFailed, 20'000), 8u);  // a livelock
}

// ---- What the executions amount to ----

TEST(PctTest, SaysHowProbablyABugWouldHaveBeenFound) {
  Exploration exploration;
  Pct pct(2);
  EXPECT_EQ(pct.Bound(), std::nullopt);
  exploration.Explore(DepthTwo, pct, 1);
  EXPECT_EQ(pct.Bound(), 0) << "the first execution does not know k, and changes no priority";
  exploration.Explore(DepthTwo, pct, 40);
  const double k = static_cast<double>(exploration.record().steps);
  const double n = exploration.record().threads;
  const double bound = 1 - std::pow(1 - 1 / (n * k), 40);
  EXPECT_NEAR(pct.Bound().value(), bound, 1e-12);
  EXPECT_EQ(pct.Progress().note,
            "PCT of depth 2: a bug that needs 2 ordering constraints would have been found with a "
            "probability of at least " +
                std::to_string(static_cast<int>(100 * bound)) + "% (3 threads, " +
                std::to_string(static_cast<int>(k)) + " steps)");
  exploration.Explore(DepthTwo, pct, 20'000);
  EXPECT_NE(pct.Progress().note.find("at least 99.99% ("), std::string::npos) << "never all";
}

// Depth 1 needs no change point, so that k plays no part: the first execution counts, too.
TEST(PctTest, OfDepthOneTheFirstExecutionCounts) {
  Exploration exploration;
  Pct pct(1);
  exploration.Explore(DepthOne, pct, 2);
  EXPECT_NEAR(pct.Bound().value(), 1 - std::pow(1 - 1.0 / 3, 2), 1e-12);
}

// Twice as long in every second execution.
int lengths = 0;
void LongerAndLonger() {
  ++lengths;
  TwoThreads([] { Pad(lengths); }, [] { Pad(1); });
}

TEST(PctTest, WhatWasPlannedForFewerStepsDoesNotCount) {
  Exploration exploration;
  Pct pct(3);
  lengths = 0;
  exploration.Explore(LongerAndLonger, pct, 50);
  EXPECT_EQ(pct.Bound(), 0);
  EXPECT_EQ(pct.Progress().note, "PCT of depth 3");
}

TEST(PctTest, NothingIsClaimedWhereThreadsWaitInLoopsOrExecutionsAreCut) {
  Exploration exploration;
  Pct spins(2);
  exploration.Explore(DepthTwoAfterSpinning, spins, 20);
  EXPECT_EQ(spins.Bound(), std::nullopt);
  EXPECT_EQ(
      spins.Progress().note,
      "PCT of depth 2: no bound on what was missed, since threads yielded or waited in loops");
  Pct cut(2);
  ExecutionRecord record;
  record.threads = 2;
  record.end = ExecutionEnd::kStepLimit;
  cut.Learn(Plan{}, record);
  EXPECT_EQ(cut.Progress().note,
            "PCT of depth 2: no bound on what was missed, since executions were cut");
}

TEST(PctTest, InstancesAddUpToOne) {
  Exploration exploration;
  Pct one(2);
  exploration.Explore(DepthTwo, one, 100);
  const std::unique_ptr<Strategy> clone = one.Clone();
  exploration.Explore(DepthTwo, *clone, 300);
  Pct whole(2);
  ASSERT_TRUE(whole.Add(one.Counts(), false));
  ASSERT_TRUE(whole.Add(clone->Counts(), false));
  exploration.Explore(DepthTwo, one, 300);
  EXPECT_NEAR(whole.Bound().value(), one.Bound().value(), 1e-12);
  EXPECT_EQ(whole.Progress().note, one.Progress().note);
  EXPECT_FALSE(whole.Add("nonsense", false));
}

}  // namespace
}  // namespace heddle
