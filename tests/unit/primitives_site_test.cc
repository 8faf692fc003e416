// A site is where the program calls a primitive, not a place inside it: two calls of one operation
// are two sites, in every build. What strategies, coverage and detectors tell apart hangs on it.
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/atomic.h"
#include "primitives/barrier.h"
#include "primitives/condition_variable.h"
#include "primitives/latch.h"
#include "primitives/mutex.h"
#include "primitives/semaphore.h"
#include "primitives/shared_mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/timed_mutex.h"
#include "primitives/var.h"
#include "tests/support/controlled.h"

namespace heddle {
namespace {

using testing::Controlled;

class Sites final : public EventSink {
 public:
  explicit Sites(EventMask wanted) : wanted_(wanted) {}
  EventMask Wants() const override { return wanted_; }
  void OnEvent(const Event& event) override { sites_[event.op->kind].insert(event.op->pc); }

  size_t Of(OpKind kind) const { return sites_.contains(kind) ? sites_.at(kind).size() : 0; }

 private:
  const EventMask wanted_;
  std::map<OpKind, std::set<uintptr_t>> sites_;
};

// Each of the operations is called at two places of the body.
void ExpectTwoSitesEach(void (*body)(), const std::vector<OpKind>& kinds) {
  EventMask wanted;
  for (const OpKind kind : kinds) wanted = wanted | EventMask{kind};
  Sites sites(wanted);
  Controlled controlled;
  controlled.engine().SetEventSinks({&sites});
  controlled.RunRandom(body);
  EXPECT_TRUE(controlled.Clean()) << controlled.Text();
  for (const OpKind kind : kinds) EXPECT_EQ(sites.Of(kind), 2u) << TraitsOf(kind).name;
}

TEST(PrimitivesSite, Mutex) {
  ExpectTwoSitesEach(
      [] {
        Mutex mutex;
        mutex.lock();
        mutex.unlock();
        mutex.lock();
        mutex.unlock();
      },
      {OpKind::kLock, OpKind::kUnlock});
  ExpectTwoSitesEach(
      [] {
        Mutex mutex;
        if (mutex.try_lock()) mutex.unlock();
        if (mutex.try_lock()) mutex.unlock();
      },
      {OpKind::kTryLock, OpKind::kUnlock});
}

TEST(PrimitivesSite, MutexByGuard) {
  ExpectTwoSitesEach(
      [] {
        Mutex mutex;
        { const std::lock_guard lock(mutex); }
        { const std::lock_guard lock(mutex); }
      },
      {OpKind::kLock, OpKind::kUnlock});
  ExpectTwoSitesEach(
      [] {
        Mutex mutex;
        { const std::unique_lock lock(mutex); }
        { const std::unique_lock lock(mutex); }
      },
      {OpKind::kLock, OpKind::kUnlock});
}

TEST(PrimitivesSite, SharedMutex) {
  ExpectTwoSitesEach(
      [] {
        SharedMutex mutex;
        mutex.lock_shared();
        mutex.unlock_shared();
        mutex.lock_shared();
        mutex.unlock_shared();
        if (mutex.try_lock_shared()) mutex.unlock_shared();
        if (mutex.try_lock_shared()) mutex.unlock_shared();
      },
      {OpKind::kLockShared, OpKind::kTryLockShared});
}

TEST(PrimitivesSite, TimedMutex) {
  ExpectTwoSitesEach(
      [] {
        using std::chrono::milliseconds;
        TimedMutex mutex;
        if (mutex.try_lock_for(milliseconds(1))) mutex.unlock();
        if (mutex.try_lock_for(milliseconds(1))) mutex.unlock();
      },
      {OpKind::kLock, OpKind::kUnlock});
}

TEST(PrimitivesSite, Atomic) {
  ExpectTwoSitesEach(
      [] {
        Atomic<int> atomic{0};
        atomic.store(1);
        atomic.store(1);
        atomic.load();
        atomic.load();
        atomic.fetch_add(1);
        atomic.exchange(1);
        int expected = 1;
        atomic.compare_exchange_strong(expected, 1);
        atomic.compare_exchange_strong(expected, 1);
        atomic.notify_one();
        atomic.notify_one();
        atomic.wait(2);
        atomic.wait(2);
        heddle::atomic_thread_fence(MemoryOrder::seq_cst);
        heddle::atomic_thread_fence(MemoryOrder::seq_cst);
      },
      {OpKind::kStore, OpKind::kLoad, OpKind::kRmw, OpKind::kCompareExchange,
       OpKind::kAtomicNotifyOne, OpKind::kAtomicWait, OpKind::kFence});
  ExpectTwoSitesEach(
      [] {
        Atomic<int> atomic{0};
        ++atomic;
        ++atomic;
        atomic = 1;
        atomic = 1;
        const int a = atomic;
        const int b = atomic;
        static_cast<void>(a + b);
      },
      {OpKind::kRmw, OpKind::kStore, OpKind::kLoad});
}

TEST(PrimitivesSite, CondVar) {
  ExpectTwoSitesEach(
      [] {
        Mutex mutex;
        CondVar condition;
        condition.notify_one();
        condition.notify_one();
        condition.notify_all();
        condition.notify_all();
        std::unique_lock lock(mutex);
        condition.wait_for(lock, std::chrono::milliseconds(1));
        condition.wait_for(lock, std::chrono::milliseconds(1));
      },
      {OpKind::kNotifyOne, OpKind::kNotifyAll, OpKind::kWait, OpKind::kWake});
  ExpectTwoSitesEach(
      [] {
        Mutex mutex;
        CondVar condition;
        int looks = 0;
        std::unique_lock lock(mutex);
        const auto second = [&] { return looks++ > 0; };
        condition.wait_for(lock, std::chrono::milliseconds(1), second);
        looks = 0;
        condition.wait_for(lock, std::chrono::milliseconds(1), second);
      },
      {OpKind::kWait, OpKind::kWake});
}

TEST(PrimitivesSite, SemaphoreLatchAndBarrier) {
  ExpectTwoSitesEach(
      [] {
        Semaphore semaphore(0);
        semaphore.release();
        semaphore.release();
        semaphore.acquire();
        semaphore.acquire();
        semaphore.try_acquire();
        semaphore.try_acquire();
      },
      {OpKind::kRelease, OpKind::kAcquire, OpKind::kTryAcquire});
  ExpectTwoSitesEach(
      [] {
        Latch latch(2);
        latch.count_down();
        latch.count_down();
        latch.wait();
        latch.wait();
      },
      {OpKind::kArriveDrop, OpKind::kPhaseWait});
  ExpectTwoSitesEach(
      [] {
        Barrier barrier(1);
        barrier.arrive_and_wait();
        barrier.arrive_and_wait();
      },
      {OpKind::kArrive, OpKind::kPhaseWait});
}

TEST(PrimitivesSite, ThreadsAndTime) {
  ExpectTwoSitesEach(
      [] {
        const auto nothing = [] {};
        Thread first(nothing);
        Thread second(nothing);
        first.join();
        second.join();
        Yield();
        Yield();
        SleepFor(std::chrono::milliseconds(1));
        SleepFor(std::chrono::milliseconds(1));
      },
      {OpKind::kSpawn, OpKind::kJoin, OpKind::kYield, OpKind::kSleep});
}

TEST(PrimitivesSite, Var) {
  ExpectTwoSitesEach(
      [] {
        Var<int> var{0};
        var = 1;
        var = 2;
        const int a = var;
        const int b = var;
        static_cast<void>(a + b);
      },
      {OpKind::kRead});
}

}  // namespace
}  // namespace heddle
