// POS against a simulation of its definition, and where it differs from a random walk.
#include "harness/strategy/pos.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "harness/strategy/random_walk.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

constexpr int kPads = 12;
bool hit;

// Seen only where the load comes after everything that the other thread does.
void LateLoad() {
  Atomic<int> x{0};
  hit = false;
  Thread a([&] {
    Atomic<int> own{0};
    for (int i = 0; i < kPads; ++i) own.store(i);
    x.store(1);
  });
  Thread b([&] { hit = x.load() == 1; });
  a.join();
  b.join();
}

double RateOf(Strategy& strategy, int executions) {
  Exploration exploration;
  double hits = 0;
  exploration.Explore(LateLoad, strategy, executions, [&] { hits += hit ? 1 : 0; });
  return hits / executions;
}

// The definition, for LateLoad: a start, the pads and the store against a start and the load, each
// with a priority of its own; nothing conflicts before the end.
double SimulatedRate(int runs) {
  std::mt19937_64 random(4711);
  int hits = 0;
  for (int run = 0; run < runs; ++run) {
    int a_left = 1 + kPads + 1;
    int b_left = 2;
    uint64_t a = random();
    uint64_t b = random();
    while (a_left > 0 && b_left > 0) {
      if (a > b) {
        --a_left;
        a = random();
      } else {
        --b_left;
        b = random();
      }
    }
    hits += a_left == 0 ? 1 : 0;
  }
  return static_cast<double>(hits) / runs;
}

TEST(PosTest, HitsAsOftenAsItsDefinitionSays) {
  Pos pos;
  constexpr int kExecutions = 20'000;
  const double expected = SimulatedRate(1'000'000);
  const double deviation = std::sqrt(expected * (1 - expected) / kExecutions);
  EXPECT_NEAR(RateOf(pos, kExecutions), expected, 5 * deviation);
  RandomWalk random_walk;
  EXPECT_GT(expected, 20 * RateOf(random_walk, kExecutions)) << "what POS is for";
}

// Two threads that conflict three times each: every order of the conflicts comes up.
std::string order;
void Conflicts() {
  order.clear();
  Mutex mutex;
  const auto body = [&](char name) {
    for (int i = 0; i < 3; ++i) {
      mutex.lock();
      order += name;
      mutex.unlock();
    }
  };
  Thread a(body, 'a');
  Thread b(body, 'b');
  a.join();
  b.join();
}

TEST(PosTest, DrawsTheOrderAnewAtEachConflict) {
  Exploration exploration;
  Pos pos;
  std::set<std::string> orders;
  exploration.Explore(Conflicts, pos, 2'000, [&] { orders.insert(order); });
  EXPECT_EQ(orders.size(), 20u);  // 6! / (3! 3!)
}

void SpinOnAFlag() {
  Atomic<int> flag{0};
  Thread a([&] {
    while (flag.load() == 0) {
    }
  });
  Thread b([&] { flag.store(1); });
  a.join();
  b.join();
}

TEST(PosTest, ASpinningThreadDoesNotStarveTheOneThatItWaitsFor) {
  Exploration exploration;
  Pos pos;
  exploration.Explore(SpinOnAFlag, pos, 1'000);
  EXPECT_TRUE(exploration.suspicions.empty());
}

}  // namespace
}  // namespace heddle
