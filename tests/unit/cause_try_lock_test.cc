// Where a program tries to lock, it matters whether a mutex has been unlocked, too.
#include <string>

#include <gtest/gtest.h>

#include "harness/explore/cause.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/shared_mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/unit/cause_test_support.h"

namespace heddle {
namespace {

using testing::FindingOf;
using testing::Line;

constexpr int kHeldLine = __LINE__ + 4;
void FailsWhileItIsHeld() {
  Mutex mutex("mutex");
  Thread holder([&] {
    mutex.lock();
    mutex.unlock();
  });
  const bool locked = mutex.try_lock();
  Assert(locked, "nobody holds it");
  mutex.unlock();
  holder.join();
}

TEST(CauseTryLockTest, BetweenLockAndUnlock) {
  const Finding finding = FindingOf(FailsWhileItIsHeld, FindingKind::kAssertion);
  EXPECT_EQ(finding.cause, "It happens when main `try_lock mutex: failed` " + Line(kHeldLine + 3) +
                               " runs between T1 `lock mutex` " + Line(kHeldLine) +
                               " and `unlock mutex` " + Line(kHeldLine + 1) +
                               "; with either order reversed it does not.");
}

constexpr int kBetweenLine = __LINE__ + 6;
void SeesHalf() {
  Mutex mutex("mutex");
  Var<int> halves(0, "halves");
  Thread writer([&] {
    for (int i = 0; i < 2; ++i) {
      mutex.lock();
      halves = halves + 1;
      mutex.unlock();
    }
  });
  if (mutex.try_lock()) {
    Assert(halves != 1, "both halves or none");
    mutex.unlock();
  }
  writer.join();
}

TEST(CauseTryLockTest, BetweenUnlockAndLock) {
  const Finding finding = FindingOf(SeesHalf, FindingKind::kAssertion);
  EXPECT_EQ(finding.cause, "It happens when main `try_lock mutex` " + Line(kBetweenLine + 5) +
                               " runs between T1 `unlock mutex` " + Line(kBetweenLine + 2) +
                               " and `lock mutex` " + Line(kBetweenLine) +
                               "; with either order reversed it does not.");
}

// Where the one reader unlocks in time, the other may hold it: few schedules show that.
void TwoReaders() {
  SharedMutex mutex("mutex");
  const auto read = [&] {
    mutex.lock_shared();
    mutex.unlock_shared();
  };
  Thread one(read);
  Thread two(read);
  const auto locks = [&] {
    const bool locked = mutex.try_lock();
    if (locked) mutex.unlock();
    return locked;
  };
  const bool first = locks();
  const bool second = locks();
  Assert(first || second, "one of two");
  one.join();
  two.join();
}

TEST(CauseTryLockTest, AnotherReaderMayHoldIt) {
  const Finding finding = FindingOf(TwoReaders, FindingKind::kAssertion);
  EXPECT_EQ(finding.orders.size(), 2u);
  EXPECT_TRUE(finding.cause.ends_with("; with either order reversed it does not in the schedules "
                                      "nearest to this one."))
      << finding.cause;
}

}  // namespace
}  // namespace heddle
