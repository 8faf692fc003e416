// Sleeping and virtual time under the controlled engine.
#include <chrono>

#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(SyncTest, SleepersWakeInTheOrderOfTheirDeadlines) {
  Run([] {
    Atomic<int> order{0};
    const auto sleep = [&](int me) {
      SleepFor(std::chrono::milliseconds(10 * me));
      if (VirtualClock::now().time_since_epoch() != std::chrono::milliseconds(10 * me)) See(40);
      order.store(order.load() * 3 + me);
    };
    Thread a(sleep, 2), b(sleep, 1);
    a.join();
    b.join();
    See(static_cast<uint64_t>(order.load()));
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{5});  // 1, then 2
}

TEST_F(SyncTest, SleepersWakeInAnyOrderWhereTheSearchAllowsIt) {
  Run(
      [] {
        Atomic<int> order{0};
        const auto sleep = [&](int me) {
          this_thread::sleep_until(VirtualClock::now() + std::chrono::milliseconds(10 * me));
          order.fetch_add(order.load() == 0 ? me : 0);
        };
        Thread a(sleep, 2), b(sleep, 1);
        a.join();
        b.join();
        See(static_cast<uint64_t>(std::min(order.load(), 2)));
      },
      {.timeouts = Timeouts::kAny});
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{1, 2}));
}

TEST_F(SyncTest, TimeStandsStillWhileAnyThreadCanRun) {
  Run([] {
    Atomic<int> steps{0};
    Thread a([&] {
      this_thread::sleep_for(1ns);
      See(static_cast<uint64_t>(steps.load()));
    });
    for (int i = 0; i < 20; ++i) steps.fetch_add(1);
    a.join();
    SleepFor(-1s);
    SleepUntil(VirtualClock::time_point::min());
    SleepUntil(std::chrono::system_clock::now() - 1h);
    if (VirtualClock::now().time_since_epoch() != 1ns) See(40);
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{20});
}

TEST_F(SyncTest, TimePassesForAThreadThatPollsTheClock) {
  Run(
      [] {
        const auto end = VirtualClock::now() + 20ms;
        while (VirtualClock::now() < end) this_thread::yield();
        See(1);
      },
      {}, 1);
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{1});
  EXPECT_EQ(last_.end, EngineEnd::kCompleted);
}

TEST_F(SyncTest, ASleepWithoutEndIsStuck) {
  Run([] { SleepUntil(VirtualClock::time_point::max()); }, {}, 1);
  ExpectOnly(FindingKind::kStuck);
}

}  // namespace
}  // namespace heddle::testing
