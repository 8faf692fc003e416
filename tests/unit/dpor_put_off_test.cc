// Partial-order reduction of random programs in which threads are put off, because their assertions
// fail or they wait in loops: the findings of depth-first search, each class of those executions
// that complete once, and no execution for nothing, divided or not.
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "primitives/assert.h"
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
  kExpectZero,    // of a load
  kExpectSmall,   // of an addition
  kExpectInLock,  // of a load in a lock, which it stores after
  kLockBoth,      // this one first: with others a deadlock
  kCompare,       // with 0, expected to succeed
  kExpectChosen,  // of a load, or not
  kChooseTo,      // store or fail
  kChooseNotTo,   // fail or store
  kChooseAll,     // fail, fail, store, or expect the load to be 0
  kAwait,         // until not 0
  kAwaitLess,     // than 2
  kAddInLoop,     // compare and exchange until it succeeds
  kClaim,         // compare with 0
  kRaise,         // store 1, telling nobody
  kTake,          // exchange with 0 until that was not there
  kLockAndLeave,  // exchange with 1 until that was not there
  kAwaitYielding,
  kAwaitEither,  // until one of both is not 0
  kAwaitEitherYielding,
  kAwaitBoth,     // until both are not 0
  kAwaitOrClaim,  // until this one is not 0, or the other was and is claimed
  kYield,
  kLockSpinning,  // a lock of its own by comparison, and let it go
};

using Action = testing::Action<Act>;
testing::ActionsOfThreads<Act> program;
std::vector<std::string> names;  // of the actions

void RunAction(const Action& action, int value, const char* name, Atomic<int>* values,
               Mutex* mutexes) {
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
    case Act::kExpectZero:
      Assert(here.load() == 0, name);
      break;
    case Act::kExpectSmall:
      Assert(here.fetch_add(1) < 2, name);
      break;
    case Act::kExpectInLock: {
      std::lock_guard<Mutex> lock(mutexes[action.object]);
      Assert(here.load() == 0, name);
      here.store(value);
      break;
    }
    case Act::kLockBoth: {
      std::lock_guard<Mutex> first(mutexes[action.object]);
      std::lock_guard<Mutex> second(mutexes[1 - action.object]);
      break;
    }
    case Act::kCompare: {
      int expected = 0;
      Assert(here.compare_exchange_strong(expected, value), name);
      break;
    }
    case Act::kExpectChosen:
      Assert(here.load() == 0 || Choose(2) == 0, name);
      break;
    case Act::kChooseTo:
      Assert(Choose(2) == 0, name);
      here.store(value);
      break;
    case Act::kChooseNotTo:
      Assert(Choose(2) == 1, name);
      here.store(value);
      break;
    case Act::kAwait:
      while (here.load() == 0) {
      }
      break;
    case Act::kAwaitLess:
      while (here.load() >= 2) {
      }
      break;
    case Act::kAddInLoop: {
      int seen = here.load();
      while (!here.compare_exchange_strong(seen, seen + 1)) {
      }
      break;
    }
    case Act::kClaim: {
      int zero = 0;
      here.compare_exchange_strong(zero, 1);
      break;
    }
    case Act::kRaise:
      here.exchange(1, MemoryOrder::relaxed);
      break;
    case Act::kTake:
      while (here.exchange(0) == 0) {
      }
      break;
    case Act::kLockAndLeave:
      while (here.exchange(1) == 1) {
      }
      break;
    case Act::kAwaitYielding:
      while (here.load() == 0) Yield();
      break;
    case Act::kAwaitEither:
      while (here.load() == 0 && there.load() == 0) {
      }
      break;
    case Act::kAwaitEitherYielding:
      while (here.load() == 0 && there.load() == 0) Yield();
      break;
    case Act::kAwaitBoth:
      while (here.load() == 0 || there.load() == 0) {
      }
      break;
    case Act::kAwaitOrClaim:
      for (int zero = 0; here.load() == 0; zero = 0) {
        if (there.compare_exchange_strong(zero, value)) break;
      }
      break;
    case Act::kYield:
      Yield();
      break;
    case Act::kLockSpinning: {
      Atomic<int>& lock = values[2 + action.object];
      for (int free = 0; !lock.compare_exchange_strong(free, 1); free = 0) Yield();
      here.store(value);
      lock.store(0);
      break;
    }
    case Act::kChooseAll: {
      const int seen = here.load();
      const uint32_t chosen = Choose(4);
      Assert(chosen == 2 || (chosen == 3 && seen == 0), name);
      here.store(value);
      break;
    }
  }
}

void RunActions() {
  Atomic<int> values[4] = {Atomic<int>{0}, Atomic<int>{0}, Atomic<int>{0}, Atomic<int>{0}};
  Mutex mutexes[2];
  std::vector<Thread> threads;
  for (size_t t = 0; t < program.size(); ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < program[t].size(); ++i) {
        const size_t index = 10 * t + i;
        RunAction(program[t][i], static_cast<int>(index + 1), names[index].c_str(), values,
                  mutexes);
      }
    });
  }
  for (Thread& thread : threads) thread.join();
}

