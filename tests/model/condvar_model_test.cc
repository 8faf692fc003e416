// The condition variable alone, as a state machine (with its mutex).
#include <gtest/gtest.h>

#include "harness/model/condvar_model.h"
#include "harness/model/mutex_model.h"
#include "tests/support/fake_context.h"

namespace heddle::testing {
namespace {

constexpr Operation kLock{.kind = OpKind::kLock};
constexpr Operation kUnlock{.kind = OpKind::kUnlock};
constexpr Operation kNotifyOne{.kind = OpKind::kNotifyOne};
constexpr Operation kNotifyAll{.kind = OpKind::kNotifyAll};

class CondVarModelTest : public ::testing::Test {
 protected:
  Operation Wait() const { return {.kind = OpKind::kWait, .second = mutex_.id}; }
  Operation Wake(VirtualTime deadline = kNoDeadline) const {
    return {.kind = OpKind::kWake, .second = mutex_.id, .deadline = deadline};
  }
  void LockAndWait(ThreadId thread) {
    context_.Do(mutex_, thread, kLock);
    context_.Do(condition_, thread, Wait());
  }
  CondVarModel& condition() { return static_cast<CondVarModel&>(condition_); }
  const MutexModel& mutex() const { return static_cast<const MutexModel&>(mutex_); }

