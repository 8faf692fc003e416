// Optimal reduction of random programs of three to five threads, which have more classes than
// depth-first search could list: exactly those that source sets complete, each once.
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dpor.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/actions.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

enum class Act : uint8_t {
  kLoad,
  kStore,
  kAdd,
  kCompare,   // with 0
  kLock,      // and unlock
  kCopy,      // under a mutex, to the other object
  kStoreIf,   // in the other object, if this one is 0
  kLockBoth,  // this one first: with others a deadlock
  kChooseTo,  // store or not
};
constexpr uint64_t kActs = 9;

using Action = testing::Action<Act>;
testing::ActionsOfThreads<Act> program;

void RunAction(const Action& action, int value, Atomic<int>* values, Mutex* mutexes) {
  Atomic<int>& here = values[action.object];
  Atomic<int>& there = values[1 - action.object];
  switch (action.act) {
    case Act::kLoad:
      here.load();
      break;
    case Act::kStore:
      here.store(value);
      break;
    case Act::kAdd:
      here.fetch_add(1);
      break;
    case Act::kCompare: {
      int expected = 0;
      here.compare_exchange_strong(expected, value);
      break;
    }
    case Act::kLock: {
      std::lock_guard<Mutex> lock(mutexes[action.object]);
      break;
    }
    case Act::kCopy: {
      std::lock_guard<Mutex> lock(mutexes[action.object]);
      there.store(here.load());
      break;
    }
    case Act::kStoreIf:
      if (here.load() == 0) there.store(value);
      break;
    case Act::kLockBoth: {
      std::lock_guard<Mutex> first(mutexes[action.object]);
      std::lock_guard<Mutex> second(mutexes[1 - action.object]);
      break;
    }
    case Act::kChooseTo:
      if (Choose(2) == 1) here.store(value);
      break;
  }
}

void RunActions() {
  Atomic<int> values[2] = {Atomic<int>{0}, Atomic<int>{0}};
  Mutex mutexes[2];
  std::vector<Thread> threads;
  for (size_t t = 0; t < program.size(); ++t) {
    threads.emplace_back([&, t] {
      int value = static_cast<int>(10 * t);
      for (const Action& action : program[t]) RunAction(action, ++value, values, mutexes);
    });
  }
  for (Thread& thread : threads) thread.join();
}

struct Seen {
  std::multiset<uint64_t> classes;  // of the executions that were not redundant
  uint64_t redundant = 0;
  bool exhausted = false;
};

Seen Search(Dpor::Mode mode) {
  constexpr uint64_t kMost = 20'000;
  Exploration exploration;
  Dpor dpor(mode);
  Seen seen;
  exploration.Explore(RunActions, dpor, kMost, [&] {
    if (!exploration.record().redundant) seen.classes.insert(exploration.result().order_class);
    exploration.suspicions.clear();
  });
  seen.redundant = dpor.redundant();
  seen.exhausted = dpor.Progress().exhausted;
  return seen;
}

void ExpectEachClassOnce(size_t threads, uint64_t length, uint64_t acts, int programs,
                         uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < programs && !::testing::Test::HasFailure(); ++i) {
    program.assign(threads, {});
    for (auto& thread : program) {
      for (uint64_t left = 1 + random.Below(length); left > 0; --left) {
        const auto act = static_cast<Act>(random.Below(acts));
        thread.push_back({act, static_cast<uint32_t>(random.Below(2))});
      }
    }
    SCOPED_TRACE(testing::Describe(program));
    const Seen optimal = Search(Dpor::Mode::kOptimal);
    const Seen source = Search(Dpor::Mode::kSource);
    EXPECT_TRUE(optimal.exhausted && source.exhausted);
    EXPECT_EQ(optimal.redundant, 0u);
    EXPECT_TRUE(optimal.classes == source.classes)
        << optimal.classes.size() << " executions, source sets complete " << source.classes.size();
    const std::set<uint64_t> once(optimal.classes.begin(), optimal.classes.end());
    EXPECT_EQ(once.size(), optimal.classes.size());
  }
}

TEST(DporMoreThreadsTest, ThreeOfEverything) { ExpectEachClassOnce(3, 3, kActs, 150, 4); }

TEST(DporMoreThreadsTest, FourOfAtomicsAndAMutex) { ExpectEachClassOnce(4, 3, 5, 60, 1); }

TEST(DporMoreThreadsTest, FourOfEverything) { ExpectEachClassOnce(4, 2, kActs, 150, 2); }

TEST(DporMoreThreadsTest, FiveOfAtomics) { ExpectEachClassOnce(5, 2, 4, 50, 3); }

}  // namespace
}  // namespace heddle
