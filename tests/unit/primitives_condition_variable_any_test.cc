// heddle::CondVarAny under the controlled engine.
#include <chrono>
#include <mutex>

#include <gtest/gtest.h>

#include "primitives/assert.h"
#include "primitives/condition_variable_any.h"
#include "primitives/jthread.h"
#include "primitives/mutex.h"
#include "primitives/shared_mutex.h"
#include "primitives/stop_token.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

template <typename Lockable>
void WaitWithAny() {
  Lockable mutex;
  CondVarAny condition;
  Var<bool> ready{false};
  Thread a([&] {
    mutex.lock();
    ready = true;
    mutex.unlock();
    condition.notify_one();
  });
  mutex.lock();
  condition.wait(mutex, [&] { return ready.load(); });
  See(ready ? 1 : 0);
  if (condition.wait_for(mutex, 1ms, [] { return false; })) See(2);
  if (!condition.wait_for(mutex, std::chrono::hours::max(), [] { return true; })) See(3);
  mutex.unlock();
  a.join();
}

TEST_F(SyncTest, CondVarAnyWaitsWithAnyLock) {
  Run(&WaitWithAny<Mutex>);
  ExpectClean();
  Run(&WaitWithAny<RecursiveMutex>);
  ExpectClean();
  Run(&WaitWithAny<SharedMutex>);
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{1});
}

// A notification by itself orders nothing: what is written without the caller's lock is raced for.
TEST_F(SyncTest, CondVarAnyOrdersNothingByItself) {
  Run([] {
    Mutex mutex;
    CondVarAny condition;
    Var<int> data{0};
    Thread waiter([&] {
      {
        std::unique_lock lock(mutex);
        if (condition.wait_for(lock, 1ms) == std::cv_status::timeout) return;
      }
      data = 1;
    });
    data = 2;
    condition.notify_one();
    waiter.join();
  });
  ExpectOnly(FindingKind::kDataRace);
}

// ---- Waits that a stop request ends ----

// The request may come before, in or after the wait, and is never lost.
void StopAWait() {
  Mutex mutex;
  CondVarAny condition;
  JThread waiter([&](StopToken stop) {
    std::unique_lock lock(mutex);
    See(condition.wait(lock, stop, [] { return false; }) ? 1 : 0);
    Assert(lock.owns_lock() && stop.stop_requested());
  });
  waiter.request_stop();
}

// What the predicate says when the wait ends, whoever came first.
void StopOrNotify() {
  Mutex mutex;
  CondVarAny condition;
  Var<bool> ready{false};
  StopSource source;
  Thread waiter([&] {
    std::unique_lock lock(mutex);
    const bool is_ready = condition.wait(lock, source.get_token(), [&] { return ready.load(); });
    See(is_ready ? 1 : 0);
    Assert(is_ready == ready);
  });
  Thread stopper([&] { source.request_stop(); });
  {
    const std::lock_guard lock(mutex);
    ready = true;
  }
  condition.notify_one();
  waiter.join();
  stopper.join();
}

// The time is up, the predicate holds, or the stop is requested: with a deadline all end the wait.
template <bool kStop, bool kReady>
void StopATimedWait() {
  Mutex mutex;
  CondVarAny condition;
  StopSource source;
  Var<bool> ready{false};
  Thread other([&] {
    if (kStop) source.request_stop();
    if (!kReady) return;
    const std::lock_guard lock(mutex);
    ready = true;
    condition.notify_all();
  });
  std::unique_lock lock(mutex);
  const auto begin = VirtualClock::now();
  const bool is_ready =
      condition.wait_for(lock, source.get_token(), 5ms, [&] { return ready.load(); });
  Assert(is_ready == ready);
  See(is_ready ? 1 : VirtualClock::now() - begin < 5ms ? 2 : 3);
  Assert(condition.wait_until(lock, source.get_token(), VirtualClock::now() - 1ms,
                              [&] { return ready.load(); }) == ready);
  lock.unlock();
  other.join();
}

TEST_F(SyncTest, CondVarAnyStopIsNeverLost) {
  Run(&StopAWait);
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{0});
}

TEST_F(SyncTest, CondVarAnyStopAndNotificationCompete) {
  Run(&StopOrNotify);
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{0, 1}));
}

TEST_F(SyncTest, CondVarAnyTimedWaitsEndByStopOrTime) {
  Run(&StopATimedWait<false, false>);
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{3});
  seen = 0;
  Run(&StopATimedWait<true, false>);
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{2});
  seen = 0;
  Run(&StopATimedWait<true, true>);
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{1, 2}));
}

// The deadline is taken once, and not anew at each notification.
template <bool kStop>
void WaitUntilARealTime() {
  Mutex mutex;
  CondVarAny condition;
  Thread other([&] {
    for (int i = 0; i < 3; ++i) {
      SleepFor(6ms);
      condition.notify_all();
    }
  });
  std::unique_lock lock(mutex);
  const auto begin = VirtualClock::now();
  const auto time = std::chrono::steady_clock::now() + 10ms;
  const auto never = [] { return false; };
  if constexpr (kStop) {
    Assert(!condition.wait_until(lock, StopSource().get_token(), time, never));
  } else {
    Assert(!condition.wait_until(lock, time, never));
  }
  Assert(VirtualClock::now() - begin == 10ms);
  lock.unlock();
  other.join();
}

TEST_F(SyncTest, CondVarAnyTakesARealTimeOnce) {
  Run(&WaitUntilARealTime<false>);
  ExpectClean();
  Run(&WaitUntilARealTime<true>);
  ExpectClean();
}

}  // namespace
}  // namespace heddle::testing
