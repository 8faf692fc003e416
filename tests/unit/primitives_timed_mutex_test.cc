// heddle::TimedMutex and RecursiveTimedMutex under the controlled engine.
#include <chrono>

#include <gtest/gtest.h>

#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/timed_mutex.h"
#include "primitives/var.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(SyncTest, TimedMutexIsGotWhenItBecomesFreeInTime) {
  Run([] {
    TimedMutex mutex;
    mutex.lock();
    Thread a([&] {
      const bool got = mutex.try_lock_for(10ms);
      See(got ? 1 : 0);
      if (got) mutex.unlock();
    });
    SleepFor(5ms);
    mutex.unlock();
    a.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{1});
}

TEST_F(SyncTest, TimedMutexTimesOutWhenItIsHeldForTooLong) {
  Run([] {
    TimedMutex mutex;
    mutex.lock();
    Thread a([&] {
      if (mutex.try_lock_for(10ms)) See(1);
      if (VirtualClock::now().time_since_epoch() != 10ms) See(2);
      if (mutex.try_lock_until(VirtualClock::now() - 1ms)) See(3);
      if (mutex.try_lock_for(-1s)) See(4);
      if (VirtualClock::now().time_since_epoch() != 10ms) See(5);
    });
    SleepFor(20ms);
    mutex.unlock();
    a.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

TEST_F(SyncTest, TimedMutexTimesOutEarlyWhereTheSearchAllowsIt) {
  Run(
      [] {
        TimedMutex mutex;
        mutex.lock();
        Thread a([&] {
          const bool got = mutex.try_lock_for(10ms);
          See(got ? 1 : 0);
          if (got) mutex.unlock();
        });
        Yield();
        mutex.unlock();
        a.join();
      },
      {.timeouts = Timeouts::kAny, .unlock_is_point = true});
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{0, 1}));
}

TEST_F(SyncTest, TimedMutexOrdersWhatItProtects) {
  Run([] {
    TimedMutex mutex;
    Var<int> value{0};
    const auto add = [&] {
      if (!mutex.try_lock_for(1h)) return See(1);
      ++value;
      mutex.unlock();
    };
    Thread a(add);
    add();
    a.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

TEST_F(SyncTest, ATimeoutTooLongToBeRepresentedNeverEnds) {
  Run([] {
    TimedMutex mutex;
    mutex.lock();
    Thread a([&] { mutex.try_lock_for(std::chrono::hours::max()); });
    a.join();
  });
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{0, 1}}));
}

TEST_F(SyncTest, RecursiveTimedMutexCounts) {
  Run([] {
    RecursiveTimedMutex mutex;
    mutex.lock();
    if (!mutex.try_lock_for(1ms)) See(1);
    if (!mutex.try_lock()) See(2);
    mutex.unlock();
    mutex.unlock();
    Thread a([&] {
      if (mutex.try_lock_for(1ms)) See(3);
    });
    a.join();
    mutex.unlock();
    Thread b([&] {
      if (!mutex.try_lock()) return See(4);
      mutex.unlock();
    });
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

}  // namespace
}  // namespace heddle::testing
