// Small composed primitives: arrays, spin lock, notification, thread-local values, assertions and
// choices, atomic blocks. On real threads and under the controlled engine.
#include <chrono>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/sanitizer_edges.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/atomic_block.h"
#include "primitives/choose.h"
#include "primitives/mutex.h"
#include "primitives/notification.h"
#include "primitives/spin_lock.h"
#include "primitives/thread.h"
#include "primitives/thread_local.h"
#include "primitives/var.h"
#include "primitives/var_array.h"
#include "tests/support/controlled.h"
#include "tests/unit/composed_test_support.h"

namespace heddle {
namespace {

using namespace std::chrono_literals;
using testing::Controlled;
using testing::ExpectClean;

// ---- VarArray ----

TEST(VarArray, BehavesAsAnArray) {
  VarArray<int, 3> array;
  EXPECT_EQ(array.size(), 3u);
  EXPECT_FALSE(array.empty());
  array[0] = 4;
  array.at(2) = 6;
  array[2]++;
  EXPECT_EQ(array[0], 4);
  EXPECT_EQ(array[1], 0);
  EXPECT_EQ(array.at(2), 7);
  EXPECT_THROW(array.at(3), std::out_of_range);
  array.fill(9);
  EXPECT_EQ(std::distance(array.begin(), array.end()), 3);
  for (const Var<int>& element : array) EXPECT_EQ(element, 9);
  const VarArray<std::string, 2> named("x", "names");
  EXPECT_EQ(named[1].load(), "x");
}

void DifferentElements() {
  VarArray<int, 2> array(0, "array");
  Thread other([&] { array[1]++; });
  array[0]++;
  other.join();
  Assert(array[0] == 1 && array[1] == 1);
}

void SameElement() {
  VarArray<int, 2> array(0, "array");
  Thread other([&] { array[1]++; });
  array[1]++;
  other.join();
}

TEST(VarArray, ChecksEachElementByItself) {
  ExpectClean(DifferentElements);
  Controlled controlled;
  controlled.RunRandom(SameElement);
  // ThreadSanitizer sees the same race.
  EXPECT_EQ(controlled.Count(FindingKind::kDataRace), kThreadSanitizer ? 2 : 1);
}

// ---- SpinLock ----

void CountUnderSpinLock() {
  SpinLock lock("counter");
  Var<int> count(0);
  const auto add = [&] {
    for (int i = 0; i < 3; ++i) {
      std::lock_guard guard(lock);
      count++;
    }
  };
  Thread a(add);
  Thread b(add);
  add();
  a.join();
  b.join();
  Assert(count == 9);
}

TEST(SpinLock, ExcludesAndOrders) { ExpectClean(CountUnderSpinLock); }

TEST(SpinLock, TryLockFailsWhileItIsHeld) {
  SpinLock lock;
  ASSERT_TRUE(lock.try_lock());
  std::thread([&] { EXPECT_FALSE(lock.try_lock()); }).join();
  lock.unlock();
  std::unique_lock again(lock, std::try_to_lock);
  EXPECT_TRUE(again.owns_lock());
}

void UnlockOfUnlocked() {
  SpinLock lock;
  lock.unlock();
  lock.lock();  // the wrong unlock had no effect
  lock.unlock();
}

void UnlockByAnother() {
  SpinLock lock;
  lock.lock();
  Thread([&] { lock.unlock(); }).join();
  Assert(!lock.try_lock(), "the wrong unlock had no effect");
  lock.unlock();
}

void DestroyLocked() {
  SpinLock lock;
  lock.lock();
}

void LockTwice() {
  SpinLock lock;
  lock.lock();
  lock.lock();
}

TEST(SpinLock, ReportsMisuse) {
  for (auto* body : {UnlockOfUnlocked, UnlockByAnother, DestroyLocked}) {
    Controlled controlled;
    controlled.RunRandom(body, 20);
    EXPECT_EQ(controlled.Count(FindingKind::kMisuse), 20) << controlled.Text().substr(0, 500);
    EXPECT_EQ(controlled.suspicions.size(), 20u) << controlled.Text().substr(0, 500);
  }
  ExecutionOptions options;
  options.max_steps = 200;
  Controlled controlled(options);
  controlled.RunRandom(LockTwice);
  ASSERT_GE(controlled.suspicions.size(), 1u);
  EXPECT_EQ(controlled.suspicions.front().kind, FindingKind::kMisuse);
}

// ---- Notification ----

void PublishThroughNotification() {
  auto ready = std::make_unique<Notification>("ready");
  Var<int> data(0);
  Thread writer([&] {
    data = 7;
    ready->Notify();
  });
  ready->WaitForNotification();
  Assert(ready->HasBeenNotified());
  Assert(data == 7);
  ready.reset();  // allowed at once
  writer.join();
}

void PollNotification() {
  Notification ready;
  Var<int> data(0);
  Thread writer([&] {
    data = 7;
    ready.Notify();
  });
  while (!ready.HasBeenNotified()) Yield();
  Assert(data == 7);
  writer.join();
}

void WaitWithTimeout() {
  Notification never;
  Assert(!never.WaitForNotificationWithTimeout(1ms));
  Notification ready;
  Thread writer([&] { ready.Notify(); });
  Assert(ready.WaitForNotificationWithTimeout(1h));
  Assert(ready.WaitForNotificationWithTimeout(0s));
  writer.join();
}

TEST(Notification, OrdersWhatCameBefore) {
  ExpectClean(PublishThroughNotification);
  ExpectClean(PollNotification);
}

TEST(Notification, WaitsWithTimeout) { ExpectClean(WaitWithTimeout); }

void NotifyTwice() {
  Notification done;
  done.Notify();
  done.Notify();
  Assert(done.HasBeenNotified());
}

void NeverNotified() {
  Notification done;
  done.WaitForNotification();
}

TEST(Notification, ReportsMisuse) {
  Controlled controlled;
  controlled.RunRandom(NotifyTwice);
  EXPECT_EQ(controlled.Text(), "misuse: a Notification is notified twice; ");
}

TEST(Notification, WaitsForEverWithoutOne) {
  Controlled controlled;
  controlled.RunRandom(NeverNotified, 10);
  EXPECT_EQ(controlled.Count(FindingKind::kStuck), 10) << controlled.Text().substr(0, 500);
}

// ---- ThreadLocal ----

void ThreadLocalValuesAreSeparate() {
  struct Counted {
    explicit Counted(Atomic<int>* alive) : alive(alive) { alive->fetch_add(1); }
    Counted(const Counted&) = delete;
    ~Counted() { alive->fetch_sub(1); }
    Atomic<int>* const alive;
    Var<int> value{0};
  };
  Atomic<int> alive{0};
  Atomic<int> made{0};
  {
    ThreadLocal<std::unique_ptr<Counted>> local([&] {
      made.fetch_add(1);
      return std::make_unique<Counted>(&alive);
    });
    const auto use = [&] {
      Assert(!local.has_value());
      for (int i = 1; i <= 3; ++i) {
        (*local)->value++;
        Assert((*local)->value == i);
      }
      Assert(local.has_value());
    };
    Thread a(use);
    Thread b(use);
    a.join();
    b.join();
    Assert(alive == 0, "values die with their threads");
    use();
    Assert(alive == 1);
  }
  Assert(alive == 0, "the destroying thread's value dies with the ThreadLocal");
  Assert(made == 3);
}

TEST(ThreadLocal, GivesEachThreadItsOwnValue) { ExpectClean(ThreadLocalValuesAreSeparate); }

void ThreadLocalOutlivedByThread() {
  Atomic<int> destroyed{0};
  struct Tell {
    ~Tell() { destroyed->fetch_add(1); }
    Atomic<int>* destroyed;
  };
  Notification used;
  Notification gone;
  auto local = std::make_unique<ThreadLocal<std::shared_ptr<Tell>>>(
      [&] { return std::shared_ptr<Tell>(new Tell{&destroyed}); });
  Thread other([&] {
    local->get();
    used.Notify();
    gone.WaitForNotification();
    Assert(destroyed == 0);
  });
  used.WaitForNotification();
  local.reset();
  // A new one, perhaps at the same address, does not find the old one's values.
  ThreadLocal<int> fresh([] { return 5; });
  Assert(*fresh == 5);
  gone.Notify();
  other.join();
  Assert(destroyed == 1);
}

TEST(ThreadLocal, MayBeDestroyedBeforeTheThreads) { ExpectClean(ThreadLocalOutlivedByThread); }

TEST(ThreadLocal, DestroysNewestFirstAndAllowsUseMeanwhile) {
  static std::vector<std::string> order;
  order.clear();
  static ThreadLocal<int> late([] { return 1; });
  struct Named {
    explicit Named(std::string name) : name(std::move(name)) {}
    Named(Named&&) = default;
    ~Named() {
      if (name.empty()) return;
      order.push_back(name);
      EXPECT_EQ(*late, 1);
    }
    std::string name;
  };
  ThreadLocal<Named> first([] { return Named("first"); });
  ThreadLocal<Named> second([] { return Named("second"); });
  std::thread([&] {
    first.get();
    second.get();
  }).join();
  EXPECT_EQ(order, (std::vector<std::string>{"second", "first"}));
}

// ---- Assert, Choose, AtomicBlock ----

void FalseAssertion() {
  Assert(true, "nothing");
  Assert(1 + 1 == 3, "arithmetic");
  std::abort();  // not reached
}

TEST(Assert, EndsTheExecution) {
  Controlled controlled;
  EXPECT_EQ(controlled.RunRandom(FalseAssertion).end, EngineEnd::kFailed);
  EXPECT_EQ(controlled.Text(), "assertion: arithmetic; ");
}

void TwoAssertions() {
  if (Choose(2) == 0) Assert(false, "one");
  Assert(false, "two");
}

TEST(Assert, IsToldApartByItsPlace) {
  Controlled controlled;
  controlled.RunRandom(TwoAssertions, 50);
  std::set<std::pair<std::string, uint64_t>> seen;
  for (const Suspicion& suspicion : controlled.suspicions) {
    seen.emplace(suspicion.message, suspicion.key);
  }
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_NE(seen.begin()->second, seen.rbegin()->second);
}

TEST(AssertDeathTest, AbortsWithoutAnEngine) {
  EXPECT_DEATH(Assert(false, "water is dry"),
               "primitives_composed_test.cc:.*assertion failed: water is dry");
}

TEST(Choose, StaysInBoundsOnRealThreads) {
  EXPECT_EQ(Choose(0), 0u);
  EXPECT_EQ(Choose(1), 0u);
  std::set<uint32_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(Choose(5));
  EXPECT_EQ(seen, (std::set<uint32_t>{0, 1, 2, 3, 4}));
}

uint32_t chosen[3];  // not on the heap, which begins anew with each execution

void ChooseOfThree() {
  Assert(Choose(1) == 0);
  ++chosen[Choose(3)];
}

TEST(Choose, IsTheSearchsDecision) {
  Controlled controlled;
  controlled.RunRandom(ChooseOfThree, 300);
  for (uint32_t value = 0; value < 3; ++value) {
    EXPECT_GT(chosen[value], 50u) << value;
    EXPECT_LT(chosen[value], 150u) << value;
  }
}

void BlockInBlock() {
  AtomicBlock outer;
  {
    AtomicBlock inner;
  }
}

class AnnotationLog : public EventSink {
 public:
  EventMask Wants() const override { return {OpKind::kAnnotate}; }
  void OnEvent(const Event& event) override {
    seen.push_back(static_cast<Annotation>(event.op->operand));
  }
  std::vector<Annotation> seen;
};

TEST(AtomicBlock, IsAnnotated) {
  BlockInBlock();
  Controlled controlled;
  AnnotationLog log;
  controlled.engine().SetEventSinks({&log});
  controlled.RunRandom(BlockInBlock);
  EXPECT_EQ(log.seen,
            (std::vector<Annotation>{Annotation::kAtomicBlockBegin, Annotation::kAtomicBlockBegin,
                                     Annotation::kAtomicBlockEnd, Annotation::kAtomicBlockEnd}));
}

}  // namespace
}  // namespace heddle
