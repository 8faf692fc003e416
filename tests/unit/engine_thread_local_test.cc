// The destructors of thread_local variables at the end of program threads, failed executions
// included.
#include <mutex>

#include <gtest/gtest.h>

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/controlled.h"

namespace heddle {
namespace {

using testing::Controlled;

constexpr int kExecutions = 50;

int made = 0;
int destroyed = 0;
Mutex* shared_mutex = nullptr;
Atomic<int>* shared_count = nullptr;

// Its destructor makes operations, where the test wants it: a lock and a count.
struct Resource {
  Resource() { ++made; }
  ~Resource() {
    if (shared_mutex != nullptr) {
      const std::lock_guard lock(*shared_mutex);
      shared_count->fetch_add(1);
    }
    ++destroyed;
  }
  int value = 0;
};
thread_local Resource resource;

TEST(EngineThreadLocalTest, AreDestroyedWhereverAFailedExecutionLeavesTheirThreads) {
  Controlled controlled;
  const auto run = [&](void (*body)(), FindingKind kind) {
    made = destroyed = 0;
    shared_mutex = nullptr;
    controlled.suspicions.clear();
    controlled.RunRandom(body, kExecutions);
    EXPECT_EQ(controlled.Count(kind), kExecutions) << controlled.Text();
    EXPECT_GT(made, 0);
    EXPECT_EQ(destroyed, made);
  };
  // All threads wait.
  run(
      [] {
        Mutex mutex;
        CondVar never;
        const auto wait = [&] {
          resource.value = 1;
          std::unique_lock lock(mutex);
          never.wait(lock);
        };
        Thread one(wait), two(wait);
        wait();
      },
      FindingKind::kStuck);
  // One fails, the other is wherever it is.
  run(
      [] {
        Thread other([] {
          resource.value = 1;
          for (int i = 0; i < 5; ++i) Yield();
        });
        resource.value = 2;
        Yield();
        Assert(false);
      },
      FindingKind::kAssertion);
  // An exception leaves a thread.
  run(
      [] {
        Thread other([] {
          resource.value = 1;
          throw 1;
        });
        other.join();
      },
      FindingKind::kException);
}

// Acquires return at once, as in every destructor that unwinding calls; atomics still count.
TEST(EngineThreadLocalTest, OperationsInDestructorsDoNotBlockTheUnwinding) {
  Controlled controlled;
  made = destroyed = 0;
  static int counted;
  counted = 0;
  controlled.RunRandom(
      [] {
        Mutex mutex;
        Atomic<int> count(0);
        struct AtEnd {
          ~AtEnd() { counted += count.load(); }
          Atomic<int>& count;
        } const at_end{count};
        shared_mutex = &mutex;
        shared_count = &count;
        Thread other([&] {
          resource.value = 1;
          mutex.lock();
          mutex.lock();
        });
        other.join();
      },
      kExecutions);
  shared_mutex = nullptr;
  EXPECT_EQ(controlled.Count(FindingKind::kDeadlock), kExecutions) << controlled.Text();
  EXPECT_EQ(made, kExecutions);
  EXPECT_EQ(destroyed, kExecutions);
  EXPECT_EQ(counted, kExecutions);
}

TEST(EngineThreadLocalTest, OfTheFinalCheckAreDestroyedWithIt) {
  Controlled controlled;
  made = destroyed = 0;
  shared_mutex = nullptr;
  RandomWalkDecider decider;
  for (int i = 0; i < 3; ++i) {
    decider.Begin(Plan{});
    controlled.engine().Run(Program{.body = [] {}, .at_end = [] { resource.value = 1; }}, decider);
  }
  EXPECT_TRUE(controlled.Clean()) << controlled.Text();
  EXPECT_EQ(made, 3);
  EXPECT_EQ(destroyed, 3);
}

}  // namespace
}  // namespace heddle
