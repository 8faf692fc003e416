// The synchronisation primitives without an engine: on real threads they are the standard ones.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/barrier.h"
#include "primitives/condition_variable.h"
#include "primitives/condition_variable_any.h"
#include "primitives/jthread.h"
#include "primitives/latch.h"
#include "primitives/mutex.h"
#include "primitives/once.h"
#include "primitives/semaphore.h"
#include "primitives/shared_mutex.h"
#include "primitives/stop_token.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/timed_mutex.h"
#include "primitives/var.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

// Runs function(0) ... function(n - 1), each in its own thread.
template <typename Function>
void InThreads(int n, Function function) {
  std::vector<Thread> threads;
  for (int i = 0; i < n; ++i) threads.emplace_back(function, i);
  for (Thread& thread : threads) thread.join();
}

template <typename Lockable>
class NativeLockTest : public ::testing::Test {};
using Lockables = ::testing::Types<Mutex, RecursiveMutex, TimedMutex, RecursiveTimedMutex,
                                   SharedMutex, SharedTimedMutex>;
TYPED_TEST_SUITE(NativeLockTest, Lockables);

TYPED_TEST(NativeLockTest, Excludes) {
  TypeParam mutex("named");
  int count = 0;
  InThreads(4, [&](int) {
    for (int i = 0; i < 1000; ++i) {
      std::lock_guard lock(mutex);
      ++count;
    }
  });
  EXPECT_EQ(count, 4000);
  ASSERT_TRUE(mutex.try_lock());
  Thread([&] { EXPECT_FALSE(mutex.try_lock()); }).join();
  mutex.unlock();
}

template <typename Lockable>
class NativeTimedLockTest : public ::testing::Test {};
using TimedLockables = ::testing::Types<TimedMutex, RecursiveTimedMutex, SharedTimedMutex>;
TYPED_TEST_SUITE(NativeTimedLockTest, TimedLockables);

TYPED_TEST(NativeTimedLockTest, TimesOut) {
  TypeParam mutex;
  ASSERT_TRUE(mutex.try_lock_for(1s));
  Thread([&] {
    EXPECT_FALSE(mutex.try_lock_for(2ms));
    EXPECT_FALSE(mutex.try_lock_until(VirtualClock::now() + 2ms));
    EXPECT_FALSE(mutex.try_lock_until(std::chrono::system_clock::now() + 2ms));
  }).join();
  mutex.unlock();
}

template <typename Lockable>
class NativeSharedLockTest : public ::testing::Test {};
using SharedLockables = ::testing::Types<SharedMutex, SharedTimedMutex>;
TYPED_TEST_SUITE(NativeSharedLockTest, SharedLockables);

TYPED_TEST(NativeSharedLockTest, ReadersShare) {
  TypeParam mutex;
  std::shared_lock lock(mutex);
  Thread([&] {
    EXPECT_TRUE(mutex.try_lock_shared());
    mutex.unlock_shared();
    EXPECT_FALSE(mutex.try_lock());
  }).join();
}

TEST(NativeTest, SharedTimedMutexTimesOutShared) {
  SharedTimedMutex mutex;
  std::lock_guard lock(mutex);
  Thread([&] {
    EXPECT_FALSE(mutex.try_lock_shared_for(2ms));
    EXPECT_FALSE(mutex.try_lock_shared_until(VirtualClock::now() + 2ms));
  }).join();
}

TEST(NativeTest, CondVarPassesOnATurn) {
  Mutex mutex;
  CondVar condition("turn");
  int turn = 0;
  InThreads(4, [&](int me) {
    for (int round = 0; round < 50; ++round) {
      std::unique_lock lock(mutex);
      condition.wait(lock, [&] { return turn == 4 * round + me; });
      ++turn;
      condition.notify_all();
    }
  });
  EXPECT_EQ(turn, 200);
}

