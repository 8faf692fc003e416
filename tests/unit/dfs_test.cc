// Depth-first search: the exact set of executions of small programs, by hand.
#include "harness/strategy/dfs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/semaphore.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

// What the bodies tell the tests, without allocating: their heap is the execution's. Unordered on
// purpose, which is no business of ThreadSanitizer's.
struct Trace {
  void Clear() { size = 0; }
  __attribute__((no_sanitize("thread"))) void Add(char c) {
    if (size < sizeof(text)) text[size++] = c;
  }
  std::string Take() {
    std::string taken(text, size);
    Clear();
    return taken;
  }
  char text[256];
  size_t size = 0;
};
Trace trace;

struct Outcome {
  uint64_t executions = 0;
  uint64_t redundant = 0;
  bool exhausted = false;
  std::multiset<std::string> traces;  // of the executions that were not redundant
  std::set<std::string> distinct;     // of all

  uint64_t useful() const { return executions - redundant; }
};

Outcome Search(void (*body)(), bool sleep_sets, ExecutionOptions options = {},
               uint64_t limit = 200'000) {
  Exploration exploration(options);
  Dfs dfs({.sleep_sets = sleep_sets});
  Outcome outcome;
  trace.Clear();
  outcome.executions = exploration.Explore(body, dfs, limit, [&] {
    const std::string taken = trace.Take();
    outcome.distinct.insert(taken);
    if (!exploration.record().redundant) outcome.traces.insert(taken);
    EXPECT_FALSE(exploration.record().diverged);
  });
  outcome.redundant = dfs.redundant();
  outcome.exhausted = dfs.Progress().exhausted;
  return outcome;
}

void TwoThreads(void (*first)(), void (*second)()) {
  Thread a(first);
  Thread b(second);
  a.join();
  b.join();
}

Atomic<int>* x;
Atomic<int>* y;

// ---- Two threads that store twice ----

void TwoStoresEach(bool same) {
  Atomic<int> one{0};
  Atomic<int> two{0};
  x = &one;
  y = same ? &one : &two;
  TwoThreads(
      [] {
        x->store(1), trace.Add('a');
        x->store(2), trace.Add('b');
      },
      [] {
        y->store(3), trace.Add('c');
        y->store(4), trace.Add('d');
      });
}

const std::set<std::string> kSixInterleavings = {"abcd", "acbd", "acdb", "cabd", "cadb", "cdab"};

TEST(DfsTest, WithoutSleepSetsEveryInterleavingIsExecuted) {
  // The threads' steps are start, store, store; main's are its joins, the second of which is last.
  // So the executions are the interleavings of (start a b join) and (start c d): 7 over 3.
  const Outcome outcome = Search([] { TwoStoresEach(false); }, false);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.executions, 35u);
  EXPECT_EQ(outcome.redundant, 0u);
  EXPECT_EQ(outcome.distinct, kSixInterleavings);
}

TEST(DfsTest, IndependentStoresAreOneTrace) {
  const Outcome outcome = Search([] { TwoStoresEach(false); }, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.useful(), 1u);
  EXPECT_LT(outcome.executions, 35u);
}

TEST(DfsTest, StoresToOneLocationAreSixTraces) {
  const Outcome outcome = Search([] { TwoStoresEach(true); }, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.traces,
            std::multiset<std::string>(kSixInterleavings.begin(), kSixInterleavings.end()));
}

TEST(DfsTest, TheFirstExecutionHasNoPreemption) {
  Exploration exploration;
  Dfs dfs;
  exploration.Explore([] { TwoStoresEach(true); }, dfs, 1);
  EXPECT_EQ(trace.Take(), "abcd");
  EXPECT_EQ(exploration.Picks(), "0g 1g 1S 1S 2g 2S 2S 0j 0j");
}

// ---- Store buffering ----

void StoreBuffering() {
  Atomic<int> one{0};
  Atomic<int> two{0};
  x = &one;
  y = &two;
  static int r1;
  static int r2;
  TwoThreads(
      [] {
        x->store(1);
        r1 = y->load();
      },
      [] {
        y->store(1);
        r2 = x->load();
      });
  trace.Add(static_cast<char>('0' + r1));
  trace.Add(static_cast<char>('0' + r2));
}

TEST(DfsTest, StoreBufferingHasThreeOutcomesAndAsManyTraces) {
  const Outcome outcome = Search(StoreBuffering, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.traces, (std::multiset<std::string>{"01", "10", "11"}));
}

// ---- Locks ----

