// The shared mutex alone, as a state machine.
#include <gtest/gtest.h>

#include "tests/support/fake_context.h"

namespace heddle::testing {
namespace {

constexpr Operation kLock{.kind = OpKind::kLock};
constexpr Operation kTryLock{.kind = OpKind::kTryLock};
constexpr Operation kUnlock{.kind = OpKind::kUnlock};
constexpr Operation kLockShared{.kind = OpKind::kLockShared};
constexpr Operation kTryLockShared{.kind = OpKind::kTryLockShared};
constexpr Operation kUnlockShared{.kind = OpKind::kUnlockShared};

class SharedMutexModelTest : public ::testing::Test {
 protected:
  FakeContext context_;
  SyncModel& mutex_ = context_.Add({.kind = ObjectKind::kSharedMutex});
};

TEST_F(SharedMutexModelTest, ManyReadersOrOneWriter) {
  context_.Do(mutex_, A, kLockShared);
  context_.Do(mutex_, B, kTryLockShared);
  EXPECT_EQ(context_.Can(mutex_, C, kLock), kBlocked);
  EXPECT_EQ(context_.Can(mutex_, C, kTryLock), Outcome::kFailed);
  EXPECT_EQ(context_.Holders(mutex_, C, kLock), (std::vector{A, B}));
  EXPECT_EQ(mutex_.InUse(), "locked shared");
  context_.Do(mutex_, A, kUnlockShared);
  EXPECT_EQ(context_.Can(mutex_, C, kLock), kBlocked);
  context_.Do(mutex_, B, kUnlockShared);
  EXPECT_EQ(mutex_.InUse(), "");
  context_.Do(mutex_, C, kLock);
  EXPECT_EQ(mutex_.InUse(), "locked");
  EXPECT_EQ(context_.Can(mutex_, A, kLockShared), kBlocked);
  EXPECT_EQ(context_.Can(mutex_, A, kTryLockShared), Outcome::kFailed);
  EXPECT_EQ(context_.Can(mutex_, A, kLock), kBlocked);
  EXPECT_EQ(context_.Holders(mutex_, A, kLockShared), std::vector{C});
  EXPECT_EQ(context_.Holders(mutex_, C, kLockShared), std::vector{C});  // waits for itself
  context_.Do(mutex_, C, kUnlock);
  EXPECT_EQ(context_.Can(mutex_, A, kLockShared), Outcome::kDone);
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(SharedMutexModelTest, AReaderMayEnterWhileAWriterWaits) {
  context_.Do(mutex_, A, kLockShared);
  EXPECT_EQ(context_.Can(mutex_, B, kLock), kBlocked);
  EXPECT_EQ(context_.Can(mutex_, C, kLockShared), Outcome::kDone);
}

TEST_F(SharedMutexModelTest, AnUpgradeWaitsForItselfAndForOtherReaders) {
  context_.Do(mutex_, A, kLockShared);
  EXPECT_EQ(context_.Can(mutex_, A, kLock), kBlocked);
  EXPECT_EQ(context_.Holders(mutex_, A, kLock), std::vector{A});
  context_.Do(mutex_, B, kLockShared);
  EXPECT_EQ(context_.Holders(mutex_, A, kLock), (std::vector{B, A}));
  EXPECT_EQ(context_.Holders(mutex_, B, kLock), (std::vector{A, B}));
}

TEST_F(SharedMutexModelTest, TimedLocks) {
  const Operation lock{.kind = OpKind::kLock, .deadline = 10};
  const Operation lock_shared{.kind = OpKind::kLockShared, .deadline = 10};
  context_.Do(mutex_, A, lock_shared);
  EXPECT_EQ(context_.Can(mutex_, B, lock), kBlocked);
  EXPECT_EQ(context_.Can(mutex_, B, lock_shared), Outcome::kDone);
  context_.SetNow(10);
  EXPECT_EQ(context_.Can(mutex_, B, lock), Outcome::kTimedOut);
  EXPECT_EQ(context_.Can(mutex_, B, lock_shared), Outcome::kDone);
  context_.Do(mutex_, B, lock, Outcome::kTimedOut);
  context_.Do(mutex_, A, kUnlockShared);
  context_.Do(mutex_, B, kLock);
  EXPECT_EQ(context_.Can(mutex_, A, lock_shared), Outcome::kTimedOut);
  context_.SetNow(0);
  EXPECT_EQ(context_.Can(mutex_, A, lock_shared), kBlocked);
}

TEST_F(SharedMutexModelTest, AReaderIsOrderedAfterWritersOnly) {
  context_.Do(mutex_, A, kLock);
  const uint32_t written = context_.Time(A);
  context_.Do(mutex_, A, kUnlock);
  context_.Do(mutex_, B, kLockShared);
  EXPECT_TRUE(context_.Knows(B, A, written));
  const uint32_t read = context_.Time(B);
  context_.Do(mutex_, B, kUnlockShared);
  context_.Do(mutex_, C, kLockShared);
  EXPECT_TRUE(context_.Knows(C, A, written));
  EXPECT_FALSE(context_.Knows(C, B, read));
}

TEST_F(SharedMutexModelTest, AWriterIsOrderedAfterAllReaders) {
  context_.Do(mutex_, A, kLockShared);
  context_.Do(mutex_, B, kLockShared);
  const uint32_t read_a = context_.Time(A);
  const uint32_t read_b = context_.Time(B);
  context_.Do(mutex_, B, kUnlockShared);
  context_.Do(mutex_, A, kUnlockShared);
  context_.Do(mutex_, C, kLock);
  EXPECT_TRUE(context_.Knows(C, A, read_a));
  EXPECT_TRUE(context_.Knows(C, B, read_b));
  // The next writer gets them from this one, although its unlock is a single clock.
  context_.Do(mutex_, C, kUnlock);
  context_.Do(mutex_, A, kLock);
  EXPECT_TRUE(context_.Knows(A, B, read_b));
}

TEST_F(SharedMutexModelTest, Misuse) {
  EXPECT_EQ(context_.Do(mutex_, A, kUnlock).by.outcome, Outcome::kFailed);
  EXPECT_EQ(context_.Do(mutex_, A, kUnlockShared).by.outcome, Outcome::kFailed);
  context_.Do(mutex_, A, kLock);
  EXPECT_EQ(context_.Do(mutex_, B, kUnlock).by.outcome, Outcome::kFailed);
  EXPECT_EQ(context_.Do(mutex_, A, kUnlockShared).by.outcome, Outcome::kFailed);
  context_.Do(mutex_, A, kTryLockShared, Outcome::kFailed);
  context_.Do(mutex_, A, kUnlock);
  context_.Do(mutex_, A, kLockShared);
  EXPECT_EQ(context_.Do(mutex_, A, kUnlock).by.outcome, Outcome::kFailed);
  context_.Do(mutex_, A, kTryLock, Outcome::kFailed);
  context_.Do(mutex_, A, kLockShared);
  EXPECT_EQ(
      context_.misuse,
      (std::vector<std::string>{
          "unlock of a shared mutex that is not locked exclusively",
          "unlock_shared of a shared mutex that the thread does not hold",
          "unlock of a shared mutex that another thread holds",
          "unlock_shared of a shared mutex that the thread holds exclusively: unlock is meant",
          "try_lock of a shared mutex that the thread holds already (undefined by "
          "[thread.sharedmutex.class])",
          "unlock of a shared mutex that the thread holds shared: unlock_shared is meant",
          "try_lock of a shared mutex that the thread holds already (undefined by "
          "[thread.sharedmutex.class])",
          "shared lock of a shared mutex that the thread holds shared already (undefined by "
          "[thread.sharedmutex.class]; deadlocks where a waiting writer goes first)"}));
}

TEST_F(SharedMutexModelTest, SharedLocksOfOneThreadAreCounted) {
  SyncModel& posix = context_.Add({.kind = ObjectKind::kSharedMutex, .initial = 1});
  context_.Do(posix, A, kLockShared);
  context_.Do(posix, A, kLockShared);
  context_.Do(posix, A, kUnlockShared);
  EXPECT_EQ(context_.Can(posix, B, kLock), kBlocked);
  context_.Do(posix, A, kUnlockShared);
  EXPECT_EQ(context_.Can(posix, B, kLock), Outcome::kDone);
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(SharedMutexModelTest, TheOrderOfReadersIsNotPartOfTheState) {
  context_.Do(mutex_, A, kLockShared);
  context_.Do(mutex_, B, kLockShared);
  const uint64_t ab = mutex_.StateHash();
  context_.Do(mutex_, A, kUnlockShared);
  EXPECT_NE(mutex_.StateHash(), ab);
  context_.Do(mutex_, A, kLockShared);
  EXPECT_EQ(mutex_.StateHash(), ab);
}

TEST_F(SharedMutexModelTest, OnlyATryThatFindsItAvailableFailsSpuriously) {
  context_.AllowSpurious(1);
  const OutcomeSet either = OutcomeSet(Outcome::kDone) | Outcome::kSpurious;
  EXPECT_EQ(context_.Can(mutex_, A, kTryLock), either);
  context_.Do(mutex_, A, kTryLockShared, Outcome::kSpurious);
  EXPECT_EQ(mutex_.InUse(), "");
  context_.Do(mutex_, A, kTryLockShared);
  EXPECT_EQ(context_.Can(mutex_, B, kTryLockShared), either);
  EXPECT_EQ(context_.Can(mutex_, B, kTryLock), Outcome::kFailed);
  EXPECT_TRUE(context_.misuse.empty());
}

}  // namespace
}  // namespace heddle::testing
