// heddle::CountingSemaphore under the controlled engine.
#include <chrono>

#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/semaphore.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(SyncTest, SemaphoreLetsInAsManyAsItHasPermits) {
  Run([] {
    Semaphore semaphore(2);
    Atomic<int> inside{0};
    const auto enter = [&] {
      semaphore.acquire();
      See(static_cast<uint64_t>(inside.fetch_add(1) + 1));
      inside.fetch_sub(1);
      semaphore.release();
    };
    Thread a(enter), b(enter), c(enter);
    a.join();
    b.join();
    c.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{1, 2}));
}

TEST_F(SyncTest, SemaphoreReleaseIsOrderedBeforeTheAcquire) {
  Run([] {
    BinarySemaphore semaphore(0);
    Var<int> data{0};
    Thread a([&] {
      data = 1;
      semaphore.release();
    });
    semaphore.acquire();
    data = 2;
    a.join();
  });
  ExpectClean();
  // With a permit to begin with, it orders nothing.
  Run([] {
    CountingSemaphore<2> semaphore(1);
    Var<int> data{0};
    Thread a([&] {
      data = 1;
      semaphore.release();
    });
    semaphore.acquire();
    data = 2;
    a.join();
  });
  ExpectOnly(FindingKind::kDataRace);
}

TEST_F(SyncTest, SemaphoreTriesAndTimeouts) {
  Run([] {
    BinarySemaphore semaphore(1);
    if (!semaphore.try_acquire()) See(1);
    if (semaphore.try_acquire()) See(2);
    if (semaphore.try_acquire_for(2ms)) See(3);
    if (VirtualClock::now().time_since_epoch() != 2ms) See(4);
    Thread a([&] {
      SleepFor(3ms);
      semaphore.release();
    });
    if (!semaphore.try_acquire_until(VirtualClock::now() + 4ms)) See(5);
    if (VirtualClock::now().time_since_epoch() != 5ms) See(6);
    a.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

TEST_F(SyncTest, SemaphoreWithoutEnoughReleasesIsStuck) {
  Run(
      [] {
        Semaphore semaphore(1);
        semaphore.acquire();
        semaphore.acquire();
      },
      {}, 1);
  ExpectOnly(FindingKind::kStuck);
}

TEST_F(SyncTest, SemaphoreMisuse) {
  Run(
      [] {
        CountingSemaphore<3> semaphore(2);
        semaphore.release();
        semaphore.release();
        semaphore.release(-1);
        for (int i = 0; i < 3; ++i) semaphore.acquire();
        See(1);
      },
      {}, 1);
  ExpectOnly(FindingKind::kMisuse);
  EXPECT_EQ(Messages(), (Strings{"release of a semaphore beyond its largest count",
                                 "release of a semaphore by a negative number"}));
  EXPECT_EQ(Seen(), Outcomes{1});
}

}  // namespace
}  // namespace heddle::testing
