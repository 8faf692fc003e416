// Symmetric threads: what a bounded search leaves out shows nothing that it does not see for the
// same price elsewhere. Random programs are searched with SymmetricThreads, and again with plain
// threads of the same function, all of whose schedules are explored.
#include "primitives/symmetric_threads.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/bounded_search.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/mutex.h"
#include "primitives/semaphore.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

enum class Do : uint8_t { kStore, kAdd, kSwap, kLocked, kYield, kChoose, kAcquire, kRelease };
constexpr uint32_t kKinds = 8;
constexpr size_t kMostThreads = 3;

struct Program {
  size_t threads = 0;  // that are symmetric
  bool joined_first = false;
  std::vector<Do> same;   // what they do
  std::vector<Do> other;  // what one more thread does
  std::vector<Do> after;  // what main does in between the joins
};
Program program;

struct Shared {
  Atomic<uint64_t> atomic{0};
  Mutex mutex;
  Semaphore semaphore{1};
};

// What a thread has seen, and in what order those that are symmetric have ended does not matter.
struct Outcome {
  std::array<uint64_t, kMostThreads> same{};
  size_t ended = 0;
  uint64_t other = 0;
  uint64_t main = 0;
  uint64_t atomic = 0;
};
Outcome outcome;

uint64_t Run(const std::vector<Do>& ops, Shared& shared) {
  uint64_t seen = 1;
  const auto see = [&](uint64_t value) { seen = MixSeed(seen, value); };
  for (const Do what : ops) {
    switch (what) {
      case Do::kStore:
        shared.atomic.store(7);
        break;
      case Do::kAdd:
        see(shared.atomic.fetch_add(1));
        break;
      case Do::kSwap: {
        uint64_t expected = 1;
        see(shared.atomic.compare_exchange_strong(expected, 3) ? 100 : expected);
        break;
      }
      case Do::kLocked:
        shared.mutex.lock();
        shared.atomic.fetch_add(1);
        shared.mutex.unlock();
        break;
      case Do::kYield:
        Yield();
        break;
      case Do::kChoose:
        see(Choose(2));
        break;
      case Do::kAcquire:
        shared.semaphore.acquire();
        break;
      case Do::kRelease:
        shared.semaphore.release();
        break;
    }
  }
  return seen;
}

void RunSame(Shared& shared) {
  const uint64_t seen = Run(program.same, shared);
  outcome.same[outcome.ended++] = seen;
}

template <typename JoinSame>
void RunRest(Shared& shared, JoinSame join_same) {
  Thread other([&] { outcome.other = Run(program.other, shared); });
  if (program.joined_first) join_same();
  outcome.main = Run(program.after, shared);
  other.join();
  if (!program.joined_first) join_same();
  outcome.atomic = shared.atomic.load();
}

void WithSymmetry() {
  Shared shared;
  SymmetricThreads same(program.threads, [&] { RunSame(shared); });
  RunRest(shared, [&] { same.join(); });
}

void WithoutSymmetry() {
  Shared shared;
  std::vector<Thread> same;
  for (size_t i = 0; i < program.threads; ++i) same.emplace_back([&] { RunSame(shared); });
  RunRest(shared, [&] {
    for (size_t i = same.size(); i-- > 0;) same[i].join();
  });
}

// Of each outcome, the fewest preemptions that show it.
using Seen = std::map<
    std::tuple<ExecutionEnd, std::array<uint64_t, kMostThreads>, uint64_t, uint64_t, uint64_t>,
    uint32_t>;
struct Searched {
  Seen seen;
  uint64_t executions = 0;
  bool exhausted = false;
};

constexpr uint64_t kMostExecutions = 30'000;

Searched Search(void (*body)(), uint32_t bound, Exploration& exploration) {
  BoundedSearch search(kPreemptions, bound);
  Searched result;
  result.executions = exploration.Explore(body, search, kMostExecutions, [&] {
    std::sort(outcome.same.begin(), outcome.same.end());
    result.seen.try_emplace(
        {exploration.record().end, outcome.same, outcome.other, outcome.main, outcome.atomic},
        search.price());
    outcome = {};
  });
  result.exhausted = result.executions < kMostExecutions;
  return result;
}

std::vector<Do> RandomOps(Random& random, uint32_t most) {
  std::vector<Do> ops(random.Below(most + 1));
  for (Do& op : ops) op = static_cast<Do>(random.Below(kKinds));
  return ops;
}

TEST(SymmetricRandomProgramTest, ShowsEveryOutcomeForTheSamePrice) {
  Random random(11);
  Exploration exploration;
  int compared = 0;
  uint64_t with = 0, without = 0;
  for (int i = 0; i < 120; ++i) {
    program.threads = 2 + random.Below(2);
    program.joined_first = random.Below(2) == 0;
    program.same = RandomOps(random, program.threads == 2 ? 3 : 2);
    program.other = RandomOps(random, 2);
    program.after = RandomOps(random, 1);
    for (const uint32_t bound : {0u, 1u, 2u}) {
      outcome = {};
      const Searched every = Search(WithoutSymmetry, bound, exploration);
      if (!every.exhausted) break;
      const Searched fewer = Search(WithSymmetry, bound, exploration);
      ASSERT_EQ(fewer.seen, every.seen) << "program " << i << ", bound " << bound;
      ++compared;
      with += fewer.executions;
      without += every.executions;
    }
  }
  EXPECT_GT(compared, 250);
  EXPECT_GT(without, 2 * with);
}

// Without preemptions, how a hundred threads can come about: by where the one comes that is not
// like the others, and once more where main looks for it before.
TEST(SymmetricThreadsTest, AHundredAreASearchOfAHundredSchedules) {
  Exploration exploration;
  BoundedSearch search(kPreemptions, 0);
  const uint64_t executions = exploration.Explore(
      [] {
        Atomic<int> atomic{0};
        SymmetricThreads same(99, [&] { atomic.fetch_add(1); });
        Thread other([&] { atomic.store(0); });
        same.join();
        other.join();
      },
      search, 1'000);
  EXPECT_EQ(executions, 101u);
  EXPECT_EQ(search.Progress().bound, "up to 0 preemptions");
}

TEST(SymmetricThreadsTest, RunsWithoutAHarness) {
  std::atomic<int> calls = 0;
  SymmetricThreads threads(4, [&] { ++calls; });
  EXPECT_EQ(threads.size(), 4u);
  threads.join();
  EXPECT_EQ(calls, 4);
}

}  // namespace
}  // namespace heddle
