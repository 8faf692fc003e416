// Every primitive that is destroyed while a thread waits on it, or holds it, is a finding.
#include <chrono>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/barrier.h"
#include "primitives/channel.h"
#include "primitives/condition_variable.h"
#include "primitives/condition_variable_any.h"
#include "primitives/latch.h"
#include "primitives/mutex.h"
#include "primitives/notification.h"
#include "primitives/once.h"
#include "primitives/semaphore.h"
#include "primitives/shared_mutex.h"
#include "primitives/spin_lock.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/timed_mutex.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

// A thread does what `use` does, for ever; once nobody can go on, main destroys the object.
template <typename Primitive, auto kUse, auto... kArguments>
void DestroyInUse() {
  std::optional<Primitive> object(std::in_place, kArguments...);
  Thread user([&] { kUse(*object); });
  SleepFor(1ms);
  object.reset();
  user.join();
}

class DestroyTest : public SyncTest {
 protected:
  // In every execution, as the first finding.
  void ExpectFound(void (*body)(), const std::string& message) {
    Run(body, {}, 20);
    int found = 0;
    for (const Suspicion& suspicion : run_->suspicions) {
      found += suspicion.kind == FindingKind::kMisuse && suspicion.message == message;
    }
    EXPECT_EQ(found, 20) << message << "; " << run_->Text();
  }
};

// Holds the lock for ever.
constexpr auto kHold = [](auto& mutex) {
  mutex.lock();
  SleepFor(std::chrono::hours::max());
};
constexpr auto kHoldShared = [](auto& mutex) {
  mutex.lock_shared();
  SleepFor(std::chrono::hours::max());
};

TEST_F(DestroyTest, Mutexes) {
  const std::string locked = "destruction of a mutex that is locked";
  ExpectFound(&DestroyInUse<Mutex, kHold>, locked);
  ExpectFound(&DestroyInUse<RecursiveMutex, kHold>, locked);
  ExpectFound(&DestroyInUse<TimedMutex, kHold>, locked);
  ExpectFound(&DestroyInUse<RecursiveTimedMutex, kHold>, locked);
  ExpectFound(&DestroyInUse<SharedMutex, kHold>, "destruction of a shared mutex that is locked");
  ExpectFound(&DestroyInUse<SharedTimedMutex, kHoldShared>,
              "destruction of a shared mutex that is locked shared");
  ExpectFound(&DestroyInUse<SpinLock, kHold>, "destruction of a SpinLock that is locked");
}

TEST_F(DestroyTest, ConditionVariables) {
  constexpr auto kWait = [](auto& condition) {
    Mutex mutex;
    std::unique_lock lock(mutex);
    condition.wait(lock);
  };
  constexpr auto kTimedWait = [](auto& condition) {
    Mutex mutex;
    std::unique_lock lock(mutex);
    condition.wait_for(lock, 1h);
  };
  const std::string waited_on = "destruction of a condition variable that is waited on";
  ExpectFound(&DestroyInUse<CondVar, kWait>, waited_on);
  ExpectFound(&DestroyInUse<CondVar, kTimedWait>, waited_on);
  ExpectFound(&DestroyInUse<CondVarAny, kWait>, waited_on);
}

TEST_F(DestroyTest, Semaphores) {
  constexpr auto kAcquire = [](auto& semaphore) { semaphore.acquire(); };
  constexpr auto kTimedAcquire = [](auto& semaphore) { semaphore.try_acquire_for(1h); };
  const std::string waited_on = "destruction of a semaphore that is waited on";
  ExpectFound(&DestroyInUse<Semaphore, kAcquire, 0>, waited_on);
  ExpectFound(&DestroyInUse<BinarySemaphore, kTimedAcquire, 0>, waited_on);
}

TEST_F(DestroyTest, LatchesAndBarriers) {
  constexpr auto kWait = [](auto& latch) { latch.wait(); };
  constexpr auto kArriveAndWait = [](auto& barrier) { barrier.arrive_and_wait(); };
  const std::string waited_on = "destruction of a barrier that is waited on";
  ExpectFound(&DestroyInUse<Latch, kWait, 1>, "destruction of a latch that is waited on");
  ExpectFound(&DestroyInUse<Latch, kArriveAndWait, 2>, "destruction of a latch that is waited on");
  ExpectFound(&DestroyInUse<Barrier<>, kArriveAndWait, 2>, waited_on);
}

TEST_F(DestroyTest, Atomics) {
  constexpr auto kWait = [](auto& atomic) { atomic.wait(0); };
  constexpr auto kWaitForFlag = [](auto& flag) { flag.wait(false); };
  const std::string waited_on = "destruction of an atomic that is waited on";
  ExpectFound(&DestroyInUse<Atomic<int>, kWait, 0>, waited_on);
  ExpectFound(&DestroyInUse<AtomicFlag, kWaitForFlag>, waited_on);
}

TEST_F(DestroyTest, OnceWhileItsFunctionRuns) {
  constexpr auto kCall = [](auto& flag) {
    CallOnce(flag, [] { SleepFor(std::chrono::hours::max()); });
  };
  ExpectFound(&DestroyInUse<OnceFlag, kCall>, "destruction of a once flag that is running");
}

TEST_F(DestroyTest, ComposedPrimitives) {
  const std::string waited_on = "destruction of a condition variable that is waited on";
  constexpr auto kWait = [](auto& notification) { notification.WaitForNotification(); };
  ExpectFound(&DestroyInUse<Notification, kWait>, waited_on);
  constexpr auto kReceive = [](auto& channel) { channel.receive(); };
  ExpectFound(&DestroyInUse<Channel<int>, kReceive, 1>, waited_on);
}

}  // namespace
}  // namespace heddle::testing