constexpr uint64_t kTooMany = 20'000;
// Where several wait for ever in loops that look around or store what they find, depth-first search
// makes thousands of long executions.
constexpr uint64_t kMany = 500;
// What waits for ever is told at the step limit where the heap cannot be compared.
constexpr ExecutionOptions kShort = {.max_steps = 150};

struct Seen {
  std::multiset<uint64_t> completed;  // classes
  std::multiset<uint64_t> failed;
  std::set<std::string> findings;
  uint64_t executions = 0;
  bool exhausted = false;
};

void Explore(Strategy& strategy, uint64_t limit, Exploration* exploration, Seen* seen) {
  seen->executions += exploration->Explore(RunActions, strategy, limit, [&] {
    const bool fails = exploration->result().end == EngineEnd::kFailed;
    if (!exploration->record().redundant) {
      (fails ? seen->failed : seen->completed).insert(exploration->result().order_class);
    }
    for (const Suspicion& suspicion : exploration->suspicions) {
      seen->findings.insert(std::string(NameOf(suspicion.kind)) + " " + suspicion.message);
    }
    exploration->suspicions.clear();
  });
}

Seen Search(Strategy& strategy, uint64_t limit) {
  Exploration exploration(kShort);
  Seen seen;
  Explore(strategy, limit, &exploration, &seen);
  seen.exhausted = strategy.Progress().exhausted;
  return seen;
}

// Divided into up to three parts, which are handed on as bytes after two executions each.
Seen SearchInParts() {
  Exploration exploration(kShort);
  Seen seen;
  const std::unique_ptr<SearchRounds> rounds = Dpor(Dpor::Mode::kOptimal).MakeRounds();
  std::vector<std::string> parts = {""};
  while (!parts.empty() && !::testing::Test::HasFailure()) {
    std::vector<std::string> left;
    for (const std::string& state : parts) {
      Dpor part(Dpor::Mode::kOptimal);
      EXPECT_TRUE(state.empty() || part.Adopt(state));
      Explore(part, 2, &exploration, &seen);
      left.push_back(part.Split(1).at(0));
    }
    EXPECT_TRUE(rounds->Next(left, 3, &parts));
  }
  return seen;
}

std::set<uint64_t> Distinct(const std::multiset<uint64_t>& classes) {
  return {classes.begin(), classes.end()};
}

struct Totals {
  uint64_t programs = 0;
  uint64_t classes = 0;
  uint64_t executions = 0;
};

// Of `program`.
void ExpectAllFindings(uint64_t too_many, Totals* totals) {
  for (size_t i = names.size(); i < 100; ++i) names.push_back("action " + std::to_string(i));
  SCOPED_TRACE(testing::Describe(program));
  Dfs dfs;
  const Seen every = Search(dfs, too_many);
  if (!every.exhausted) return;
  Dpor source(Dpor::Mode::kSource);
  Dpor optimal(Dpor::Mode::kOptimal);
  const Seen by_source = Search(source, too_many);
  const Seen optimally = Search(optimal, too_many);
  ++totals->programs;
  totals->classes += Distinct(every.completed).size() + Distinct(every.failed).size();
  totals->executions += optimally.executions;
  for (const Seen* const seen : {&by_source, &optimally}) {
    SCOPED_TRACE(seen == &optimally ? "dpor" : "source-dpor");
    EXPECT_TRUE(seen->exhausted);
    EXPECT_EQ(seen->findings, every.findings);
    EXPECT_EQ(Distinct(seen->completed), Distinct(every.completed));
    EXPECT_EQ(seen->completed.size(), Distinct(seen->completed).size());
  }
  EXPECT_EQ(optimally.failed.size(), Distinct(optimally.failed).size());
  EXPECT_EQ(optimal.redundant(), 0u) << "of " << optimally.executions;
  const Seen in_parts = SearchInParts();
  EXPECT_EQ(in_parts.executions, optimally.executions);
  EXPECT_EQ(in_parts.completed, optimally.completed);
  EXPECT_EQ(in_parts.failed, optimally.failed);
}

// No thread has an action twice: loops in one place that wait for different things are one loop.
void ExpectAllFindings(size_t threads, uint64_t length, const std::vector<Act>& acts, int programs,
                       uint64_t seed, uint64_t too_many = kTooMany) {
  Random random(seed);
  Totals totals;
  for (int i = 0; i < programs && !::testing::Test::HasFailure(); ++i) {
    program.assign(threads, {});
    for (auto& thread : program) {
      std::set<std::pair<Act, uint32_t>> known;
      for (uint64_t left = 1 + random.Below(length); left > 0; --left) {
        const Act act = acts[random.Below(acts.size())];
        const auto object = static_cast<uint32_t>(random.Below(2));
        if (known.insert({act, object}).second) thread.push_back({act, object});
      }
    }
    ExpectAllFindings(too_many, &totals);
  }
  EXPECT_GT(totals.programs, 0u);
  ::testing::Test::RecordProperty("programs", static_cast<int>(totals.programs));
  ::testing::Test::RecordProperty("classes", static_cast<int>(totals.classes));
  ::testing::Test::RecordProperty("executions", static_cast<int>(totals.executions));
}

