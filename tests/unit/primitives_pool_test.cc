// ThreadPool, WorkStealingPool and ObjectPool, on real threads and under the controlled engine.
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/future.h"
#include "primitives/mutex.h"
#include "primitives/notification.h"
#include "primitives/object_pool.h"
#include "primitives/thread.h"
#include "primitives/thread_pool.h"
#include "primitives/var.h"
#include "primitives/work_stealing_pool.h"
#include "tests/unit/composed_test_support.h"

namespace heddle {
namespace {

using testing::Controlled;
using testing::ExpectClean;
using testing::Findings;
using testing::FindingsOf;

// ---- What both pools of threads do ----

template <typename Pool>
void Results() {
  Pool pool(2);
  Assert(pool.size() == 2);
  Var<int> before(1);
  Future<int> sum = pool.submit([&](int a, int b) { return a + b + before; }, 2, 3);
  Future<std::unique_ptr<int>> owned =
      pool.submit([value = std::make_unique<int>(7)]() mutable { return std::move(value); });
  Future<int&> reference = pool.submit([value = 0]() mutable -> int& { return value; });
  Var<int> after(0);
  Future<void> nothing = pool.submit([&] { after = 1; });
  Assert(sum.get() == 6);
  Assert(*owned.get() == 7);
  reference.wait();
  nothing.get();
  Assert(after == 1);
}

template <typename Pool>
void Throws() {
  Pool pool(1);
  Future<int> future = pool.submit([]() -> int { throw std::runtime_error("no"); });
  bool thrown = false;
  try {
    future.get();
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  Assert(thrown);
  Assert(pool.submit([] { return 1; }).get() == 1, "the worker goes on");
}

template <typename Pool>
void ShutdownDrains() {
  Var<int> runs[5];
  {
    Pool pool(2);
    for (Var<int>& run : runs) pool.submit([&run] { run++; });
    pool.shutdown();
    for (Var<int>& run : runs) Assert(run == 1);
    pool.shutdown();  // again is allowed
  }
}

template <typename Pool>
void NestedSubmit() {
  Atomic<int> runs{0};
  Pool pool(2);
  pool.submit([&] {
    runs.fetch_add(1);
    pool.submit([&] {
      runs.fetch_add(1);
      pool.submit([&] { runs.fetch_add(1); });
    });
    pool.submit([&] { runs.fetch_add(1); });
  });
  pool.shutdown();
  Assert(runs == 4, "tasks of tasks are finished, too");
}

template <typename Pool>
void TwoShutDown() {
  Var<int> done(0);
  Pool pool(2);
  pool.submit([&] { done = 1; });
  Thread other([&] {
    pool.shutdown();
    Assert(done == 1);
  });
  pool.shutdown();
  Assert(done == 1);
  other.join();
}

template <typename Pool>
void SubmitAfterShutdown() {
  Pool pool(1);
  pool.shutdown();
  Future<int> future = pool.submit([] { return 1; });
  bool thrown = false;
  try {
    future.get();
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  Assert(thrown);
}

// Each worker waits for a task that is queued behind it.
template <typename Pool>
void WaitsForItsOwnPool() {
  Pool pool(1);
  pool.submit([&] { return pool.submit([] { return 1; }).get(); }).get();
}

template <typename Pool>
void FailsInATask() {
  Pool pool(2);
  pool.submit([] { Assert(false, "in a task"); }).get();
}

template <typename Pool>
class PoolOfThreads : public ::testing::Test {};
using PoolsOfThreads = ::testing::Types<ThreadPool, WorkStealingPool>;
TYPED_TEST_SUITE(PoolOfThreads, PoolsOfThreads);

TYPED_TEST(PoolOfThreads, GivesResults) { ExpectClean(Results<TypeParam>); }
TYPED_TEST(PoolOfThreads, HandsOverExceptions) { ExpectClean(Throws<TypeParam>); }
TYPED_TEST(PoolOfThreads, DrainsAtShutdown) {
  ExpectClean(ShutdownDrains<TypeParam>);
  ExpectClean(TwoShutDown<TypeParam>);
}
TYPED_TEST(PoolOfThreads, TakesTasksOfItsTasks) { ExpectClean(NestedSubmit<TypeParam>); }

TYPED_TEST(PoolOfThreads, ReportsMisuse) {
  SubmitAfterShutdown<TypeParam>();
  const Findings findings = FindingsOf(SubmitAfterShutdown<TypeParam>);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(findings.begin()->starts_with("misuse: submit to a ")) << *findings.begin();
}

TYPED_TEST(PoolOfThreads, IsStuckWhenItsTasksWaitForEachOther) {
  EXPECT_EQ(FindingsOf(WaitsForItsOwnPool<TypeParam>), Findings{"stuck"});
}

TYPED_TEST(PoolOfThreads, AFailureInATaskEndsTheExecution) {
  EXPECT_EQ(FindingsOf(FailsInATask<TypeParam>), Findings{"assertion: in a task"});
}

void RunsInOrder() {
  Var<int> last(0);
  ThreadPool pool(1);
  for (int i = 1; i <= 3; ++i) {
    pool.submit([&last, i] {
      Assert(last == i - 1);
      last = i;
    });
  }
}

TEST(ThreadPool, RunsTasksInOrder) { ExpectClean(RunsInOrder); }

// A worker that never gives its own task back: the others take what it has queued.
void OthersSteal() {
  WorkStealingPool pool(2);
  Notification stolen;
  pool.submit([&] {
        pool.submit([&] { stolen.Notify(); });  // into the queue of a worker that now waits
        stolen.WaitForNotification();
      })
      .get();
}

TEST(WorkStealingPool, StealsFromAWorkerThatWaits) { ExpectClean(OthersSteal); }

// ---- ObjectPool ----

struct Item {
  explicit Item(int first = 0) : value(first) {}
  Var<int> value;
  Mutex mutex;
  Atomic<int> count{0};
};

void AcquireAndRelease() {
  ObjectPool<Item> pool(2);
  Assert(pool.capacity() == 2);
  Item* const a = pool.acquire(5);
  Item* const b = pool.acquire();
  Assert(a->value == 5 && b->value == 0 && pool.in_use() == 2);
  Assert(pool.try_acquire() == nullptr);
  pool.release(a);
  Item* const again = pool.try_acquire();
  Assert(again == a, "what was released last is used first");
  Assert(again->value == 0, "it is a new object");
  pool.release(again);
  pool.release(nullptr);
  pool.release(b);
  const Pooled<Item> checked = pool.acquire_checked(3);
  Assert(checked && checked->value == 3 && (*checked).count == 0);
  Assert(!Pooled<Item>() && checked != Pooled<Item>());
  pool.release(checked);
  Assert(pool.in_use() == 0);
}

void ReleaseHappensBeforeAcquire() {
  ObjectPool<Item> pool(1);
  const auto use = [&] {
    Item* const item = pool.acquire();
    item->value++;
    item->value++;
    Assert(item->value == 2);
    pool.release(item);
  };
  Thread a(use);
  Thread b(use);
  use();
  a.join();
  b.join();
}

void Grows() {
  ObjectPool<Item> pool;
  std::vector<Item*> items;
  for (int i = 0; i < 20; ++i) items.push_back(pool.acquire(i));
  for (int i = 0; i < 20; ++i) Assert(items[static_cast<size_t>(i)]->value == i);
  for (Item* item : items) pool.release(item);
}

void ConstructorThrows() {
  struct Throws {
    explicit Throws(bool now) {
      if (now) throw std::runtime_error("no");
    }
  };
  ObjectPool<Throws> pool(1);
  bool thrown = false;
  try {
    pool.acquire(true);
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  Assert(thrown && pool.in_use() == 0);
  pool.release(pool.acquire(false));
}

TEST(ObjectPool, MakesObjectsInMemoryOfOldOnes) {
  ExpectClean(AcquireAndRelease);
  ExpectClean(Grows);
  ExpectClean(ConstructorThrows);
}

TEST(ObjectPool, OrdersReleaseBeforeAcquire) { ExpectClean(ReleaseHappensBeforeAcquire); }

void DoubleRelease() {
  ObjectPool<Item> pool(2);
  Item* const item = pool.acquire();
  pool.release(item);
  pool.release(item);
  Assert(pool.acquire() != pool.acquire(), "the second release had no effect");
}

void DoubleReleaseChecked() {
  ObjectPool<Item> pool(1);
  const Pooled<Item> old = pool.acquire_checked();
  pool.release(old);
  const Pooled<Item> next = pool.acquire_checked();
  pool.release(old);  // of the next user's object
  next->value = 1;
  pool.release(next);
}

void TwoRelease() {
  ObjectPool<Item> pool;
  Item* const item = pool.acquire();
  Thread other([&] { pool.release(item); });
  pool.release(item);
  other.join();
}

void ReleaseElsewhere() {
  ObjectPool<Item> pool;
  ObjectPool<Item> other;
  Item* const item = pool.acquire();
  other.release(item);
  other.release(other.acquire_checked());
  pool.release(item);
}

void DestroyedInUse() {
  ObjectPool<int> pool;
  pool.acquire();
}

void UseThroughCheckedPointer() {
  ObjectPool<Item> pool;
  const Pooled<Item> item = pool.acquire_checked();
  const Pooled<Item> alias = item;
  pool.release(item);
  alias.get();
}

void CheckedPointerToNextUser() {
  ObjectPool<Item> pool(1);
  const Pooled<Item> old = pool.acquire_checked();
  pool.release(old);
  const Pooled<Item> next = pool.acquire_checked();
  old->value = 1;
  pool.release(next);
}

template <typename Function>
void UseAfterRelease(Function&& use) {
  ObjectPool<Item> pool(1);
  Item* const item = pool.acquire();
  pool.release(item);
  use(*item);
}
void WriteAfterRelease() {
  UseAfterRelease([](Item& item) { item.value = 3; });
}
void ReadAfterRelease() {
  UseAfterRelease([](Item& item) { static_cast<void>(item.value.load()); });
}
void LockAfterRelease() {
  UseAfterRelease([](Item& item) {
    item.mutex.lock();
    item.mutex.unlock();
  });
}
void CountAfterRelease() {
  UseAfterRelease([](Item& item) { item.count.load(); });
}
void PlainWriteAfterRelease() {
  ObjectPool<int> pool(1);
  int* const item = pool.acquire(1);
  pool.release(item);
  *const_cast<volatile int*>(item) = 2;
  pool.release(pool.acquire(3));
}

TEST(ObjectPool, ReportsMisuse) {
  const struct {
    void (*body)();
    const char* finding;
  } kCases[] = {
      {DoubleRelease, "release of a pool's object that has been released already"},
      {DoubleReleaseChecked, "release of a pool's object that has been released already"},
      {TwoRelease, "release of a pool's object that has been released already"},
      {ReleaseElsewhere, "release to an ObjectPool that the object does not come from"},
      {DestroyedInUse, "an ObjectPool is destroyed while objects of it are in use"},
      {UseThroughCheckedPointer, "use of a pool's object after its release"},
      {CheckedPointerToNextUser, "use of a pool's object after its release"},
      {WriteAfterRelease,
       "a pool's object was used after its release, before its memory was used again"},
      {ReadAfterRelease,
       "a pool's object was used after its release, before its memory was used again"},
      {LockAfterRelease,
       "a pool's object was used after its release, before its memory was used again"},
      {CountAfterRelease,
       "a pool's object was used after its release, before its memory was used again"},
      {PlainWriteAfterRelease,
       "a pool's object was used after its release, before its memory was used again"},
  };
  for (const auto& [body, finding] : kCases) {
    const Findings findings = FindingsOf(body);
    EXPECT_EQ(findings.count(std::string("pool-misuse: ") + finding), 1u) << finding;
    // The objects that a case leaves acquired are another finding.
    for (const std::string& found : findings) EXPECT_TRUE(found.starts_with("pool-misuse: "));
  }
}

TEST(ObjectPool, IgnoresWrongReleasesWithoutAnEngine) {
  DoubleRelease();
  DoubleReleaseChecked();
  TwoRelease();
  ReleaseElsewhere();
}

// Another thread still uses what has been released: with the next user, or with the destruction.
void UseByAnotherThread() {
  ObjectPool<Item> pool(1);
  Item* const item = pool.acquire();
  Thread other([&] { item->value++; });
  pool.release(item);
  Item* const next = pool.acquire();
  next->value++;
  pool.release(next);
  other.join();
}

TEST(ObjectPool, UnorderedUseAfterReleaseIsADataRace) {
  const Findings findings = FindingsOf(UseByAnotherThread);
  EXPECT_EQ(findings.count("data-race"), 1u);
  EXPECT_EQ(findings.count("pool-misuse: a pool's object was used after its release, before its "
                           "memory was used again"),
            1u);
}

void Exhausted() {
  ObjectPool<Item> pool(1);
  pool.acquire();
  pool.acquire();
}

TEST(ObjectPool, ThatIsExhaustedForEverIsStuck) {
  EXPECT_EQ(FindingsOf(Exhausted), Findings{"stuck"});
}

}  // namespace
}  // namespace heddle
