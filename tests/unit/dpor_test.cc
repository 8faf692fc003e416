// Dynamic partial-order reduction: the number of classes of programs that the literature counts, and
// of small ones by hand.
#include "harness/strategy/dpor.h"

#include <cstdint>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "harness/strategy/registry.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

struct Search {
  uint64_t executions = 0;
  uint64_t redundant = 0;
  bool exhausted = false;
};

Search Explore(void (*body)(), Dpor::Mode mode, uint64_t limit = 1000000) {
  Exploration exploration;
  Dpor dpor(mode);
  Search search;
  search.executions = exploration.Explore(body, dpor, limit, [&] {
    EXPECT_FALSE(exploration.record().diverged);
  });
  search.redundant = dpor.redundant();
  search.exhausted = dpor.Progress().exhausted;
  return search;
}

// Optimal reduction makes exactly `classes` executions; with source sets it is no fewer, and no more
// that are complete.
void ExpectClasses(void (*body)(), uint64_t classes) {
  const Search optimal = Explore(body, Dpor::Mode::kOptimal);
  EXPECT_TRUE(optimal.exhausted);
  EXPECT_EQ(optimal.executions, classes);
  EXPECT_EQ(optimal.redundant, 0u);
  const Search source = Explore(body, Dpor::Mode::kSource);
  EXPECT_TRUE(source.exhausted);
  EXPECT_EQ(source.executions - source.redundant, classes);
}

// ---- lastzero(N): N writers, each writes what it reads beside it; a reader looks for a zero ----

template <int kWriters>
void LastZero() {
  Atomic<int> cells[kWriters + 1] = {};
  Thread threads[kWriters + 1];
  threads[0] = Thread([&] {
    for (int i = kWriters; cells[i].load() != 0;) --i;
  });
  for (int i = 1; i <= kWriters; ++i) {
    threads[i] = Thread([i, &cells] { cells[i].store(cells[i - 1].load() + 1); });
  }
  for (Thread& thread : threads) thread.join();
}

// Abdulla et al. (POPL 2014), table 2.
TEST(DporTest, LastZero) {
  ExpectClasses(LastZero<4>, 28);
  ExpectClasses(LastZero<8>, 704);
  ExpectClasses(LastZero<10>, 3'328);
  ExpectClasses(LastZero<12>, 15'360);
}

// ---- readers(N): a writer and N readers of one cell ----

template <int kReaders>
void Readers() {
  Atomic<int> cell{0};
  Thread threads[kReaders + 1];
  threads[0] = Thread([&] { cell.store(1); });
  for (int i = 1; i <= kReaders; ++i) threads[i] = Thread([&] { cell.load(); });
  for (Thread& thread : threads) thread.join();
}

TEST(DporTest, Readers) {
  ExpectClasses(Readers<1>, 2);
  ExpectClasses(Readers<4>, 16);
  ExpectClasses(Readers<12>, 4'096);
}

// ---- indexer(N): threads insert into one hash table; from 12 threads on, some collide ----

template <int kThreads>
void Indexer() {
  constexpr int kSize = 128;
  Atomic<int> table[kSize] = {};
  Thread threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    threads[i] = Thread([i, &table] {
      for (int m = 1; m <= 4; ++m) {
        const int word = m * 11 + i;
        for (int hash = word * 7 % kSize;; hash = (hash + 1) % kSize) {
          int expected = 0;
          if (table[hash].compare_exchange_strong(expected, word)) break;
        }
      }
    });
  }
  for (Thread& thread : threads) thread.join();
}

TEST(DporTest, Indexer) {
  ExpectClasses(Indexer<11>, 1);
  ExpectClasses(Indexer<12>, 8);
  ExpectClasses(Indexer<14>, 512);
  ExpectClasses(Indexer<15>, 4'096);
}

}  // namespace
}  // namespace heddle
