// The synchronisation primitives under the controlled engine: every outcome that a small program
// can have and no other, what is ordered before what, how misuse and deadlocks are reported. The
// same primitives on real threads are in primitives_native_test.cc.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/barrier.h"
#include "primitives/condition_variable.h"
#include "primitives/latch.h"
#include "primitives/mutex.h"
#include "primitives/once.h"
#include "primitives/semaphore.h"
#include "primitives/shared_mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/timed_mutex.h"
#include "primitives/var.h"
#include "tests/support/controlled.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kExecutions = 500;

// What the executions of a test came to: bodies set bits, since what they allocate does not outlive
// an execution.
constinit uint64_t seen = 0;
void See(uint64_t outcome) { seen |= uint64_t{1} << outcome; }
std::set<int> Seen() {
  std::set<int> outcomes;
  for (int i = 0; i < 64; ++i) {
    if ((seen >> i & 1) != 0) outcomes.insert(i);
  }
  return outcomes;
}

class SyncTest : public ::testing::Test {
 protected:
  SyncTest() { seen = 0; }

  void Run(void (*body)(), ExecutionOptions options = {}, int executions = kExecutions) {
    run_.emplace(options);
    last_ = run_->RunRandom(body, executions);
  }
  void ExpectClean() const { EXPECT_TRUE(run_->Clean()) << run_->Text(); }
  // Every suspicion is of this kind, and there are some.
  void ExpectOnly(FindingKind kind) const {
    EXPECT_GT(run_->Count(kind), 0) << run_->Text();
    EXPECT_EQ(run_->Count(kind), static_cast<int>(run_->suspicions.size())) << run_->Text();
  }
  std::set<std::string> Messages() const {
    std::set<std::string> messages;
    for (const Suspicion& suspicion : run_->suspicions) messages.insert(suspicion.message);
    return messages;
  }
  std::set<std::set<uint32_t>> Cycles() const {
    std::set<std::set<uint32_t>> cycles;
    for (const Suspicion& suspicion : run_->suspicions) {
      std::set<uint32_t> cycle;
      for (const ThreadId thread : suspicion.cycle) cycle.insert(Index(thread));
      cycles.insert(cycle);
    }
    return cycles;
  }

  std::optional<Controlled> run_;
  ExecutionResult last_;
};

using CycleSet = std::set<std::set<uint32_t>>;
using Cycle = std::set<uint32_t>;
using Strings = std::set<std::string>;
using Outcomes = std::set<int>;

// ---- Shared mutex ----

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

// ---- Timed mutexes ----

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

// ---- Condition variable ----

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
      {
        std::lock_guard lock(mutex);
      }  // the waiter is in its wait
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
  // Timed out before the notification. Once notified (bit 1 with bit 0), it has not timed out.
  Run(WaitForANotification, {.timeouts = Timeouts::kAny});
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{0, 3}));
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

TEST_F(SyncTest, CondVarMayBeDestroyedOnceItsWaitersAreNotified) {
  Run(&DestroyWhileWaitedOn<true>);
  ExpectClean();
  Run(&DestroyWhileWaitedOn<false>, {}, 20);
  EXPECT_EQ(run_->Count(FindingKind::kMisuse), 20);
  EXPECT_EQ(run_->Count(FindingKind::kStuck), 20);
  EXPECT_TRUE(Messages().contains("destruction of a condition variable that is waited on"))
      << run_->Text();
}

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

// ---- Semaphore ----

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

// ---- Latch ----