  FakeContext context_;
  SyncModel& mutex_ = context_.Add({.kind = ObjectKind::kMutex, .initial = 1});
  SyncModel& condition_ = context_.Add({.kind = ObjectKind::kCondVar});
};

TEST_F(CondVarModelTest, WaitReleasesTheMutexAndWakesWhenNotifiedAndItIsFree) {
  LockAndWait(A);
  EXPECT_TRUE(mutex().IsFree());
  EXPECT_EQ(context_.Can(condition_, A, Wake()), kBlocked);
  EXPECT_TRUE(context_.Holders(condition_, A, Wake()).empty());
  EXPECT_EQ(condition_.InUse(), "waited on");
  context_.Do(mutex_, B, kLock);
  context_.Do(condition_, B, kNotifyOne);
  EXPECT_EQ(context_.Can(condition_, A, Wake()), kBlocked);  // B has the mutex
  EXPECT_EQ(context_.Holders(condition_, A, Wake()), std::vector{B});
  EXPECT_EQ(condition_.InUse(), "");  // it may be destroyed now
  context_.Do(mutex_, B, kUnlock);
  EXPECT_EQ(context_.Can(condition_, A, Wake()), Outcome::kDone);
  context_.Do(condition_, A, Wake());
  EXPECT_EQ(mutex().owner(), A);
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(CondVarModelTest, ANotificationBeforeTheWaitIsLost) {
  context_.Do(condition_, B, kNotifyAll);
  LockAndWait(A);
  EXPECT_EQ(context_.Can(condition_, A, Wake()), kBlocked);
}

TEST_F(CondVarModelTest, NotifyOneChoosesAmongTheThreadsNotYetNotified) {
  EXPECT_EQ(context_.Candidates(condition_, C, kNotifyOne), 1u);
  LockAndWait(A);
  LockAndWait(B);
  EXPECT_EQ(context_.Candidates(condition_, C, kNotifyOne), 2u);
  EXPECT_EQ(context_.Candidates(condition_, C, kNotifyAll), 1u);
  context_.Do(condition_, C, kNotifyOne, Outcome::kDone, 1);
  EXPECT_EQ(context_.Can(condition_, A, Wake()), kBlocked);
  EXPECT_EQ(context_.Can(condition_, B, Wake()), Outcome::kDone);
  EXPECT_EQ(context_.Candidates(condition_, C, kNotifyOne), 1u);
  context_.Do(condition_, C, kNotifyOne);
  EXPECT_EQ(context_.Can(condition_, A, Wake()), Outcome::kDone);
}

TEST_F(CondVarModelTest, NotifyAllWakesAllOneAfterTheOther) {
  LockAndWait(A);
  LockAndWait(B);
  context_.Do(condition_, C, kNotifyAll);
  context_.Do(condition_, B, Wake());
  EXPECT_EQ(context_.Can(condition_, A, Wake()), kBlocked);
  EXPECT_EQ(context_.Holders(condition_, A, Wake()), std::vector{B});
  context_.Do(mutex_, B, kUnlock);
  EXPECT_EQ(context_.Can(condition_, A, Wake()), Outcome::kDone);
}

TEST_F(CondVarModelTest, TimesOutAtItsDeadlineAndLeavesTheQueue) {
  LockAndWait(A);
  LockAndWait(B);
  EXPECT_EQ(context_.Can(condition_, A, Wake(50)), kBlocked);
  context_.SetNow(50);
  EXPECT_EQ(context_.Can(condition_, A, Wake(50)), Outcome::kTimedOut);
  context_.Do(mutex_, C, kLock);
  EXPECT_EQ(context_.Can(condition_, A, Wake(50)), kBlocked);
  EXPECT_EQ(context_.Holders(condition_, A, Wake(50)), std::vector{C});
  context_.Do(mutex_, C, kUnlock);
  context_.Do(condition_, A, Wake(50), Outcome::kTimedOut);
  EXPECT_EQ(mutex().owner(), A);
  EXPECT_EQ(context_.Candidates(condition_, C, kNotifyOne), 1u);
  context_.Do(mutex_, A, kUnlock);
  context_.Do(condition_, C, kNotifyOne);
  EXPECT_EQ(context_.Can(condition_, B, Wake()), Outcome::kDone);
}

TEST_F(CondVarModelTest, WhoHasBeenNotifiedDoesNotTimeOut) {
  LockAndWait(A);
  context_.Do(condition_, B, kNotifyOne);
  context_.SetNow(1000);
  EXPECT_EQ(context_.Can(condition_, A, Wake(50)), Outcome::kDone);
}

TEST_F(CondVarModelTest, WhoseSleepHasEndedWantsItsMutexOnly) {
  LockAndWait(A);
  LockAndWait(B);
  EXPECT_TRUE(condition().Sleeps(A));
  condition().EndSleep(A, Outcome::kSpurious);
  EXPECT_FALSE(condition().Sleeps(A));
  context_.SetNow(1000);
  EXPECT_EQ(context_.Can(condition_, A, Wake(50)), Outcome::kSpurious);
  context_.Do(mutex_, C, kLock);
  EXPECT_TRUE(context_.Can(condition_, A, Wake()).empty());
  EXPECT_EQ(context_.Holders(condition_, A, Wake()), std::vector{C});
  context_.Do(mutex_, C, kUnlock);
  context_.Do(condition_, C, kNotifyOne);  // wakes the other
  EXPECT_EQ(context_.Can(condition_, B, Wake()), Outcome::kDone);
  EXPECT_EQ(context_.Can(condition_, A, Wake()), Outcome::kSpurious);
  context_.Do(condition_, A, Wake(), Outcome::kSpurious);
  EXPECT_EQ(mutex().owner(), A);
  EXPECT_EQ(condition_.InUse(), "");
}

TEST_F(CondVarModelTest, ARecursiveMutexComesBackAtItsDepth) {
  context_.Do(mutex_, A, kLock);
  context_.Do(mutex_, A, kLock);
  context_.Do(condition_, A, Wait());
  EXPECT_TRUE(mutex().IsFree());
  context_.Do(condition_, B, kNotifyOne);
  context_.Do(condition_, A, Wake());
  EXPECT_EQ(mutex().depth(), 2u);
}

TEST_F(CondVarModelTest, OnlyTheMutexSynchronises) {
  LockAndWait(A);
  const uint32_t outside = context_.Time(B);
  context_.Do(condition_, B, kNotifyOne);
  context_.Do(condition_, A, Wake());
  EXPECT_FALSE(context_.Knows(A, B, outside));
  const uint32_t before = context_.Time(A);
  context_.Do(condition_, A, Wait());
  context_.Do(mutex_, B, kLock);
  EXPECT_TRUE(context_.Knows(B, A, before));
  const uint32_t inside = context_.Time(B);
  context_.Do(condition_, B, kNotifyOne);
  context_.Do(mutex_, B, kUnlock);
  context_.Do(condition_, A, Wake());
  EXPECT_TRUE(context_.Knows(A, B, inside));
}

TEST_F(CondVarModelTest, Misuse) {
  EXPECT_EQ(context_.Do(condition_, A, Wait()).by.outcome, Outcome::kFailed);
  context_.Do(mutex_, B, kLock);
  EXPECT_EQ(context_.Do(condition_, A, Wait()).by.outcome, Outcome::kFailed);
  EXPECT_EQ(mutex().owner(), B);
  EXPECT_EQ(condition_.InUse(), "");
  context_.Do(condition_, B, Wait());
  SyncModel& other = context_.Add({.kind = ObjectKind::kMutex});
  context_.Do(other, A, kLock);
  const Event event =
      context_.Do(condition_, A, Operation{.kind = OpKind::kWait, .second = other.id});
  EXPECT_EQ(event.by.outcome, Outcome::kDone);
  EXPECT_EQ(context_.misuse,
            (std::vector<std::string>{
                "wait on a condition variable without holding its mutex",
                "wait on a condition variable with a mutex that another thread holds",
                "threads wait on one condition variable with different mutexes"}));
}

}  // namespace
}  // namespace heddle::testing
