// The barrier alone, as a state machine; a latch is a barrier at which every arrival drops.
#include <gtest/gtest.h>

#include "harness/core/arrival.h"
#include "tests/support/fake_context.h"

namespace heddle::testing {
namespace {

constexpr Operation kArrive{.kind = OpKind::kArrive, .operand = 1};
constexpr Operation kArriveDrop{.kind = OpKind::kArriveDrop, .operand = 1};
constexpr Operation kEndCompletion{.kind = OpKind::kArrive, .operand = 0};
constexpr Operation WaitFor(uint64_t phase) {
  return {.kind = OpKind::kPhaseWait, .operand = phase};
}

class BarrierModelTest : public ::testing::Test {
 protected:
  FakeContext context_;
  SyncModel& barrier_ = context_.Add({.kind = ObjectKind::kBarrier, .initial = 2});
};

TEST_F(BarrierModelTest, TheLastArrivalEndsThePhase) {
  EXPECT_EQ(context_.Do(barrier_, A, kArrive).value, 0u);
  EXPECT_EQ(context_.Can(barrier_, A, WaitFor(0)), kBlocked);
  EXPECT_EQ(context_.Do(barrier_, B, kArrive).value, 0u);
  EXPECT_EQ(context_.Can(barrier_, A, WaitFor(0)), Outcome::kDone);
  EXPECT_EQ(context_.Can(barrier_, B, WaitFor(0)), Outcome::kDone);
  EXPECT_EQ(context_.Can(barrier_, A, WaitFor(1)), kBlocked);
  // A has not yet seen the end of phase 0 when B is in phase 1.
  EXPECT_EQ(context_.Do(barrier_, B, kArrive).value, 1u);
  EXPECT_EQ(context_.Can(barrier_, B, WaitFor(1)), kBlocked);
  context_.Do(barrier_, A, WaitFor(0));
  EXPECT_EQ(context_.Do(barrier_, A, kArrive).value, 1u);
  EXPECT_EQ(context_.Can(barrier_, B, WaitFor(1)), Outcome::kDone);
  EXPECT_TRUE(context_.misuse.empty());
}

TEST_F(BarrierModelTest, AWaitThatOnlyLooksIsNeverBlocked) {
  const Operation look{.kind = OpKind::kPhaseWait, .operand = 0, .deadline = 0};
  EXPECT_EQ(context_.Can(barrier_, A, look), Outcome::kTimedOut);
  context_.Do(barrier_, A, Operation{.kind = OpKind::kArrive, .operand = 2});
  EXPECT_EQ(context_.Can(barrier_, A, look), Outcome::kDone);
}

TEST_F(BarrierModelTest, OnlyALookMayMissTheEndOfAPhase) {
  const Operation look{.kind = OpKind::kPhaseWait, .operand = 0, .deadline = 0};
  context_.AllowSpurious(1);
  EXPECT_EQ(context_.Can(barrier_, A, look), Outcome::kTimedOut);
  context_.Do(barrier_, A, Operation{.kind = OpKind::kArrive, .operand = 2});
  EXPECT_EQ(context_.Can(barrier_, A, look), OutcomeSet(Outcome::kDone) | Outcome::kSpurious);
  EXPECT_EQ(context_.Can(barrier_, A, WaitFor(0)), Outcome::kDone);
}

TEST_F(BarrierModelTest, ArrivalsAreOrderedBeforeTheReturnsOfTheSamePhase) {
  const uint32_t time_a = context_.Time(A);
  context_.Do(barrier_, A, kArrive);
  const uint32_t time_b = context_.Time(B);
  context_.Do(barrier_, B, kArrive);
  EXPECT_FALSE(context_.Knows(B, A, time_a));  // arriving alone learns nothing
  const uint32_t next_phase = context_.Time(B);
  context_.Do(barrier_, B, kArrive);
  context_.Do(barrier_, A, WaitFor(0));
  EXPECT_TRUE(context_.Knows(A, B, time_b));
  EXPECT_FALSE(context_.Knows(A, B, next_phase));
  context_.Do(barrier_, B, WaitFor(0));
  EXPECT_TRUE(context_.Knows(B, A, time_a));
}

TEST_F(BarrierModelTest, AWaitIsNotOrderedAfterEarlierPhases) {
  SyncModel& alone = context_.Add({.kind = ObjectKind::kBarrier, .initial = 1});
  const uint32_t time_a = context_.Time(A);
  context_.Do(alone, A, kArrive);
  context_.Do(alone, B, kArrive);
  const uint32_t time_b = context_.Time(B);
  context_.Do(alone, B, kArrive);
  context_.Do(alone, C, WaitFor(2));
  EXPECT_TRUE(context_.Knows(C, B, time_b));
  EXPECT_FALSE(context_.Knows(C, A, time_a));
}

TEST_F(BarrierModelTest, ALookThatFailsIsOrderedAfterNothing) {
  const Operation look{.kind = OpKind::kPhaseWait, .operand = 0, .deadline = 0};
  const uint32_t time_a = context_.Time(A);
  context_.Do(barrier_, A, kArrive);
  context_.Do(barrier_, B, look, Outcome::kTimedOut);
  EXPECT_FALSE(context_.Knows(B, A, time_a));
}

TEST_F(BarrierModelTest, WhoDropsIsNotExpectedInTheNextPhase) {
  context_.Do(barrier_, A, kArriveDrop);
  EXPECT_EQ(context_.Can(barrier_, B, WaitFor(0)), kBlocked);
  context_.Do(barrier_, B, kArrive);
  EXPECT_EQ(context_.Can(barrier_, B, WaitFor(0)), Outcome::kDone);
  context_.Do(barrier_, B, kArrive);
  EXPECT_EQ(context_.Can(barrier_, B, WaitFor(1)), Outcome::kDone);
}

TEST_F(BarrierModelTest, TheCompletionFunctionRunsBetweenTheLastArrivalAndTheEnd) {
  SyncModel& barrier = context_.Add({.kind = ObjectKind::kBarrier, .initial = 2, .limit = 1});
  const uint32_t time_a = context_.Time(A);
  EXPECT_EQ(context_.Do(barrier, A, kArrive).value, 0u);
  EXPECT_EQ(context_.Do(barrier, B, kArrive).value, 0u | kLastArrival);
  EXPECT_TRUE(context_.Knows(B, A, time_a));
  EXPECT_EQ(context_.Can(barrier, A, WaitFor(0)), kBlocked);
  const uint32_t completion = context_.Time(B);
  context_.Do(barrier, B, kEndCompletion);
  EXPECT_EQ(context_.Can(barrier, A, WaitFor(0)), Outcome::kDone);
  context_.Do(barrier, A, WaitFor(0));
  EXPECT_TRUE(context_.Knows(A, B, completion));
  EXPECT_EQ(context_.Do(barrier, A, kArrive).value, 1u);
  EXPECT_TRUE(context_.misuse.empty());
  EXPECT_EQ(context_.Do(barrier, A, kArrive).value, 1u | kLastArrival);
  EXPECT_EQ(context_.Do(barrier, A, kArrive).by.outcome, Outcome::kFailed);  // while it runs
  EXPECT_EQ(context_.misuse.size(), 1u);
}

TEST_F(BarrierModelTest, MoreArrivalsThanExpectedAreMisuseAndDoNotCount) {
  context_.Do(barrier_, A, kArrive);
  const Operation two{.kind = OpKind::kArrive, .operand = 2};
  EXPECT_EQ(context_.Do(barrier_, B, two).by.outcome, Outcome::kFailed);
  EXPECT_EQ(context_.Can(barrier_, A, WaitFor(0)), kBlocked);
  EXPECT_EQ(context_.misuse,
            std::vector<std::string>{"more arrivals than it expects"});
}

TEST_F(BarrierModelTest, ALatchEndsOnceAndStaysThere) {
  SyncModel& latch = context_.Add({.kind = ObjectKind::kBarrier, .initial = 3});
  const Operation two{.kind = OpKind::kArriveDrop, .operand = 2};
  context_.Do(latch, A, two);
  context_.Do(latch, B, kArriveDrop);
  EXPECT_EQ(context_.Can(latch, C, WaitFor(0)), Outcome::kDone);
  EXPECT_TRUE(context_.misuse.empty());
  EXPECT_EQ(context_.Do(latch, B, kArriveDrop).by.outcome, Outcome::kFailed);
  EXPECT_EQ(context_.misuse.size(), 1u);
  EXPECT_EQ(context_.Can(latch, C, WaitFor(0)), Outcome::kDone);
}

TEST_F(BarrierModelTest, ALatchOfZeroHasEnded) {
  SyncModel& latch = context_.Add({.kind = ObjectKind::kBarrier, .initial = 0});
  EXPECT_EQ(context_.Can(latch, A, WaitFor(0)), Outcome::kDone);
}

}  // namespace
}  // namespace heddle::testing
