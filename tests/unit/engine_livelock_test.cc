// What is a livelock and what only looks like one for a while.
#include <mutex>

#include "gtest/gtest.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/round_robin.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

ExecutionOptions ShortAndFine() {
  ExecutionOptions options;
  options.max_steps = 60;
  options.unlock_is_point = true;
  return options;
}

// std::lock backs off and tries again. Two of them in lockstep never get both mutexes, but only in
// lockstep.
void LockBothInEitherOrder() {
  Mutex a, b;
  Thread one([&] { std::scoped_lock both(a, b); });
  Thread two([&] { std::scoped_lock both(b, a); });
  one.join();
  two.join();
}

TEST(LivelockTest, StdLockInLockstepIsNone) {
  Exploration exploration(ShortAndFine());
  Dfs strategy;
  exploration.Explore(LockBothInEitherOrder, strategy, 3'000);
  EXPECT_TRUE(exploration.suspicions.empty()) << exploration.suspicions[0].message;
}

// Each gives way as long as the other wants to go first, whatever the schedule.
void GiveWayForEver() {
  Atomic<int> turn{0};
  Atomic<bool> wants[2] = {true, true};
  const auto body = [&](int me) {
    while (wants[me].load()) {
      if (turn.load() == me && wants[1 - me].load()) turn.store(1 - me);
    }
  };
  Thread one(body, 0);
  Thread two(body, 1);
  one.join();
  two.join();
}

TEST(LivelockTest, GivingWayForEverIsOne) {
  Exploration exploration(ShortAndFine());
  RoundRobin strategy;
  exploration.Explore(GiveWayForEver, strategy, 1);
  ASSERT_EQ(exploration.suspicions.size(), 1u);
  EXPECT_EQ(exploration.suspicions[0].kind, FindingKind::kLivelock);
}

}  // namespace
}  // namespace heddle
