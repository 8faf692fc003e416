// heddle::CondVar under the controlled engine.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(SyncTest, CondVarHandsOverWhatTheMutexProtects) {
  Run([] {
    Mutex mutex;
    CondVar condition;
    Var<bool> ready{false};
    Var<int> data{0};
    Thread a([&] {
      data = 42;
      std::lock_guard lock(mutex);
      ready = true;
      condition.notify_one();
    });
    {
      std::unique_lock lock(mutex);
      condition.wait(lock, [&] { return ready.load(); });
      See(static_cast<uint64_t>(data.load()));
    }
    a.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{42});
}

TEST_F(SyncTest, CondVarDoesNotSynchroniseByItself) {
  Run([] {
    Mutex mutex;
    CondVar condition;
    Atomic<bool> waits{false};
    Var<int> data{0};
    Thread a([&] {
      while (!waits.load(std::memory_order_relaxed)) Yield();
      { std::lock_guard lock(mutex); }  // the waiter is in its wait
      data = 42;
      condition.notify_one();
    });
    {
      std::unique_lock lock(mutex);
      waits.store(true, std::memory_order_relaxed);
      condition.wait(lock);
      static_cast<void>(data.load());
    }
    a.join();
  });
  ExpectOnly(FindingKind::kDataRace);
}

TEST_F(SyncTest, CondVarWithoutPredicateLosesAnEarlyNotification) {
  Run([] {
    Mutex mutex;
    CondVar condition;
    Thread a([&] { condition.notify_one(); });
    {
      std::unique_lock lock(mutex);
      condition.wait(lock);
      See(1);
    }
    a.join();
  });
  ExpectOnly(FindingKind::kStuck);
  EXPECT_EQ(Seen(), Outcomes{1});  // some executions get through
  EXPECT_LT(run_->Count(FindingKind::kStuck), kExecutions);
}

TEST_F(SyncTest, CondVarNotifyOneWakesAnyOneOfThem) {
  Run([] {
    Mutex mutex;
    CondVar condition;
    Var<int> waiting{0};
    Atomic<int> first{0};
    const auto wait = [&](int me) {
      std::unique_lock lock(mutex);
      ++waiting;
      condition.wait(lock);
      int nobody = 0;
      first.compare_exchange_strong(nobody, me);
    };
    Thread a(wait, 1), b(wait, 2);
    for (bool both = false; !both;) {
      std::lock_guard lock(mutex);
      both = waiting == 2;
      if (both) condition.notify_one();
    }
    while (first.load() == 0) Yield();
    See(static_cast<uint64_t>(first.load()));
    condition.notify_one();
    a.join();
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{1, 2}));
}

void WaitOnce() {
  Mutex mutex;
  CondVar condition;
  Var<bool> ready{false};
  Thread a([&] {
    std::lock_guard lock(mutex);
    ready = true;
    condition.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    if (!ready) condition.wait(lock);
    See(ready ? 1 : 0);
  }
  a.join();
}

TEST_F(SyncTest, CondVarWakesSpuriouslyOnlyWhereTheSearchAllowsIt) {
  Run(WaitOnce);
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{1});
  Run(WaitOnce, {.spurious = 1});
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{0, 1}));
}

TEST_F(SyncTest, CondVarSpuriousWakeupsStayWithinTheirBudget) {
  // Two waiters on different condition variables share the budget; nobody notifies.
  Run(
      [] {
        Mutex mutex;
        CondVar first, second;
        const auto wait = [&](CondVar* condition, uint64_t me) {
          std::unique_lock lock(mutex);
          condition->wait(lock);
          See(me);
        };
        Thread a(wait, &first, 1), b(wait, &second, 2);
        a.join();
        b.join();
        See(3);
      },
      {.spurious = 1});
  ExpectOnly(FindingKind::kStuck);
  EXPECT_EQ(run_->Count(FindingKind::kStuck), kExecutions);
  EXPECT_EQ(Seen(), (Outcomes{1, 2}));
}

// A waiter that nobody notifies any more is stuck, although it may still wake spuriously.
template <bool kLooksFirst>
void NotifyBeforeTheWait() {
  Mutex mutex;
  CondVar condition;
  Var<bool> ready{false};
  Thread notifier([&] {
    std::lock_guard lock(mutex);
    ready = true;
    condition.notify_one();
  });
  {
    std::unique_lock lock(mutex);
    while (kLooksFirst && !ready) condition.wait(lock);
    if (!kLooksFirst) condition.wait(lock);
  }
  notifier.join();
}

TEST_F(SyncTest, CondVarLostWakeupShowsWhereSpuriousOnesMayCome) {
  Run(NotifyBeforeTheWait<false>, {.spurious = 3});
  ExpectOnly(FindingKind::kStuck);
  EXPECT_LT(run_->Count(FindingKind::kStuck), kExecutions);
  Run(NotifyBeforeTheWait<true>, {.spurious = 3});
  ExpectClean();
}