TEST_F(SyncTest, LatchOrdersTheCountsBeforeTheWaits) {
  Run([] {
    Latch latch(2);
    Var<int> a_data{0}, b_data{0};
    Thread a([&] {
      a_data = 1;
      latch.count_down();
    });
    Thread b([&] {
      b_data = 2;
      latch.arrive_and_wait();
      See(static_cast<uint64_t>(a_data + b_data));
    });
    latch.wait();
    See(static_cast<uint64_t>(a_data + b_data));
    a.join();
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{3});
}

TEST_F(SyncTest, LatchTryWait) {
  Run([] {
    Latch latch(1);
    Var<int> data{0};
    Thread a([&] {
      data = 1;
      latch.count_down();
    });
    if (latch.try_wait()) {
      See(static_cast<uint64_t>(data.load()));
    } else {
      See(2);
    }
    a.join();
    if (!latch.try_wait()) See(3);
    Latch zero(0);
    zero.wait();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{1, 2}));
}

TEST_F(SyncTest, LatchThatIsNotCountedDownIsStuck) {
  Run(
      [] {
        Latch latch(2);
        latch.arrive_and_wait();
      },
      {}, 1);
  ExpectOnly(FindingKind::kStuck);
}

TEST_F(SyncTest, LatchMisuse) {
  Run(
      [] {
        Latch latch(2);
        latch.count_down(2);
        latch.count_down();
        latch.count_down(-1);
        latch.wait();
        See(1);
      },
      {}, 1);
  ExpectOnly(FindingKind::kMisuse);
  EXPECT_EQ(Messages(), (Strings{"more arrivals at a barrier or latch than it expects",
                                 "count_down of a latch by a negative number"}));
  EXPECT_EQ(Seen(), Outcomes{1});
}

// ---- Barrier ----

TEST_F(SyncTest, BarrierOrdersOnePhaseBeforeTheNext) {
  Run([] {
    Barrier barrier(2);
    Var<int> cells[2];
    const auto work = [&](int me) {
      for (int phase = 0; phase < 3; ++phase) {
        cells[me] += 1;
        barrier.arrive_and_wait();
        if (cells[1 - me] != phase + 1) See(1);
        barrier.arrive_and_wait();
      }
    };
    Thread a(work, 0);
    work(1);
    a.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

TEST_F(SyncTest, BarrierThatIsArrivedAtAndNotWaitedForOrdersNothing) {
  Run([] {
    Barrier barrier(2);
    Var<int> cells[2];
    const auto work = [&](int me) {
      cells[me] = 1;
      static_cast<void>(barrier.arrive());
      static_cast<void>(cells[1 - me].load());
    };
    Thread a(work, 0);
    work(1);
    a.join();
  });
  ExpectOnly(FindingKind::kDataRace);
}

TEST_F(SyncTest, BarrierCompletionRunsOncePerPhaseAfterAllArrivals) {
  Run([] {
    Var<int> cells[2], phases{0};
    Barrier barrier(2, [&]() noexcept {
      ++phases;
      if (cells[0] != phases || cells[1] != phases) See(1);
    });
    const auto work = [&](int me) {
      for (int phase = 0; phase < 3; ++phase) {
        cells[me] += 1;
        if (phase == 1) {
          barrier.arrive_and_wait();
        } else {
          barrier.wait(barrier.arrive());
        }
        if (phases != phase + 1) See(2);
      }
    };
    Thread a(work, 0);
    work(1);
    a.join();
    if (phases != 3) See(3);
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

TEST_F(SyncTest, BarrierWithoutThoseWhoDropped) {
  Run([] {
    Barrier barrier(3, "meeting");
    Atomic<int> left{0};
    Thread a([&] {
      left.fetch_add(1);
      barrier.arrive_and_drop();
    });
    const auto work = [&] {
      barrier.arrive_and_wait();
      See(static_cast<uint64_t>(left.load()));
      barrier.arrive_and_wait();
    };
    Thread b(work);
    work();
    a.join();
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{1});
}

TEST_F(SyncTest, BarrierWithTooFewIsStuckAndWithTooManyMisused) {
  Run(
      [] {
        Barrier barrier(2);
        barrier.arrive_and_wait();
      },
      {}, 1);
  ExpectOnly(FindingKind::kStuck);
  Run(
      [] {
        Barrier barrier(2);
        static_cast<void>(barrier.arrive(3));
        static_cast<void>(barrier.arrive(0));
        See(1);
      },
      {}, 1);
  ExpectOnly(FindingKind::kMisuse);
  EXPECT_EQ(Messages(), (Strings{"more arrivals at a barrier or latch than it expects",
                                 "arrival at a barrier of less than one"}));
  EXPECT_EQ(Seen(), Outcomes{1});
}

// ---- Once ----

TEST_F(SyncTest, CallOnceRunsOnceAndIsOrderedBeforeAllReturns) {
  Run([] {
    OnceFlag flag;
    Var<int> value{0};
    const auto use = [&](int me) {
      CallOnce(flag, [&](int who) { value = value + who; }, me);
      See(static_cast<uint64_t>(value.load()));
    };
    Thread a(use, 1), b(use, 2);
    use(3);
    a.join();
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{1, 2, 3}));
}

TEST_F(SyncTest, CallOnceIsRunAgainAfterAnException) {
  Run([] {
    OnceFlag flag;
    Var<int> runs{0};
    const auto use = [&] {
      try {
        call_once(flag, [&] {
          ++runs;
          if (runs == 1) throw 1;
        });
      } catch (int) {
        See(10);
      }
    };
    Thread a(use), b(use);
    use();
    a.join();
    b.join();
    See(static_cast<uint64_t>(runs.load()));
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{2, 10}));
}

TEST_F(SyncTest, CallOnceInsideItselfWaitsForItself) {
  Run(
      [] {
        OnceFlag flag;
        CallOnce(flag, [&] { CallOnce(flag, [] {}); });
      },
      {}, 1);
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{0}}));
}

TEST_F(SyncTest, CallOnceOfEachOtherInTwoThreads) {
  Run([] {
    OnceFlag first, second;
    Thread a([&] { CallOnce(first, [&] { CallOnce(second, [] {}); }); });
    Thread b([&] { CallOnce(second, [&] { CallOnce(first, [] {}); }); });
    a.join();
    b.join();
  });
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{1, 2}}));
  EXPECT_LT(run_->Count(FindingKind::kDeadlock), kExecutions);
}

// ---- Time ----

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