Mutex* lock_a;
Mutex* lock_b;

template <int kThreads>
void LockedCounter() {
  Mutex mutex;
  lock_a = &mutex;
  Thread threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    threads[i] = Thread(
        [](int id) {
          lock_a->lock();
          trace.Add(static_cast<char>('1' + id));
          lock_a->unlock();
        },
        i);
  }
  for (Thread& thread : threads) thread.join();
}

TEST(DfsTest, ALockedCounterHasATracePerOrderOfItsThreads) {
  EXPECT_EQ(Search(LockedCounter<2>, true).traces, (std::multiset<std::string>{"12", "21"}));
  const Outcome three = Search(LockedCounter<3>, true);
  EXPECT_TRUE(three.exhausted);
  EXPECT_EQ(three.traces, (std::multiset<std::string>{"123", "132", "213", "231", "312", "321"}));
}

void AbBa() {
  Mutex a;
  Mutex b;
  lock_a = &a;
  lock_b = &b;
  TwoThreads(
      [] {
        lock_a->lock();
        lock_b->lock();
        trace.Add('1');
        lock_b->unlock();
        lock_a->unlock();
      },
      [] {
        lock_b->lock();
        lock_a->lock();
        trace.Add('2');
        lock_a->unlock();
        lock_b->unlock();
      });
}

TEST(DfsTest, LocksTakenInOppositeOrdersAreTwoTracesAndADeadlock) {
  const Outcome outcome = Search(AbBa, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.traces, (std::multiset<std::string>{"", "12", "21"}));
}

// The unlock is an event inside the step of the load: what try_lock returns depends on that step.
void TryLock() {
  Mutex a;
  Atomic<int> one{0};
  lock_a = &a;
  x = &one;
  TwoThreads(
      [] {
        lock_a->lock();
        x->load();
        lock_a->unlock();
      },
      [] {
        const bool locked = lock_a->try_lock();
        if (locked) lock_a->unlock();
        trace.Add(locked ? 'y' : 'n');
      });
}

TEST(DfsTest, TryLockIsReorderedWithTheStepThatUnlocks) {
  for (const bool unlock_is_point : {false, true}) {
    const Outcome outcome = Search(TryLock, true, {.unlock_is_point = unlock_is_point});
    EXPECT_TRUE(outcome.exhausted);
    EXPECT_EQ(outcome.distinct, (std::set<std::string>{"y", "n"}));
    // Before the lock, while it is held, after the unlock.
    EXPECT_GE(outcome.useful(), 3u);
  }
}

// ---- Values ----

void Chooses() {
  TwoThreads([] { trace.Add(static_cast<char>('a' + Runtime::Current()->Choose(3))); },
             [] { trace.Add(static_cast<char>('A' + Runtime::Current()->Choose(2))); });
}

TEST(DfsTest, ValuesAreEnumerated) {
  // The choices are inside independent steps, so one order of the threads is enough.
  EXPECT_EQ(Search(Chooses, true).traces,
            (std::multiset<std::string>{"aA", "aB", "bA", "bB", "cA", "cB"}));
  EXPECT_EQ(Search(Chooses, false).distinct.size(), 12u);
}

