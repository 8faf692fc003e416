// What findings are said to depend on: the sentences, for bugs whose causes are known.
#include "harness/explore/cause.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/linearizable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/unit/cause_test_support.h"

namespace heddle {
namespace {

using testing::FindingOf;
using testing::Line;

// `cause` is the sentence; every order is between two threads, and has both places.
void ExpectCause(const Finding& finding, const std::string& cause, size_t orders) {
  EXPECT_EQ(finding.cause, cause);
  EXPECT_EQ(finding.orders.size(), orders);
  for (const FindingOrder& order : finding.orders) {
    EXPECT_NE(order.first.thread, order.then.thread);
    EXPECT_FALSE(order.first.at.file.empty());
    EXPECT_FALSE(order.then.at.file.empty());
  }
}

// A call in place of a return would hide the line that it comes from.
inline __attribute__((always_inline)) void KeepFrame() { asm volatile(""); }

constexpr int kLoadLine = __LINE__ + 5;
void LostUpdate() {
  Atomic<int> n(0, "n");
  const auto add = [&] {
    // Two lines, so that each has its own.
    const int seen = n.load();
    n.store(seen + 1);
    KeepFrame();
  };
  Thread first(add);
  Thread second(add);
  first.join();
  second.join();
  Assert(n.load() == 2, "both are counted");
}

TEST(CauseTest, LostUpdate) {
  ExpectCause(FindingOf(LostUpdate, FindingKind::kAssertion),
              "It happens when T1 `load n -> 0` " + Line(kLoadLine) +
                  " comes before T2 `store n = 1` " + Line(kLoadLine + 1) +
                  ", and T2 `load n -> 0` " + Line(kLoadLine) + " comes before T1 `store n = 1` " +
                  Line(kLoadLine + 1) + "; with either order reversed it does not.",
              2);
}

constexpr int kLockLine = __LINE__ + 4;
void AbBa() {
  Mutex a("a"), b("b");
  Thread first([&] {
    a.lock();
    b.lock();
    b.unlock();
    a.unlock();
  });
  Thread second([&] {
    b.lock();
    a.lock();
    a.unlock();
    b.unlock();
  });
  first.join();
  second.join();
}

TEST(CauseTest, AbBa) {
  ExpectCause(FindingOf(AbBa, FindingKind::kDeadlock),
              "It happens when T1 `lock a` " + Line(kLockLine) + " comes before T2 `lock a` " +
                  Line(kLockLine + 7) + ", and T2 `lock b` " + Line(kLockLine + 6) +
                  " comes before T1 `lock b` " + Line(kLockLine + 1) +
                  "; with either order reversed it does not.",
              2);
}

// It wakes in the middle, and only after time has passed: another thread's step chooses that.
constexpr int kStageLine = __LINE__ + 12;
void WokenBetweenTheStages() {
  Mutex mutex("mutex");
  CondVar changed("changed");
  Var<int> stage(0, "stage");
  Thread waiter([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock);
    Assert(stage != 1, "never between the stages");
  });
  Thread setter([&] {
    SleepFor(std::chrono::milliseconds(5));
    mutex.lock();
    stage = 1;
    mutex.unlock();
    mutex.lock();
    stage = 2;
    changed.notify_one();
    mutex.unlock();
  });
  waiter.join();
  setter.join();
}

TEST(CauseTest, ASpuriousWakeupAfterSomeTime) {
  const std::string wakes = "T1 `wake from changed: spurious` " + Line(kStageLine - 5);
  ExpectCause(FindingOf(WokenBetweenTheStages, FindingKind::kAssertion, 1),
              "It happens when " + wakes + " runs between T2 `lock mutex` " + Line(kStageLine) +
                  " and `lock mutex` " + Line(kStageLine + 3) +
                  "; with either order reversed it does not. It takes what was chosen at " + wakes +
                  ": the same schedule with another choice there does not show it.",
              2);
}

constexpr int kCheckLine = __LINE__ + 5;
void LostWakeup() {
  Atomic<bool> ready(false, "ready");
  Mutex mutex("mutex");
  CondVar changed("changed");
  const auto is_ready = [&] { return ready.load(); };
  Thread setter([&] {
    ready.store(true);
    changed.notify_one();
    KeepFrame();
  });
  std::unique_lock lock(mutex);
  if (!is_ready()) changed.wait(lock);
  lock.unlock();
  setter.join();
}

TEST(CauseTest, LostWakeup) {
  ExpectCause(FindingOf(LostWakeup, FindingKind::kStuck),
              "It happens when main `load ready -> false` " + Line(kCheckLine) +
                  " comes before T1 `store ready = true` " + Line(kCheckLine + 2) +
                  ", and T1 `notify_one changed` " + Line(kCheckLine + 3) +
                  " comes before main `wait changed, unlock mutex` " + Line(kCheckLine + 7) +
                  "; with either order reversed it does not.",
              2);
}

constexpr int kTransferLine = __LINE__ + 5;
void SeesHalf() {
  Atomic<int> from(1, "from");
  Atomic<int> to(0, "to");
  Thread transfer([&] {
    from.store(0);
    to.store(1);
    KeepFrame();
  });
  const int sum = from.load() + to.load();
  Assert(sum == 1, "nothing is lost");
  transfer.join();
}

// With the first order reversed and the second kept the sum is 0, which is wrong, too.
TEST(CauseTest, ReadsBetweenTwoWrites) {
  ExpectCause(FindingOf(SeesHalf, FindingKind::kAssertion),
              "It happens when main `load from -> 1` " + Line(kTransferLine + 4) +
                  " comes before T1 `store from = 0` " + Line(kTransferLine) +
                  ", and T1 `store to = 1` " + Line(kTransferLine + 1) +
                  " comes before main `load to -> 1` " + Line(kTransferLine + 4) +
                  "; with either order reversed it does not in the schedules nearest to this one.",
              2);
}

constexpr int kBetweenLine = __LINE__ + 5;
void Between() {
  Atomic<int> n(0, "n");
  Atomic<bool> seen(false, "seen");
  Thread writer([&] {
    n.store(1);
    n.store(2);
    KeepFrame();
  });
  seen.store(n.load() == 1);
  writer.join();
  Assert(!seen.load(), "one is not seen");
}

TEST(CauseTest, OneStepBetweenTwoOthers) {
  ExpectCause(FindingOf(Between, FindingKind::kAssertion),
              "It happens when main `load n -> 1` " + Line(kBetweenLine + 4) + " runs between T1 " +
                  "`store n = 1` " + Line(kBetweenLine) + " and `store n = 2` " +
                  Line(kBetweenLine + 1) + "; with either order reversed it does not.",
              2);
}

constexpr int kEarlyLine = __LINE__ + 4;
void LooksTooEarly() {
  Atomic<bool> ready(false, "ready");
  Thread setter([&] { ready.store(true); });
  const bool is_ready = ready.load();
  Assert(is_ready, "the setter has come first");
  setter.join();
}

// The execution ends before the other thread has begun.
TEST(CauseTest, AStepBeforeAnythingOfAnotherThread) {
  ExpectCause(FindingOf(LooksTooEarly, FindingKind::kAssertion),
              "It happens when main `load ready -> false` " + Line(kEarlyLine) +
                  " comes before T1 has gone on; when T1 was let run first, it did not.",
              0);
}

void LooksTooEarlyAtTwo() {
  Atomic<int> done(0, "done");
  Mutex mutex("mutex");
  const auto finish = [&] {
    const std::lock_guard lock(mutex);
    done.store(done.load() + 1);
  };
  Thread first(finish);
  Thread second(finish);
  mutex.lock();
  const int seen = done.load();
  mutex.unlock();
  Assert(seen == 2, "both are done");
  first.join();
  second.join();
}

// Not after the lock: with that held, nobody else goes on.
TEST(CauseTest, AStepBeforeAnythingOfOtherThreads) {
  ExpectCause(FindingOf(LooksTooEarlyAtTwo, FindingKind::kAssertion),
              "It happens when main `lock mutex` " + Line(kEarlyLine + 22) +
                  " comes before the other threads have gone on; when the other threads were let "
                  "run first, it did not.",
              0);
}

void FailsAlone() {
  Atomic<int> n(0, "n");
  Thread other([&] { n.store(1); });
  n.load();
  Assert(false, "in any case");
  other.join();
}

TEST(CauseTest, WhatOtherThreadsDoNotChangeIsNotTooEarly) {
  ExpectCause(FindingOf(FailsAlone, FindingKind::kAssertion),
              "No order of two steps is known to be the cause: there are none that conflict and "
              "could be made the other way round.",
              0);
}

// A data race is one whichever of the two comes first.
void Race() {
  Var<int> x(0, "x");
  const auto write = [&] { x = 1; };
  Thread first(write);
  Thread second(write);
  first.join();
  second.join();
}

TEST(CauseTest, ARaceDoesNotDependOnTheOrder) {
  ExpectCause(FindingOf(Race, FindingKind::kDataRace),
              "It does not depend on the one order of steps that can be reversed: it showed the "
              "other way round, too.",
              0);
}

// Nor does one whose sides are two places.
void RaceOfTwoPlaces() {
  Var<int> x(0, "x");
  Thread writer([&] {
    x = 1;
    KeepFrame();
  });
  Thread reader([&] {
    (void)x.load();
    KeepFrame();
  });
  writer.join();
  reader.join();
}

TEST(CauseTest, ARaceIsTheSameFromItsOtherSide) {
  ExpectCause(FindingOf(RaceOfTwoPlaces, FindingKind::kDataRace),
              "It does not depend on the one order of steps that can be reversed: it showed the "
              "other way round, too.",
              0);
}

void AlwaysWrong() {
  Atomic<int> n(0, "n");
  Thread writer([&] { n.store(1); });
  writer.join();
  Assert(n.load() == 0, "it is");
}

TEST(CauseTest, WithoutAChoiceThereIsNoOrderToTell) {
  ExpectCause(FindingOf(AlwaysWrong, FindingKind::kAssertion),
              "No order of two steps is known to be the cause: there are none that conflict and "
              "could be made the other way round.",
              0);
}

TEST(CauseTest, WithOneThreadThereIsNoOrder) {
  const auto alone = [] {
    const Atomic<int> n(1, "n");
    Assert(n.load() == 0, "it is");
  };
  ExpectCause(FindingOf(alone, FindingKind::kAssertion),
              "It takes no order of steps: there is one thread only.", 0);
}

// Putting the first step of `calls` off until the last thread has made its own puts it off behind
// the look of the second one, too, but it is not the order of calls that matters.
constexpr int kCloseLine = __LINE__ + 8;
void SeesClosed() {
  Atomic<int> calls(0, "calls");
  Atomic<bool> closed(false, "closed");
  Var<int> reason(0, "reason");
  Thread closer([&] {
    calls.fetch_add(1);
    reason = 1;
    closed.store(true, std::memory_order_relaxed);
    KeepFrame();
  });
  Thread user([&] {
    if (closed.load(std::memory_order_relaxed)) static_cast<void>(reason.load());
  });
  Thread other([&] { calls.fetch_add(1); });
  closer.join();
  user.join();
  other.join();
}

TEST(CauseTest, AThirdThreadThatOnlyComesAlongIsNoCause) {
  ExpectCause(FindingOf(SeesClosed, FindingKind::kDataRace),
              "It happens when T1 `store closed = true (relaxed)` " + Line(kCloseLine) +
                  " comes before T2 `load closed -> true (relaxed)` " + Line(kCloseLine + 4) +
                  "; with this order reversed it does not.",
              1);
}

constexpr int kEitherLine = __LINE__ + 5;
void EitherOfTwo() {
  Atomic<int> x(0, "x");
  Thread first([&] { x.store(1); });
  Thread second([&] {
    const int seen = x.load();
    Assert(seen == 0, "x is still 0");
  });
  Thread third([&] { x.store(2); });
  first.join();
  second.join();
  third.join();
}

// What a write stores is what was written before it, if anything was.
struct LateRegister {
  void Write(int value) {
    const int before = pending.exchange(value);
    stored.store(before == 0 ? value : before);
    KeepFrame();
  }
  int Read() const { return stored.load(); }
  Atomic<int> pending{0, "pending"};
  Atomic<int> stored{0, "stored"};
};
struct Register {
  void Write(int value) { written = value; }
  int Read() const { return written; }
  int written = 0;
};
void ReadsWhatIsOld() {
  LateRegister late;
  Linearizable<Register>(late)
      .Operation("write", [](auto& on, int value) { on.Write(value); }, {1, 2})
      .Operation("read", [](auto& on) { return on.Read(); })
      .Run({.threads = 2, .calls = 2});
}

TEST(CauseTest, TheClockOfCallsIsNoneOfTheProgramsSteps) {
  const Finding finding = FindingOf(ReadsWhatIsOld, FindingKind::kNotLinearizable);
  EXPECT_EQ(finding.cause.find("clock of calls"), std::string::npos) << finding.cause;
  EXPECT_FALSE(finding.orders.empty());
}

TEST(CauseTest, WhatAnotherThreadMayDoInsteadIsNotClaimed) {
  const Finding finding = FindingOf(EitherOfTwo, FindingKind::kAssertion);
  ASSERT_EQ(finding.orders.size(), 1u) << finding.cause;
  EXPECT_THAT(finding.cause, ::testing::HasSubstr(" comes before T2 `load x -> "));
  EXPECT_THAT(finding.cause, ::testing::HasSubstr(Line(kEitherLine)));
  EXPECT_THAT(finding.cause,
              ::testing::EndsWith("with this order reversed it does not in the schedules nearest "
                                  "to this one."));
}

void InThisOrder() {
  Mutex m("m");
  Var<int> log(0, "log");
  const auto note = [&](int digit) {
    const std::lock_guard lock(m);
    log = 10 * log + digit;
  };
  Thread first([&] { note(1); }), second([&] { note(2); }), third([&] { note(3); });
  first.join();
  second.join();
  third.join();
  Assert(log != 231, "not in this order");
}

TEST(CauseTest, AnOrderThatFollowsFromTwoOthersIsLeftOut) {
  const Finding finding = FindingOf(InThisOrder, FindingKind::kAssertion);
  ASSERT_EQ(finding.orders.size(), 2u) << finding.cause;
  EXPECT_EQ(finding.orders[0].first.thread, "T2");
  EXPECT_EQ(finding.orders[0].then.thread, "T3");
  EXPECT_EQ(finding.orders[1].first.thread, "T3");
  EXPECT_EQ(finding.orders[1].then.thread, "T1");
}

}  // namespace
}  // namespace heddle