TEST_F(SyncTest, CondVarWaitForTimesOutInVirtualTime) {
  Run(
      [] {
        Mutex mutex;
        CondVar condition;
        std::unique_lock lock(mutex);
        if (condition.wait_for(lock, 3ms) != std::cv_status::timeout) See(1);
        if (condition.wait_until(lock, VirtualClock::now() + 4ms) != std::cv_status::timeout)
          See(2);
        if (condition.wait_for(lock, 5ms, [] { return false; })) See(3);
        if (!condition.wait_for(lock, 5ms, [] { return true; })) See(4);
        if (VirtualClock::now().time_since_epoch() != 12ms) See(5);
        // Other clocks: relative to their now().
        const auto later = std::chrono::steady_clock::now() + 20ms;
        if (condition.wait_until(lock, later, [] { return false; })) See(6);
        const auto passed = VirtualClock::now().time_since_epoch() - 12ms;
        if (passed > 20ms || passed % 1ms != 0ns) See(7);
        if (!lock.owns_lock()) See(8);
      },
      {}, 10);
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

void WaitForANotification() {
  Mutex mutex;
  CondVar condition;
  Var<bool> waits{false}, ready{false};
  Thread a([&] {
    for (bool done = false; !done;) {
      std::lock_guard lock(mutex);
      if (!waits) continue;
      ready = done = true;
      condition.notify_one();
    }
  });
  {
    std::unique_lock lock(mutex);
    waits = true;
    const bool notified = condition.wait_for(lock, 1s) == std::cv_status::no_timeout;
    See((notified ? 2u : 0u) + (ready ? 1u : 0u));
  }
  a.join();
}

TEST_F(SyncTest, CondVarTimeoutAndNotificationRaceOnlyWhereTheSearchAllowsIt) {
  Run(WaitForANotification);
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{3});
  // Timed out before the notification, which then finds nobody, even if the other thread gets the
  // mutex first and makes it true what is waited for. Once notified, it has not timed out.
  Run(WaitForANotification, {.timeouts = Timeouts::kAny});
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{0, 1, 3}));
}

TEST_F(SyncTest, CondVarThatTimedOutWhileItsMutexIsHeldForEver) {
  Run([] {
    Mutex mutex, never;
    CondVar condition;
    never.lock();
    Thread a([&] {
      std::unique_lock lock(mutex);
      condition.wait_for(lock, 1ms);
    });
    Thread b([&] {
      SleepFor(500us);
      std::lock_guard lock(mutex);
      std::lock_guard stay(never);
    });
    a.join();
    b.join();
    never.unlock();
  });
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(run_->Count(FindingKind::kDeadlock), kExecutions);
  // The main thread joins a, which has timed out and waits for b's mutex; b waits for the main
  // thread's.
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{0, 1, 2}}));
}

TEST_F(SyncTest, CondVarMisuse) {
  Run(
      [] {
        Mutex mutex;
        CondVar condition;
        std::unique_lock lock(mutex, std::defer_lock);
        condition.wait(lock);
        std::unique_lock<Mutex> none;
        condition.wait(none);
        See(1);
      },
      {}, 1);
  ExpectOnly(FindingKind::kMisuse);
  EXPECT_EQ(Messages(), (Strings{"wait on a condition variable without holding its mutex",
                                 "wait on a condition variable with a lock of no mutex"}));
  EXPECT_EQ(Seen(), Outcomes{1});
}

// One thread waits; the other destroys the condition variable, notified or not.
template <bool kNotify>
void DestroyWhileWaitedOn() {
  Mutex mutex;
  std::optional<CondVar> condition(std::in_place);
  Var<bool> waits{false};
  Thread a([&] {
    std::unique_lock lock(mutex);
    waits = true;
    condition->wait(lock);
  });
  for (bool done = false; !done;) {
    std::lock_guard lock(mutex);
    if (!waits) continue;
    if (kNotify) condition->notify_all();
    condition.reset();
    done = true;
  }
  a.join();
}

// The spurious wakeup need not come.
TEST_F(SyncTest, CondVarTimesOutWhereItMayWakeSpuriously) {
  Run(
      [] {
        Mutex mutex;
        CondVar condition;
        std::unique_lock lock(mutex);
        const auto status = condition.wait_for(lock, std::chrono::milliseconds(10));
        See(status == std::cv_status::timeout ? 1 : 0);
      },
      {.spurious = 1}, 100);
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{0, 1}));
}

TEST_F(SyncTest, CondVarMayBeDestroyedOnceItsWaitersAreNotified) {
  Run(&DestroyWhileWaitedOn<true>);
  ExpectClean();
  Run(&DestroyWhileWaitedOn<false>, {}, 20);
  EXPECT_EQ(run_->Count(FindingKind::kMisuse), 20);
  EXPECT_EQ(run_->Count(FindingKind::kStuck), 20);
  EXPECT_TRUE(Messages().contains("destruction of a condition variable that is waited on"))
      << run_->Text();
}

}  // namespace
}  // namespace heddle::testing
