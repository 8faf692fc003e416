// heddle::SharedMutex and SharedTimedMutex under the controlled engine.
#include <chrono>
#include <mutex>
#include <shared_mutex>

#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/shared_mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(SyncTest, SharedMutexLetsReadersInTogetherAndWritersAlone) {
  Run([] {
    SharedMutex mutex;
    Atomic<int> readers{0};
    Var<int> value{0};
    const auto read = [&] {
      std::shared_lock lock(mutex);
      See(static_cast<uint64_t>(readers.fetch_add(1)));
      static_cast<void>(value.load());
      readers.fetch_sub(1);
    };
    Thread a(read), b(read);
    {
      std::unique_lock lock(mutex);
      if (readers.load() != 0) See(10);
      ++value;
    }
    a.join();
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{0, 1}));
}

TEST_F(SyncTest, SharedMutexReadersAreNotOrderedAmongEachOther) {
  Run([] {
    SharedMutex mutex;
    Var<int> value{0};
    const auto write = [&] {
      std::shared_lock lock(mutex);
      ++value;
    };
    Thread a(write);
    write();
    a.join();
  });
  ExpectOnly(FindingKind::kDataRace);
}

TEST_F(SyncTest, SharedMutexUpgradeWaitsForItself) {
  Run([] {
    SharedMutex mutex;
    std::shared_lock lock(mutex);
    mutex.lock();
  });
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{0}}));
}

TEST_F(SyncTest, SharedMutexTwoUpgradesWaitForEachOther) {
  Run([] {
    SharedMutex mutex;
    const auto upgrade = [&] {
      mutex.lock_shared();
      mutex.lock();
      mutex.unlock();
      mutex.unlock_shared();
    };
    Thread a(upgrade), b(upgrade);
    a.join();
    b.join();
  });
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{1, 2}}));
}

TEST_F(SyncTest, SharedMutexSharedAfterExclusiveWaitsForItself) {
  Run([] {
    SharedMutex mutex;
    mutex.lock();
    mutex.lock_shared();
  });
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{0}}));
}

TEST_F(SyncTest, SharedMutexMisuse) {
  Run(
      [] {
        SharedMutex mutex;
        mutex.unlock();
        mutex.unlock_shared();
        std::shared_lock lock(mutex);
        if (mutex.try_lock()) See(1);
      },
      {}, 1);
  ExpectOnly(FindingKind::kMisuse);
  EXPECT_EQ(Messages(),
            (Strings{"unlock of a shared mutex that is not locked exclusively",
                     "unlock_shared of a shared mutex that the thread does not hold",
                     "try_lock of a shared mutex that the thread holds already (undefined by "
                     "[thread.sharedmutex.class])"}));
  EXPECT_EQ(Seen(), Outcomes{});
}

TEST_F(SyncTest, SharedMutexKeptAtTheEndOfAThread) {
  Run(
      [] {
        SharedMutex mutex;
        Thread a([&] { mutex.lock_shared(); });
        a.join();
      },
      {}, 1);
  ExpectOnly(FindingKind::kMisuse);
  EXPECT_EQ(Messages(), (Strings{"a thread ends while it holds a lock",
                                 "destruction of a shared mutex that is locked shared"}));
}

TEST_F(SyncTest, SharedTimedMutexTimesOutInVirtualTime) {
  Run([] {
    SharedTimedMutex mutex;
    mutex.lock_shared();
    Thread a([&] {
      const auto begin = VirtualClock::now();
      if (mutex.try_lock_shared_for(5ms)) mutex.unlock_shared();  // no reason to wait
      if (VirtualClock::now() != begin) See(1);
      if (mutex.try_lock_for(5ms)) See(2);
      if (VirtualClock::now() - begin != 5ms) See(3);
      if (mutex.try_lock_until(begin + 7ms)) See(4);
      if (VirtualClock::now() - begin != 7ms) See(5);
    });
    a.join();
    mutex.unlock_shared();
    mutex.lock();
    Thread b([&] {
      if (mutex.try_lock_shared_for(1ms)) See(6);
      if (mutex.try_lock_shared()) See(7);
    });
    b.join();
    mutex.unlock();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

}  // namespace
}  // namespace heddle::testing
