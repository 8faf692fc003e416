// The semaphore alone, as a state machine.
#include <gtest/gtest.h>

#include "tests/support/fake_context.h"

namespace heddle::testing {
namespace {

constexpr Operation kAcquire{.kind = OpKind::kAcquire};
constexpr Operation kTryAcquire{.kind = OpKind::kTryAcquire};
constexpr Operation kRelease{.kind = OpKind::kRelease, .operand = 1};

class SemaphoreModelTest : public ::testing::Test {
 protected:
  FakeContext context_;
  SyncModel& semaphore_ = context_.Add({.kind = ObjectKind::kSemaphore, .initial = 2, .limit = 3});
};

TEST_F(SemaphoreModelTest, CountsPermits) {
  context_.Do(semaphore_, A, kAcquire);
  context_.Do(semaphore_, A, kTryAcquire);
  EXPECT_EQ(context_.Can(semaphore_, B, kAcquire), kBlocked);
  EXPECT_EQ(context_.Can(semaphore_, B, kTryAcquire), Outcome::kFailed);
  EXPECT_TRUE(context_.Holders(semaphore_, B, kAcquire).empty());  // anyone may release
  context_.Do(semaphore_, C, Operation{.kind = OpKind::kRelease, .operand = 2});
  context_.Do(semaphore_, B, kAcquire);
  context_.Do(semaphore_, B, kAcquire);
  EXPECT_EQ(context_.Can(semaphore_, B, kAcquire), kBlocked);
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(SemaphoreModelTest, OnlyATryThatFindsAPermitFailsSpuriously) {
  context_.AllowSpurious(1);
  EXPECT_EQ(context_.Can(semaphore_, A, kAcquire), Outcome::kDone);
  EXPECT_EQ(context_.Can(semaphore_, A, kTryAcquire),
            OutcomeSet(Outcome::kDone) | Outcome::kSpurious);
  context_.Do(semaphore_, A, kTryAcquire, Outcome::kSpurious);
  context_.Do(semaphore_, A, kAcquire);
  context_.Do(semaphore_, A, kAcquire);  // both permits were still there
  EXPECT_EQ(context_.Can(semaphore_, A, kTryAcquire), Outcome::kFailed);
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(SemaphoreModelTest, TimedAcquire) {
  const Operation timed{.kind = OpKind::kAcquire, .deadline = 10};
  context_.SetNow(10);
  EXPECT_EQ(context_.Can(semaphore_, A, timed), Outcome::kDone);  // a permit is better than late
  context_.Do(semaphore_, A, kAcquire);
  context_.Do(semaphore_, A, kAcquire);
  EXPECT_EQ(context_.Can(semaphore_, A, timed), Outcome::kTimedOut);
  context_.Do(semaphore_, A, timed, Outcome::kTimedOut);
  context_.SetNow(9);
  EXPECT_EQ(context_.Can(semaphore_, A, timed), kBlocked);
  context_.Do(semaphore_, B, kRelease);
  EXPECT_EQ(context_.Can(semaphore_, A, timed), Outcome::kDone);
}

TEST_F(SemaphoreModelTest, AnAcquireIsOrderedAfterAllReleasesBeforeIt) {
  const uint32_t time_a = context_.Time(A);
  context_.Do(semaphore_, A, kRelease);
  context_.Do(semaphore_, C, kTryAcquire);
  EXPECT_TRUE(context_.Knows(C, A, time_a));
  const uint32_t time_b = context_.Time(B);
  context_.Do(semaphore_, B, kRelease);
  EXPECT_FALSE(context_.Knows(B, A, time_a));  // a release acquires nothing
  context_.Do(semaphore_, C, kAcquire);
  EXPECT_TRUE(context_.Knows(C, B, time_b));
  context_.Do(semaphore_, B, kAcquire);
  EXPECT_TRUE(context_.Knows(B, A, time_a));  // still, after B's own release
}

TEST_F(SemaphoreModelTest, AReleaseBeyondTheLimitIsMisuseAndLeavesItAtTheLimit) {
  EXPECT_EQ(context_.Do(semaphore_, A, kRelease).by.outcome, Outcome::kDone);
  EXPECT_EQ(context_.Do(semaphore_, A, kRelease).by.outcome, Outcome::kFailed);
  const Operation huge{.kind = OpKind::kRelease, .operand = UINT64_MAX};
  EXPECT_EQ(context_.Do(semaphore_, A, huge).by.outcome, Outcome::kFailed);
  for (int i = 0; i < 3; ++i) context_.Do(semaphore_, A, kAcquire);
  EXPECT_EQ(context_.Can(semaphore_, A, kAcquire), kBlocked);
  EXPECT_EQ(context_.misuse,
            std::vector<std::string>(2, "release of a semaphore beyond its largest count"));
}

}  // namespace
}  // namespace heddle::testing