TEST(NativeTest, CondVarTimesOutAndKeepsItsLock) {
  Mutex mutex;
  CondVar condition;
  std::unique_lock lock(mutex);
  EXPECT_EQ(condition.wait_for(lock, 2ms), std::cv_status::timeout);
  EXPECT_EQ(condition.wait_until(lock, VirtualClock::now() + 2ms), std::cv_status::timeout);
  EXPECT_FALSE(condition.wait_for(lock, 2ms, [] { return false; }));
  EXPECT_FALSE(
      condition.wait_until(lock, std::chrono::system_clock::now() + 2ms, [] { return false; }));
  EXPECT_TRUE(lock.owns_lock());
  const auto throws = [&]() -> bool { throw std::runtime_error("predicate"); };
  EXPECT_THROW(condition.wait_for(lock, 1s, throws), std::runtime_error);
  lock.unlock();
  EXPECT_TRUE(mutex.try_lock());  // unlocked exactly once
  mutex.unlock();
}

TEST(NativeTest, CondVarNotifyOne) {
  Mutex mutex;
  CondVar condition;
  bool ready = false;
  Thread waiter([&] {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(condition.wait_for(lock, 1min, [&] { return ready; }));
  });
  {
    std::lock_guard lock(mutex);
    ready = true;
  }
  condition.notify_one();
  waiter.join();
}

TEST(NativeTest, CondVarAnyWaitsWithASharedLock) {
  SharedMutex mutex;
  CondVarAny condition;
  bool ready = false;
  std::atomic<int> woken{0};
  std::vector<Thread> waiters;
  for (int i = 0; i < 2; ++i) {
    waiters.emplace_back([&] {
      std::shared_lock lock(mutex);
      condition.wait(lock, [&] { return ready; });
      woken.fetch_add(1);
    });
  }
  {
    std::lock_guard lock(mutex);
    ready = true;
  }
  condition.notify_all();
  for (Thread& waiter : waiters) waiter.join();
  EXPECT_EQ(woken.load(), 2);
  std::unique_lock lock(mutex);
  EXPECT_EQ(condition.wait_for(lock, 2ms), std::cv_status::timeout);
  EXPECT_TRUE(lock.owns_lock());
}

TEST(NativeTest, CondVarAnyWaitEndsWithAStopRequest) {
  Mutex mutex;
  CondVarAny condition;
  JThread waiter([&](StopToken stop) {
    std::unique_lock lock(mutex);
    EXPECT_FALSE(condition.wait(lock, stop, [] { return false; }));
    EXPECT_FALSE(condition.wait_for(lock, stop, 1min, [] { return false; }));
    EXPECT_TRUE(condition.wait_for(lock, stop, 1min, [] { return true; }));
    EXPECT_TRUE(lock.owns_lock());
  });
  waiter.request_stop();
  waiter.join();
  std::unique_lock lock(mutex);
  StopSource source;
  EXPECT_FALSE(condition.wait_for(lock, source.get_token(), 2ms, [] { return false; }));
  EXPECT_FALSE(condition.wait_until(lock, source.get_token(), VirtualClock::now() + 2ms,
                                    [] { return false; }));
}

TEST(NativeTest, ThreadIdsAreTheStandardOnes) {
  Thread::id in_thread;
  Thread thread([&] { in_thread = this_thread::get_id(); });
  const Thread::id id = thread.get_id();
  thread.join();
  EXPECT_EQ(id, in_thread);
  EXPECT_NE(id, this_thread::get_id());
  EXPECT_EQ(thread.get_id(), Thread::id());
  EXPECT_EQ(std::hash<Thread::id>()(id), std::hash<Thread::id>()(in_thread));
  std::ostringstream ours, standard;
  ours << this_thread::get_id();
  standard << std::this_thread::get_id();
  EXPECT_EQ(ours.str(), standard.str());
}

TEST(NativeTest, SemaphoreCounts) {
  Semaphore semaphore(2);
  std::atomic<int> inside{0}, most{0};
  InThreads(4, [&](int) {
    for (int i = 0; i < 100; ++i) {
      semaphore.acquire();
      const int now = inside.fetch_add(1) + 1;
      int seen = most.load();
      while (seen < now && !most.compare_exchange_weak(seen, now)) {
      }
      inside.fetch_sub(1);
      semaphore.release();
    }
  });
  EXPECT_LE(most.load(), 2);
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire_for(2ms));
  EXPECT_FALSE(semaphore.try_acquire_until(std::chrono::steady_clock::now() + 2ms));
  semaphore.release(2);
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_EQ(BinarySemaphore::max(), 1);
  EXPECT_EQ(CountingSemaphore<5>::max(), 5);
}

