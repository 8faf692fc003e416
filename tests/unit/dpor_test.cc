// Dynamic partial-order reduction: the number of classes of programs that the literature counts,
// and of small ones by hand.
#include "harness/strategy/dpor.h"

#include <cstdint>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "harness/strategy/dfs.h"
#include "primitives/choose.h"
#include "tests/support/classic_programs.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::BoundedBuffer;
using testing::Exploration;
using testing::Indexer;
using testing::LastZero;
using testing::LostWakeup;
using testing::Philosophers;
using testing::Readers;

struct Search {
  uint64_t executions = 0;
  uint64_t redundant = 0;
  bool exhausted = false;
};

Search Explore(void (*body)(), Dpor::Mode mode, uint64_t limit = 1000000) {
  Exploration exploration;
  Dpor dpor(mode);
  Search search;
  search.executions =
      exploration.Explore(body, dpor, limit, [&] { EXPECT_FALSE(exploration.record().diverged); });
  search.redundant = dpor.redundant();
  search.exhausted = dpor.Progress().exhausted;
  return search;
}

// Optimal reduction makes exactly `classes` executions; with source sets it is no fewer, and no
// more that are complete.
void ExpectClasses(void (*body)(), uint64_t classes) {
  const Search optimal = Explore(body, Dpor::Mode::kOptimal);
  EXPECT_TRUE(optimal.exhausted);
  EXPECT_EQ(optimal.executions, classes);
  EXPECT_EQ(optimal.redundant, 0u);
  const Search source = Explore(body, Dpor::Mode::kSource);
  EXPECT_TRUE(source.exhausted);
  EXPECT_EQ(source.executions - source.redundant, classes);
}

