// SURW: uniform over the orders of the interesting operations, which the test counts by hand.
#include "harness/strategy/surw.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/strategy/random_walk.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

// What the bodies tell the tests. Unordered on purpose, which is no business of ThreadSanitizer's.
struct Notes {
  __attribute__((no_sanitize("thread"))) void Add(char name) { text[size++] = name; }
  __attribute__((no_sanitize("thread"))) void Clear() { size = 0; }
  std::string Text() const { return std::string(text, size); }

  char text[8] = {};
  size_t size = 0;
};
Notes notes;

// One shared object, used twice by one thread and once by the other, between many steps on others.
void Unequal() {
  notes.Clear();
  Atomic<int> shared{0};
  const auto body = [&](char name, int uses, int pads) {
    Atomic<int> own{0};
    for (int i = 0; i < uses; ++i) {
      for (int pad = 0; pad < pads; ++pad) own.store(pad);
      shared.fetch_add(1);
      notes.Add(name);
    }
  };
  Thread a(body, 'a', 2, 1);
  Thread b(body, 'b', 1, 20);
  a.join();
  b.join();
}

// How often each order came up, profiling runs aside.
std::map<std::string, int> Orders(void (*body)(), uint64_t executions) {
  Exploration exploration;
  Surw surw;
  std::map<std::string, int> orders;
  uint64_t index = 0;
  exploration.Explore(body, surw, executions, [&] {
    if (index++ % Surw::kReprofile != 0) ++orders[notes.Text()];
  });
  EXPECT_TRUE(exploration.suspicions.empty());
  return orders;
}

// Pearson's test, at the 0.999 quantile; the seed is fixed.
void ExpectUniform(const std::map<std::string, int>& orders, size_t count, double quantile) {
  EXPECT_EQ(orders.size(), count);
  double total = 0;
  for (const auto& [name, hits] : orders) total += hits;
  const double expected = total / static_cast<double>(count);
  double statistic = 0;
  for (const auto& [name, hits] : orders) {
    statistic += (hits - expected) * (hits - expected) / expected;
  }
  EXPECT_LT(statistic, quantile);
}