TEST(NativeTest, LatchOpens) {
  Latch latch(3);
  std::atomic<int> before{0};
  InThreads(3, [&](int me) {
    before.fetch_add(1);
    if (me == 0) {
      latch.count_down();
      latch.wait();
    } else {
      latch.arrive_and_wait();
    }
    EXPECT_EQ(before.load(), 3);
  });
  EXPECT_TRUE(latch.try_wait());
  EXPECT_FALSE(Latch(1).try_wait());
}

TEST(NativeTest, BarrierCompletesPhases) {
  int phases = 0;
  Barrier barrier(3, [&]() noexcept { ++phases; });
  InThreads(3, [&](int me) {
    for (int phase = 0; phase < 50; ++phase) {
      if (me == 0) {
        barrier.wait(barrier.arrive());
      } else {
        barrier.arrive_and_wait();
      }
      EXPECT_EQ(phases, phase + 1);
      barrier.arrive_and_wait();
      if (me == 0) --phases;  // the others are before their next arrival
    }
  });
  EXPECT_EQ(phases, 50);
}

TEST(NativeTest, BarrierGoesOnWithoutThoseWhoDrop) {
  Barrier barrier(3, "named");
  InThreads(3, [&](int me) {
    if (me == 0) return barrier.arrive_and_drop();
    barrier.arrive_and_wait();
    barrier.arrive_and_wait();
  });
}

TEST(NativeTest, CallOnceRunsOnce) {
  OnceFlag flag;
  std::atomic<int> runs{0};
  InThreads(4, [&](int me) {
    CallOnce(flag, [&](int) { runs.fetch_add(1); }, me);
    EXPECT_EQ(runs.load(), 1);
  });
}

// libstdc++ leaves it to pthread_once, through which ThreadSanitizer lets no exception:
// std::call_once never returns.
TEST(ThreadUnsanitizedNativeTest, CallOnceRunsAgainAfterAnException) {
  OnceFlag flag;
  EXPECT_THROW(call_once(flag, [] { throw std::runtime_error("first"); }), std::runtime_error);
  int runs = 0;
  call_once(flag, [&] { ++runs; });
  call_once(flag, [&] { ++runs; });
  EXPECT_EQ(runs, 1);
}

// Atomic<bool> ready("ready") must not be an unnamed one that is true.
template <template <typename> class Holder>
constexpr bool kTakesNoNameForAValue =
    !std::is_constructible_v<Holder<bool>, const char*> &&
    std::is_constructible_v<Holder<bool>, bool, const char*> &&
    std::is_constructible_v<Holder<const char*>, const char*>;
static_assert(kTakesNoNameForAValue<Atomic> && kTakesNoNameForAValue<Var>);

TEST(NativeTest, TimePasses) {
  const auto begin = VirtualClock::now();
  SleepFor(2ms);
  EXPECT_GE(VirtualClock::now() - begin, 2ms);
  const auto end = VirtualClock::now() + 2ms;
  SleepUntil(end);
  EXPECT_GE(VirtualClock::now(), end);
  this_thread::sleep_for(1ms);
  this_thread::sleep_until(std::chrono::system_clock::now() + 1ms);
  this_thread::yield();
  EXPECT_GE(VirtualClock::now() - begin, 6ms);
}

// As the standard has them (libstdc++ 12 has no constexpr constructor of semaphores).
constinit OnceFlag constant_flag;
constinit Latch constant_latch(1);

TEST(NativeTest, ConstantInitialisation) {
  call_once(constant_flag, [] {});
  EXPECT_FALSE(constant_latch.try_wait());
}

}  // namespace
}  // namespace heddle::testing
