// Tries that fail although they could succeed, as the standard allows: only where the search's
// options do, and only as often.
#include <mutex>

#include <gtest/gtest.h>

#include "primitives/latch.h"
#include "primitives/mutex.h"
#include "primitives/semaphore.h"
#include "primitives/shared_mutex.h"
#include "primitives/timed_mutex.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

// Two tries on each, none of which meets another thread: how many of them fail.
template <typename Lockable>
void TryLock() {
  Lockable mutex;
  uint64_t failures = 0;
  for (int i = 0; i < 2; ++i) {
    if (mutex.try_lock()) {
      mutex.unlock();
    } else {
      ++failures;
    }
  }
  See(failures);
}

template <typename Lockable>
void TryLockShared() {
  Lockable mutex;
  uint64_t failures = 0;
  for (int i = 0; i < 2; ++i) {
    if (mutex.try_lock_shared()) {
      mutex.unlock_shared();
    } else {
      ++failures;
    }
  }
  See(failures);
}

void TryAcquire() {
  Semaphore semaphore(2);
  const int got = semaphore.try_acquire() + semaphore.try_acquire();
  See(2 - static_cast<uint64_t>(got));
  for (int i = got; i < 2; ++i) semaphore.acquire();  // a try that failed has taken nothing
}

void TryWait() {
  Latch latch(1);
  latch.count_down();
  const int seen_it = latch.try_wait() + latch.try_wait();
  latch.wait();
  See(2 - static_cast<uint64_t>(seen_it));
}

class SpuriousTest : public SyncTest {
 protected:
  // Fails up to as many times as the option says, and every number of times.
  void ExpectWithinTheBudget(void (*body)()) {
    for (const auto& [budget, outcomes] :
         {std::pair{0u, Outcomes{0}}, {1u, Outcomes{0, 1}}, {5u, Outcomes{0, 1, 2}}}) {
      seen = 0;
      Run(body, {.spurious = budget}, 100);
      ExpectClean();
      EXPECT_EQ(Seen(), outcomes);
    }
  }
};

TEST_F(SpuriousTest, TryLock) {
  ExpectWithinTheBudget(&TryLock<Mutex>);
  ExpectWithinTheBudget(&TryLock<RecursiveMutex>);
  ExpectWithinTheBudget(&TryLock<TimedMutex>);
  ExpectWithinTheBudget(&TryLock<SharedMutex>);
}

TEST_F(SpuriousTest, TryLockShared) { ExpectWithinTheBudget(&TryLockShared<SharedMutex>); }

TEST_F(SpuriousTest, TryAcquire) { ExpectWithinTheBudget(&TryAcquire); }

TEST_F(SpuriousTest, LatchTryWait) { ExpectWithinTheBudget(&TryWait); }

// std::lock backs off and tries again: it must end, and hold both.
TEST_F(SpuriousTest, LockingTwoMutexesCopesWithIt) {
  Run(
      [] {
        Mutex one, two;
        const std::scoped_lock both(one, two);
      },
      {.spurious = 10}, 100);
  ExpectClean();
}

}  // namespace
}  // namespace heddle::testing