TEST(SurwTest, EveryOrderOfTheInterestingOperationsIsEquallyLikely) {
  ExpectUniform(Orders(Unequal, 12'800), 3, 13.8);
  // A random walk is far from it: 'b' has twenty steps more before its own.
  Exploration exploration;
  RandomWalk random_walk;
  std::map<std::string, int> orders;
  exploration.Explore(Unequal, random_walk, 2'000, [&] { ++orders[notes.Text()]; });
  EXPECT_GT(orders["aab"], 1'900);
}

// The second user is a grandchild: its share goes from main to the child to it.
void Nested() {
  notes.Clear();
  Atomic<int> shared{0};
  const auto use = [&](char name) {
    shared.fetch_add(1);
    notes.Add(name);
  };
  Thread child([&] {
    Atomic<int> own{0};
    for (int pad = 0; pad < 10; ++pad) own.store(pad);
    Thread grandchild([&] { use('g'), use('g'); });
    grandchild.join();
  });
  use('m');
  use('m');
  child.join();
}

TEST(SurwTest, ANewThreadTakesItsShare) {
  ExpectUniform(Orders(Nested, 12'800), 6, 20.5);  // 4! / (2! 2!)
}

// ---- Shapes of Surw::Next and Learn ----

ExecutionRecord Profile(std::vector<ObjectUse> uses) {
  ExecutionRecord record;
  record.uses = std::move(uses);
  record.places = {{}, {0, 1}, {0, 2}};  // main and two children
  return record;
}

TEST(SurwTest, OnlyObjectsOnWhichThreadsConflictAreInteresting) {
  Surw surw;
  Plan plan;
  ASSERT_TRUE(surw.Next(&plan));
  EXPECT_TRUE(plan.data.empty()) << "the first execution profiles";
  surw.Learn(plan, Profile({{0x10, 1, 5, 5},      // of one thread
                            {0x20, 1, 2, 1},      // changed by one thread, read by the other
                            {0x20, 2, 3, 0},
                            {0x30, 2, 9, 9},      // of one thread
                            {0x40, 1, 7, 0},      // changed by nobody
                            {0x40, 2, 7, 0}}));
  for (uint64_t i = 1; i < Surw::kReprofile; ++i) {
    plan.seed = i;
    ASSERT_TRUE(surw.Next(&plan));
    const uint64_t counts = i < Surw::kAlsoCounted ? 1 : 0;
    EXPECT_EQ(plan.data, (std::vector<uint64_t>{1, counts, 0x20, 0, 0, 0, 0, 1, 2, 0, 2, 3}));
    surw.Learn(plan, ExecutionRecord{});
  }
  ASSERT_TRUE(surw.Next(&plan));
  EXPECT_TRUE(plan.data.empty());
}

TEST(SurwTest, SeveralObjectsAreInterestingHalfTheTime) {
  Surw surw;
  Plan plan;
  ASSERT_TRUE(surw.Next(&plan));
  surw.Learn(plan, Profile({{0x10, 1, 5, 5}, {0x10, 2, 1, 1}, {0x20, 1, 2, 2}, {0x20, 2, 3, 3}}));
  int both = 0;
  for (uint64_t i = 0; i < 120; ++i) {
    plan.seed = i;
    ASSERT_TRUE(surw.Next(&plan));
    ASSERT_FALSE(plan.data.empty());
    if (plan.data[0] == 1) {
      EXPECT_EQ(plan.data.size(), 12u);
    } else {
      ++both;
      EXPECT_EQ(plan.data.size(), 13u);
      EXPECT_EQ((std::vector<uint64_t>(plan.data.end() - 9, plan.data.end())),
                (std::vector<uint64_t>{0, 0, 0, 0, 1, 7, 0, 2, 4}));
    }
  }
  EXPECT_GT(both, 40);
  EXPECT_LT(both, 80);
}

// 4 * 4 pairs conflict on the first, weight 5; 1 on the second, weight 1.
TEST(SurwTest, WhatHasMoreConflictsIsInterestingMoreOften) {
  Surw surw;
  Plan plan;
  ASSERT_TRUE(surw.Next(&plan));
  surw.Learn(plan, Profile({{0x10, 1, 4, 4}, {0x10, 2, 4, 4}, {0x20, 1, 1, 1}, {0x20, 2, 1, 0}}));
  std::map<uint64_t, int> alone;
  for (uint64_t i = 0; i < 12'000; ++i) {
    plan.seed = MixSeed(1, i);
    ASSERT_TRUE(surw.Next(&plan));
    if (!plan.data.empty() && plan.data[0] == 1) ++alone[plan.data[2]];
  }
  EXPECT_NEAR(alone[0x10], 4'960, 150);
  EXPECT_NEAR(alone[0x20], 992, 100);
}

// In most executions `late` finds that there is nothing to do any more: one profile would miss what
// it does otherwise.
void Late() {
  notes.Clear();
  Atomic<bool> done{false};
  Atomic<int> shared{0};
  Thread late([&] {
    if (done.load()) return;
    for (int i = 0; i < 2; ++i) {
      shared.fetch_add(1);
      notes.Add('l');
    }
  });
  shared.fetch_add(1);
  notes.Add('m');
  done.store(true);
  late.join();
}

TEST(SurwTest, WhatSteeredExecutionsShowIsLearntToo) {
  Exploration exploration;
  std::map<std::string, int> orders;
  Surw surw;
  exploration.Explore(Late, surw, Surw::kReprofile, [&] { ++orders[notes.Text()]; });
  EXPECT_THAT(orders, ::testing::SizeIs(4)) << "m, mll, lml, llm";
}

// Threads that wait for one another between interesting operations.
void Handshake() {
  Atomic<int> flag{0};
  Atomic<int> shared{0};
  Thread a([&] {
    shared.fetch_add(1);
    while (flag.load() == 0) {
    }
    shared.fetch_add(1);
  });
  Thread b([&] {
    shared.fetch_add(1);
    flag.store(1);
    shared.fetch_add(1);
  });
  a.join();
  b.join();
}

TEST(SurwTest, AnIntendedThreadThatWaitsDoesNotStopTheOthers) {
  Exploration exploration;
  Surw surw;
  exploration.Explore(Handshake, surw, 2'000);
  EXPECT_TRUE(exploration.suspicions.empty());
}

}  // namespace
}  // namespace heddle