// As published for optimal reduction.
TEST(DporTest, LastZero) {
  ExpectClasses(LastZero<4>, 28);
  ExpectClasses(LastZero<8>, 704);
  ExpectClasses(LastZero<10>, 3'328);
  ExpectClasses(LastZero<12>, 15'360);
}

TEST(DporTest, Readers) {
  ExpectClasses(Readers<1>, 2);
  ExpectClasses(Readers<4>, 16);
  ExpectClasses(Readers<12>, 4'096);
}

TEST(DporTest, Indexer) {
  ExpectClasses(Indexer<11>, 1);
  ExpectClasses(Indexer<12>, 8);
  ExpectClasses(Indexer<14>, 512);
  ExpectClasses(Indexer<15>, 4'096);
}

// ---- What complete search is for: the right answer ----

// Kinds and messages of what the search finds.
std::set<std::string> FindingsOf(void (*body)(), Dpor::Mode mode) {
  Exploration exploration;
  Dpor dpor(mode);
  exploration.Explore(body, dpor, 1'000'000);
  EXPECT_TRUE(dpor.Progress().exhausted);
  std::set<std::string> findings;
  for (const Suspicion& suspicion : exploration.suspicions) {
    findings.insert(std::string(NameOf(suspicion.kind)));
  }
  return findings;
}

void ExpectFindings(void (*body)(), const std::set<std::string>& findings) {
  EXPECT_EQ(FindingsOf(body, Dpor::Mode::kOptimal), findings);
  EXPECT_EQ(FindingsOf(body, Dpor::Mode::kSource), findings);
}

TEST(DporTest, FivePhilosophersDeadlock) { ExpectFindings(Philosophers<5>, {"deadlock"}); }

TEST(DporTest, ALostWakeupIsStuck) { ExpectFindings(LostWakeup, {"stuck"}); }

TEST(DporTest, ABoundedBufferNeedsWhile) {
  ExpectFindings(BoundedBuffer<true>, {"assertion"});
  ExpectFindings(BoundedBuffer<false>, {});
}

// ---- Classes by hand ----

TEST(DporTest, IndependentThreadsAreOneClass) {
  ExpectClasses(
      [] {
        Atomic<int> x{0};
        Atomic<int> y{0};
        Thread a([&] { x.store(1), x.store(2); });
        Thread b([&] { y.store(1), y.store(2); });
        a.join();
        b.join();
      },
      1);
}

// Two stores each to one location: the ways to interleave them, 4 over 2.
TEST(DporTest, DependentThreadsAreEveryInterleaving) {
  ExpectClasses(
      [] {
        Atomic<int> x{0};
        Thread a([&] { x.store(1), x.store(2); });
        Thread b([&] { x.store(3), x.store(4); });
        a.join();
        b.join();
      },
      6);
}

// Children of different threads have their places whatever the order in which they are created.
TEST(DporTest, ChildrenOfSeveralThreads) {
  ExpectClasses(
      [] {
        Atomic<int> x{0};
        const auto parent = [&] {
          Thread child([&] { x.fetch_add(1); });
          child.join();
        };
        Thread a(parent);
        Thread b(parent);
        a.join();
        b.join();
      },
      2);
}

// Three values here, two there, in either order of nothing that matters.
TEST(DporTest, ChoicesAreClasses) {
  ExpectClasses(
      [] {
        Thread a([] { Choose(3); });
        Thread b([] { Choose(2); });
        a.join();
        b.join();
      },
      6);
}

// Who is first at the mutex, times what it chooses there; the value decides what the other meets.
TEST(DporTest, ChoicesUnderAMutex) {
  ExpectClasses(
      [] {
        Mutex mutex;
        Var<uint64_t> chosen{0};
        const auto choose = [&] {
          std::lock_guard<Mutex> lock(mutex);
          if (chosen == 0) chosen = 1 + Choose(2);
        };
        Thread a(choose);
        Thread b(choose);
        a.join();
        b.join();
      },
      4);
}

// Mutexes: every order in which three threads take it.
TEST(DporTest, OrdersOfAMutex) {
  ExpectClasses(
      [] {
        Mutex mutex;
        Thread threads[3];
        for (Thread& thread : threads) {
          thread = Thread([&] { std::lock_guard<Mutex> lock(mutex); });
        }
        for (Thread& thread : threads) thread.join();
      },
      6);
}

// Comparisons that fail commute, so that which of them comes first before the store is no
// difference; those that do not fail are writes. Only those count that nothing else comes before.
TEST(DporTest, ComparisonsThatFailAreLoads) {
  ExpectClasses(
      [] {
        Atomic<int> x{0};
        Thread store([&] { x.store(1); });
        Thread add([&] {
          int expected = 0;
          x.fetch_add(1);
          x.compare_exchange_strong(expected, 2);
        });
        Thread load([&] {
          int expected = 0;
          x.compare_exchange_strong(expected, 3);
          x.load();
        });
        for (Thread* const thread : {&store, &add, &load}) thread->join();
      },
      18);
}

// 2 to the 4: each load before or after the store.
TEST(DporTest, WhoeverReadsFirstIsOneClass) {
  ExpectClasses(
      [] {
        Atomic<int> x{0};
        Atomic<int> y{0};
        Thread readers[4];
        Thread store([&] { x.store(1); });
        for (int i = 0; i < 4; ++i) {
          readers[i] = Thread([&, i] {
            if (i % 2 == 1) {
              int expected = 5;
              x.compare_exchange_strong(expected, 6);
            } else {
              x.load();
            }
            y.load();
          });
        }
        store.join();
        for (Thread& thread : readers) thread.join();
      },
      16);
}

// A step that chooses is moved with each of its values, and then the one it was moved before comes.
void ChoosesWhereItIsMoved() {
  Mutex mutex;
  Atomic<int> x{0};
  Atomic<int> y{0};
  Thread first([&] {
    {
      std::lock_guard<Mutex> lock(mutex);
      x.load();
      y.store(1);
    }
    if (x.load() == 0) y.store(7);
  });
  Thread second([&] {
    int expected = 0;
    y.compare_exchange_strong(expected, 2);
    if (Choose(2) == 1) x.store(5);
  });
  Thread third([&] {
    if (y.load() == 0) x.store(7);
  });
  for (Thread* const thread : {&first, &second, &third}) thread->join();
}

// Threads that never give a mutex back: who waits for whom at the end is known only there.
void NobodyGivesBack() {
  Mutex a;
  Mutex b;
  Thread first([&] {
    a.lock();
    b.lock();
  });
  Thread second([&] {
    b.lock();
    a.lock();
  });
  Thread third([&] { std::lock_guard<Mutex> lock(a); });
  for (Thread* const thread : {&first, &second, &third}) thread->join();
}

uint64_t ClassesSeenByDfs(void (*body)()) {
  Exploration exploration;
  Dfs dfs;
  std::set<uint64_t> classes;
  exploration.Explore(body, dfs, 1'000'000,
                      [&] { classes.insert(exploration.result().order_class); });
  EXPECT_TRUE(dfs.Progress().exhausted);
  return classes.size();
}

TEST(DporTest, ChoicesOfStepsThatAreMoved) {
  EXPECT_EQ(ClassesSeenByDfs(ChoosesWhereItIsMoved), 48u);
  ExpectClasses(ChoosesWhereItIsMoved, 48);
}

TEST(DporTest, WhoWaitsInADeadlock) {
  const uint64_t classes = ClassesSeenByDfs(NobodyGivesBack);
  EXPECT_GT(classes, 4u);
  ExpectClasses(NobodyGivesBack, classes);
}

}  // namespace
}  // namespace heddle