TEST(DfsTest, AHugeChoiceCostsNoMemory) {
  Exploration exploration;
  Dfs dfs;
  const uint64_t executions =
      exploration.Explore([] { Runtime::Current()->Choose(4'000'000'000); }, dfs, 1'000);
  EXPECT_EQ(executions, 1'000u);
  EXPECT_FALSE(dfs.Progress().exhausted);
  EXPECT_LT(*dfs.Progress().share_done, 1e-6);
}

// ---- Completeness is claimed only when it is true ----

// The first to wait wakes spuriously and leaves no budget; the second times out when the sleeper's
// time has come, and only then races with it.
void TimeoutAfterSpuriousWakeup() {
  Mutex mutexes[2];
  CondVar conditions[2];
  Atomic<int> x{0}, y{0};
  bool timed_out = false;
  int seen_x = 0;
  int seen_y = 0;
  Thread first([&] {
    std::unique_lock lock(mutexes[0]);
    conditions[0].wait_for(lock, std::chrono::milliseconds(1));
  });
  Thread sleeper([&] {
    SleepFor(std::chrono::milliseconds(10));
    y.store(1);
    seen_x = x.load();
  });
  {
    std::unique_lock lock(mutexes[1]);
    timed_out = conditions[1].wait_for(lock, std::chrono::milliseconds(10)) ==
                std::cv_status::timeout;
  }
  x.store(1);
  seen_y = y.load();
  first.join();
  sleeper.join();
  trace.Add(timed_out ? 't' : 's');
  trace.Add(static_cast<char>('0' + seen_x));
  trace.Add(static_cast<char>('0' + seen_y));
}

TEST(DfsTest, WhoSleepsWhenTimeMovesIsWoken) {
  const ExecutionOptions options{.spurious = 1};
  const Outcome found = Search(&TimeoutAfterSpuriousWakeup, true, options);
  EXPECT_EQ(found.distinct, Search(&TimeoutAfterSpuriousWakeup, false, options).distinct);
  for (const char* state : {"t01", "t10", "t11"}) {
    EXPECT_TRUE(found.distinct.contains(state)) << state;
  }
}

// A sleep ends early only as long as another thread has not used up the budget.
void EarlySleepAndTimeout() {
  Semaphore semaphore(0);
  Atomic<int> a{0}, b{0};
  Thread waiter([&] {
    semaphore.try_acquire_for(std::chrono::milliseconds(1));
    const bool early = VirtualClock::now().time_since_epoch().count() == 0;
    trace.Add(early ? 'e' : 'l');
    trace.Add(static_cast<char>('0' + a.load()));
    trace.Add(static_cast<char>('0' + b.load()));
  });
  Thread sleeper([&] {
    SleepFor(std::chrono::milliseconds(5));
    a.store(1);
    b.store(1);
  });
  waiter.join();
  sleeper.join();
}

TEST(DfsTest, EarlyTimeoutsAndEarlySleepsShareABudget) {
  for (const uint32_t budget : {1u, 2u}) {
    const ExecutionOptions options{.timeouts = Timeouts::kAny, .early_timeouts = budget};
    const Outcome found = Search(&EarlySleepAndTimeout, true, options);
    EXPECT_EQ(found.distinct, Search(&EarlySleepAndTimeout, false, options).distinct) << budget;
    EXPECT_EQ(found.distinct.contains("e10"), budget == 2) << budget;
  }
}

void CountFar() {
  Atomic<int> one{0};
  for (int i = 0; i < 1'000; ++i) one.store(i);
}

TEST(DfsTest, AnExecutionThatWasCutIsNotACompleteSearch) {
  Exploration exploration({.max_steps = 100});
  Dfs dfs;
  exploration.Explore(CountFar, dfs, 1'000);
  EXPECT_FALSE(dfs.Progress().exhausted);
  EXPECT_EQ(dfs.Progress().note,
            "depth-first: 1 execution, 1 of them longer than the step limit of 100");
  EXPECT_EQ(dfs.Progress().bound, "up to 100 steps");
}

TEST(DfsTest, ALostExecutionIsNotACompleteSearch) {
  Dfs dfs;
  Plan plan;
  ASSERT_TRUE(dfs.Next(&plan));
  ExecutionRecord record;
  record.end = ExecutionEnd::kLost;
  dfs.Learn(plan, record);
  EXPECT_FALSE(dfs.Next(&plan));
  EXPECT_FALSE(dfs.Progress().exhausted);
}

int executions_of_hidden_state;

TEST(DfsTest, APrefixThatCannotBeRepeatedIsReported) {
  Exploration exploration;
  Dfs dfs;
  bool diverged = false;
  executions_of_hidden_state = 0;
  exploration.Explore(
      [] {
        // A loop whose length is not a function of the schedule.
        Atomic<int> one{0};
        x = &one;
        ++executions_of_hidden_state;
        TwoThreads(
            [] {
              for (int i = 0; i < executions_of_hidden_state % 3; ++i) x->store(i);
              x->load();
            },
            [] { x->store(7); });
      },
      dfs, 1'000, [&] { diverged |= exploration.record().diverged; });
  EXPECT_TRUE(diverged);
  EXPECT_FALSE(dfs.Progress().exhausted);
}

TEST(DfsTest, TheShareDoneGrowsToOne) {
  Exploration exploration;
  Dfs dfs({.sleep_sets = false});
  double last = 0;
  exploration.Explore([] { TwoStoresEach(true); }, dfs, 1'000,
                      [&] {
                        const double share = dfs.Progress().share_done.value();
                        EXPECT_GE(share, last);
                        EXPECT_LT(share, 1.0);
                        last = share;
                      });
  EXPECT_GT(last, 0.5);
  EXPECT_EQ(dfs.Progress().share_done.value(), 1.0);
}

}  // namespace
}  // namespace heddle
