// The atomic alone, as a state machine, under sequential consistency; fences with it.
#include <gtest/gtest.h>

#include "tests/support/fake_context.h"

namespace heddle::testing {
namespace {

using std::memory_order;

Operation Store(uint64_t value, memory_order order) {
  return {.kind = OpKind::kStore, .order = order, .operand = value};
}
Operation Load(memory_order order) { return {.kind = OpKind::kLoad, .order = order}; }
Operation Add(uint64_t value, memory_order order) {
  return {.kind = OpKind::kRmw,
          .order = order,
          .operand = value,
          .rmw = [](uint64_t old, uint64_t operand) { return old + operand; }};
}
Operation Exchange(uint64_t expected, uint64_t desired, bool weak = false) {
  return {.kind = OpKind::kCompareExchange,
          .weak = weak,
          .order = memory_order::acq_rel,
          .failure_order = memory_order::relaxed,
          .operand = desired,
          .expected = expected};
}

class AtomicModelTest : public ::testing::Test {
 protected:
  FakeContext context_;
  SyncModel& atomic_ = context_.Add({.kind = ObjectKind::kAtomic, .initial = 7});
};

TEST_F(AtomicModelTest, ALoadReadsTheNewestStore) {
  const Event initial = context_.Do(atomic_, A, Load(memory_order::relaxed));
  EXPECT_EQ(initial.value, 7u);
  EXPECT_EQ(initial.source, 0u);
  const Event store = context_.Do(atomic_, B, Store(8, memory_order::relaxed));
  const Event load = context_.Do(atomic_, A, Load(memory_order::relaxed));
  EXPECT_EQ(load.value, 8u);
  EXPECT_EQ(load.source, store.seq);
}

TEST_F(AtomicModelTest, OnlyReleaseAndAcquireSynchronise) {
  for (const memory_order store : {memory_order::relaxed, memory_order::release}) {
    for (const memory_order load : {memory_order::relaxed, memory_order::acquire}) {
      FakeContext context;
      SyncModel& atomic = context.Add({.kind = ObjectKind::kAtomic});
      const uint32_t before = context.Time(A);
      context.Do(atomic, A, Store(1, store));
      context.Do(atomic, B, Load(load));
      EXPECT_EQ(context.Knows(B, A, before),
                store == memory_order::release && load == memory_order::acquire);
    }
  }
  const uint32_t before = context_.Time(A);
  context_.Do(atomic_, A, Store(1, memory_order::seq_cst));
  context_.Do(atomic_, B, Load(memory_order::seq_cst));
  EXPECT_TRUE(context_.Knows(B, A, before));
}

TEST_F(AtomicModelTest, AReadModifyWriteContinuesTheReleaseSequence) {
  const uint32_t before = context_.Time(A);
  context_.Do(atomic_, A, Store(1, memory_order::release));
  const Event add = context_.Do(atomic_, B, Add(2, memory_order::relaxed));
  EXPECT_EQ(add.value, 1u);
  EXPECT_FALSE(context_.Knows(B, A, before));
  EXPECT_EQ(context_.Do(atomic_, C, Load(memory_order::acquire)).value, 3u);
  EXPECT_TRUE(context_.Knows(C, A, before));
}

TEST_F(AtomicModelTest, APlainStoreEndsTheReleaseSequence) {
  const uint32_t before = context_.Time(A);
  context_.Do(atomic_, A, Store(1, memory_order::release));
  context_.Do(atomic_, B, Store(2, memory_order::relaxed));
  context_.Do(atomic_, C, Load(memory_order::acquire));
  EXPECT_FALSE(context_.Knows(C, A, before));
}

TEST_F(AtomicModelTest, Fences) {
  SyncModel& thread = context_.Add({.kind = ObjectKind::kThread});
  const uint32_t before = context_.Time(A);
  context_.Do(thread, A, Operation{.kind = OpKind::kFence, .order = memory_order::release});
  context_.Do(atomic_, A, Store(1, memory_order::relaxed));
  context_.Do(atomic_, B, Load(memory_order::relaxed));
  EXPECT_FALSE(context_.Knows(B, A, before));
  context_.Do(thread, B, Operation{.kind = OpKind::kFence, .order = memory_order::acquire});
  EXPECT_TRUE(context_.Knows(B, A, before));
}

TEST_F(AtomicModelTest, CompareExchange) {
  const Event failed = context_.Do(atomic_, A, Exchange(1, 2));
  EXPECT_EQ(failed.by.outcome, Outcome::kFailed);
  EXPECT_EQ(failed.value, 7u);
  const Event done = context_.Do(atomic_, A, Exchange(7, 2));
  EXPECT_EQ(done.by.outcome, Outcome::kDone);
  EXPECT_EQ(done.value, 7u);
  EXPECT_EQ(context_.Do(atomic_, B, Load(memory_order::relaxed)).value, 2u);
}

TEST_F(AtomicModelTest, OnlyAWeakExchangeThatWouldSucceedFailsSpuriously) {
  EXPECT_EQ(context_.Can(atomic_, A, Exchange(7, 2, true)), Outcome::kDone);
  context_.AllowSpurious(1);
  EXPECT_EQ(context_.Can(atomic_, A, Exchange(7, 2, true)),
            OutcomeSet(Outcome::kDone) | Outcome::kSpurious);
  EXPECT_EQ(context_.Can(atomic_, A, Exchange(7, 2, false)), Outcome::kDone);
  EXPECT_EQ(context_.Can(atomic_, A, Exchange(1, 2, true)), Outcome::kDone);
  context_.Do(atomic_, A, Exchange(7, 2, true), Outcome::kSpurious);
  EXPECT_EQ(context_.Do(atomic_, A, Load(memory_order::relaxed)).value, 7u);
}

TEST_F(AtomicModelTest, AWaitCompletesWhenNotifiedAndTheValueDiffers) {
  const Operation wait{.kind = OpKind::kAtomicWait, .expected = 7};
  const Operation notify_one{.kind = OpKind::kAtomicNotifyOne};
  EXPECT_EQ(context_.Do(atomic_, A, wait).by.outcome, Outcome::kFailed);  // it has enqueued
  EXPECT_EQ(context_.Can(atomic_, A, wait), kBlocked);
  EXPECT_EQ(context_.Do(atomic_, B, wait).by.outcome, Outcome::kFailed);
  EXPECT_EQ(context_.Candidates(atomic_, C, notify_one), 2u);
  EXPECT_EQ(atomic_.InUse(), "waited on");
  context_.Do(atomic_, C, notify_one, Outcome::kDone, 1);
  EXPECT_EQ(context_.Can(atomic_, A, wait), kBlocked);
  EXPECT_EQ(context_.Do(atomic_, B, wait).by.outcome, Outcome::kFailed);  // the value is the same
  context_.Do(atomic_, C, Store(8, memory_order::relaxed));
  EXPECT_EQ(context_.Can(atomic_, A, wait), kBlocked);  // changed, but nobody said so
  context_.Do(atomic_, C, Operation{.kind = OpKind::kAtomicNotifyAll});
  EXPECT_EQ(context_.Do(atomic_, A, wait).by.outcome, Outcome::kDone);
  EXPECT_EQ(context_.Do(atomic_, B, wait).by.outcome, Outcome::kDone);
  EXPECT_EQ(atomic_.InUse(), "");
  // A value that differs from the start is not waited for.
  EXPECT_EQ(context_.Do(atomic_, A, wait).by.outcome, Outcome::kDone);
}

}  // namespace
}  // namespace heddle::testing