const std::vector<Act> kFailing = {Act::kLoad,       Act::kStore,       Act::kAdd,
                                   Act::kExpectZero, Act::kExpectSmall, Act::kExpectInLock,
                                   Act::kLockBoth,   Act::kCompare};
const std::vector<Act> kChoosing = {Act::kLoad,         Act::kStore,    Act::kExpectInLock,
                                    Act::kExpectChosen, Act::kChooseTo, Act::kChooseNotTo,
                                    Act::kChooseAll};
const std::vector<Act> kWaiting = {Act::kLoad,  Act::kStore,     Act::kAdd,      Act::kLockBoth,
                                   Act::kAwait, Act::kAwaitLess, Act::kAddInLoop};
const std::vector<Act> kYielding = {Act::kLoad,  Act::kStore,         Act::kExpectZero,
                                    Act::kYield, Act::kAwaitYielding, Act::kLockSpinning};
const std::vector<Act> kRewriting = {Act::kLoad,  Act::kStore, Act::kAdd,  Act::kClaim,
                                     Act::kRaise, Act::kRaise, Act::kTake, Act::kLockAndLeave};
const std::vector<Act> kClaiming = {Act::kStore, Act::kClaim, Act::kAwaitOrClaim, Act::kAddInLoop};
const std::vector<Act> kLookingAround = {Act::kLoad,        Act::kStore,
                                         Act::kStore,       Act::kAwaitEither,
                                         Act::kAwaitBoth,   Act::kAwaitEitherYielding,
                                         Act::kAwaitOrClaim};
const std::vector<Act> kBoth = {Act::kStore,   Act::kAdd,         Act::kExpectZero,
                                Act::kCompare, Act::kAwaitLess,   Act::kChooseNotTo,
                                Act::kAwait,   Act::kExpectInLock};

TEST(DporPutOffTest, TwoThreadsThatFail) { ExpectAllFindings(2, 4, kFailing, 300, 1); }

TEST(DporPutOffTest, ThreeThreadsThatFail) { ExpectAllFindings(3, 3, kFailing, 200, 2); }

TEST(DporPutOffTest, FourThreadsThatFail) { ExpectAllFindings(4, 2, kFailing, 100, 3); }

TEST(DporPutOffTest, ThreadsThatFailByChoice) { ExpectAllFindings(3, 2, kChoosing, 200, 4); }

TEST(DporPutOffTest, TwoThreadsThatWait) { ExpectAllFindings(2, 4, kWaiting, 200, 5); }

TEST(DporPutOffTest, ThreeThreadsThatWait) { ExpectAllFindings(3, 2, kWaiting, 200, 6); }

TEST(DporPutOffTest, TwoThreadsThatYield) { ExpectAllFindings(2, 4, kYielding, 200, 8); }

TEST(DporPutOffTest, ThreeThreadsThatYield) { ExpectAllFindings(3, 2, kYielding, 200, 9); }

TEST(DporPutOffTest, TwoThreadsThatRewrite) {
  ExpectAllFindings(2, 4, kRewriting, 150, 12, kMany);
}

TEST(DporPutOffTest, ThreeThreadsThatRewrite) {
  ExpectAllFindings(3, 2, kRewriting, 80, 13, kMany);
}

// A comparison that succeeds where the loop would have been seen to wait, had it failed.
TEST(DporPutOffTest, WhatWouldHaveBeenALookLooksAround) {
  program = {{{Act::kAwaitOrClaim, 1}},
             {{Act::kClaim, 1}},
             {{Act::kAwaitOrClaim, 1}, {Act::kStore, 0}, {Act::kAddInLoop, 1}}};
  Totals totals;
  ExpectAllFindings(kTooMany, &totals);
  EXPECT_EQ(totals.programs, 1u);
}

// One that stores what was there wakes nobody.
TEST(DporPutOffTest, WhatKeepsTheValueWakesNobody) {
  program = {{{Act::kAwaitEitherYielding, 0}, {Act::kCompare, 1}},
             {{Act::kChooseTo, 1}, {Act::kLockAndLeave, 1}},
             {{Act::kTake, 0}, {Act::kChooseTo, 0}, {Act::kAddInLoop, 1}}};
  Totals totals;
  ExpectAllFindings(kTooMany, &totals);
  EXPECT_EQ(totals.programs, 1u);
}

TEST(DporPutOffTest, ThreadsThatLookAroundAndClaim) {
  ExpectAllFindings(3, 3, kClaiming, 100, 14, kMany);
}

TEST(DporPutOffTest, TwoThreadsThatLookAround) {
  ExpectAllFindings(2, 4, kLookingAround, 60, 10, kMany);
}

TEST(DporPutOffTest, ThreeThreadsThatLookAround) {
  ExpectAllFindings(3, 2, kLookingAround, 60, 11, kMany);
}

TEST(DporPutOffTest, ThreadsThatWaitAndFail) { ExpectAllFindings(3, 3, kBoth, 200, 7); }

}  // namespace
}  // namespace heddle
