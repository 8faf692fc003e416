// The mutex alone, as a state machine.
#include <gtest/gtest.h>

#include "tests/support/fake_context.h"

namespace heddle::testing {
namespace {

constexpr Operation kLock{.kind = OpKind::kLock};
constexpr Operation kTimedLock{.kind = OpKind::kLock, .deadline = 100};
constexpr Operation kTryLock{.kind = OpKind::kTryLock};
constexpr Operation kUnlock{.kind = OpKind::kUnlock};

class MutexModelTest : public ::testing::Test {
 protected:
  FakeContext context_;
  SyncModel& mutex_ = context_.Add({.kind = ObjectKind::kMutex});
  SyncModel& recursive_ = context_.Add({.kind = ObjectKind::kMutex, .initial = 1});
};

TEST_F(MutexModelTest, ExcludesOthersUntilItIsUnlocked) {
  EXPECT_EQ(context_.Can(mutex_, A, kLock), Outcome::kDone);
  context_.Do(mutex_, A, kLock);
  EXPECT_EQ(context_.Can(mutex_, B, kLock), kBlocked);
  EXPECT_EQ(context_.Can(mutex_, A, kLock), kBlocked);
  EXPECT_EQ(context_.Can(mutex_, B, kTryLock), Outcome::kFailed);
  EXPECT_EQ(context_.Holders(mutex_, B, kLock), std::vector{A});
  EXPECT_EQ(context_.Holders(mutex_, A, kLock), std::vector{A});  // a thread that waits for itself
  EXPECT_EQ(mutex_.InUse(), "locked");
  context_.Do(mutex_, A, kUnlock);
  EXPECT_EQ(context_.Can(mutex_, B, kLock), Outcome::kDone);
  EXPECT_EQ(context_.Can(mutex_, B, kTryLock), Outcome::kDone);
  EXPECT_TRUE(context_.Holders(mutex_, B, kLock).empty());
  EXPECT_EQ(mutex_.InUse(), "");
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(MutexModelTest, UnlockSynchronisesWithTheNextLock) {
  context_.Do(mutex_, A, kLock);
  const uint32_t inside = context_.Time(A);
  context_.Do(mutex_, A, kUnlock);
  const uint32_t after = context_.Time(A);
  EXPECT_GT(after, inside);
  EXPECT_FALSE(context_.Knows(B, A, inside));
  context_.Do(mutex_, B, kTryLock);
  EXPECT_TRUE(context_.Knows(B, A, inside));
  EXPECT_FALSE(context_.Knows(B, A, after));
}

TEST_F(MutexModelTest, ALockThatTimesOutSynchronisesWithNothing) {
  context_.Do(mutex_, A, kLock);
  const uint32_t first = context_.Time(A);
  context_.Do(mutex_, A, kUnlock);
  context_.Do(mutex_, A, kLock);
  EXPECT_EQ(context_.Can(mutex_, B, kTimedLock), kBlocked);
  context_.SetNow(100);
  EXPECT_EQ(context_.Can(mutex_, B, kTimedLock), Outcome::kTimedOut);
  context_.Do(mutex_, B, kTimedLock, Outcome::kTimedOut);
  EXPECT_FALSE(context_.Knows(B, A, first));
  context_.Do(mutex_, A, kUnlock);
  EXPECT_EQ(context_.Can(mutex_, B, kTimedLock), Outcome::kDone);  // late, but it is free
}

TEST_F(MutexModelTest, OnlyATryThatFindsItFreeFailsSpuriously) {
  context_.AllowSpurious(1);
  EXPECT_EQ(context_.Can(mutex_, A, kLock), Outcome::kDone);
  EXPECT_EQ(context_.Can(mutex_, A, kTryLock), OutcomeSet(Outcome::kDone) | Outcome::kSpurious);
  context_.Do(mutex_, A, kTryLock, Outcome::kSpurious);
  EXPECT_EQ(mutex_.InUse(), "");
  context_.Do(mutex_, A, kLock);
  EXPECT_EQ(context_.Can(mutex_, B, kTryLock), Outcome::kFailed);
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(MutexModelTest, ARecursiveOneCountsItsLocks) {
  context_.Do(recursive_, A, kLock);
  context_.Do(recursive_, A, kLock);
  context_.Do(recursive_, A, kTryLock);
  EXPECT_EQ(context_.Can(recursive_, B, kTryLock), Outcome::kFailed);
  context_.Do(recursive_, A, kUnlock);
  context_.Do(recursive_, A, kUnlock);
  EXPECT_EQ(context_.Can(recursive_, B, kLock), kBlocked);
  context_.Do(recursive_, A, kUnlock);
  EXPECT_EQ(context_.Can(recursive_, B, kLock), Outcome::kDone);
}

TEST_F(MutexModelTest, MisuseHasNoEffect) {
  EXPECT_EQ(context_.Do(mutex_, A, kUnlock).by.outcome, Outcome::kFailed);
  context_.Do(mutex_, A, kLock);
  EXPECT_EQ(context_.Do(mutex_, B, kUnlock).by.outcome, Outcome::kFailed);
  EXPECT_EQ(mutex_.InUse(), "locked");
  context_.Do(mutex_, A, kTryLock, Outcome::kFailed);
  EXPECT_EQ(context_.misuse, (std::vector<std::string>{
                                 "unlock of a mutex that is not locked",
                                 "unlock of a mutex that another thread holds",
                                 "try_lock of a mutex that the thread holds already (undefined by "
                                 "[thread.mutex.requirements.mutex])"}));
}

TEST_F(MutexModelTest, EqualStatesHashAlike) {
  const uint64_t free = mutex_.StateHash();
  context_.Do(mutex_, A, kLock);
  const uint64_t held = mutex_.StateHash();
  EXPECT_NE(held, free);
  context_.Do(mutex_, A, kUnlock);
  EXPECT_EQ(mutex_.StateHash(), free);
}

}  // namespace
}  // namespace heddle::testing
