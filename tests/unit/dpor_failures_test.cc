// Partial-order reduction of random programs whose assertions fail: the findings of depth-first
// search, each class of those executions that complete once, and no execution for nothing.
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
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
};
constexpr uint64_t kActs = 12;

struct Action {
  Act act;
  uint32_t object;
};
using Threads = std::vector<std::vector<Action>>;

Threads program;
std::vector<std::string> names;  // of the actions

void RunAction(const Action& action, int value, const char* name, Atomic<int>* values,
               Mutex* mutexes) {
  Atomic<int>& here = values[action.object];
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
  Atomic<int> values[2] = {Atomic<int>{0}, Atomic<int>{0}};
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

std::string Describe(const Threads& threads) {
  std::string text;
  for (const auto& thread : threads) {
    for (const Action& action : thread) {
      text +=
          std::to_string(static_cast<int>(action.act)) + "." + std::to_string(action.object) + " ";
    }
    text += "| ";
  }
  return text;
}

constexpr uint64_t kTooMany = 20'000;

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

Seen Search(Strategy& strategy) {
  Exploration exploration;
  Seen seen;
  Explore(strategy, kTooMany, &exploration, &seen);
  seen.exhausted = strategy.Progress().exhausted;
  return seen;
}

// Divided into up to three parts, which are handed on as bytes after two executions each.
Seen SearchInParts() {
  Exploration exploration;
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

void ExpectAllFindings(size_t threads, uint64_t length, uint64_t acts, int programs,
                       uint64_t seed) {
  Random random(seed);
  for (size_t i = names.size(); i < 100; ++i) names.push_back("action " + std::to_string(i));
  uint64_t searched = 0;
  uint64_t all = 0;
  uint64_t made = 0;
  for (int i = 0; i < programs && !::testing::Test::HasFailure(); ++i) {
    program.assign(threads, {});
    for (auto& thread : program) {
      for (uint64_t left = 1 + random.Below(length); left > 0; --left) {
        const auto act = static_cast<Act>(random.Below(acts));
        thread.push_back({act, static_cast<uint32_t>(random.Below(2))});
      }
    }
    SCOPED_TRACE(Describe(program));
    Dfs dfs;
    const Seen every = Search(dfs);
    if (!every.exhausted) continue;
    Dpor source(Dpor::Mode::kSource);
    Dpor optimal(Dpor::Mode::kOptimal);
    const Seen by_source = Search(source);
    const Seen optimally = Search(optimal);
    ++searched;
    all += Distinct(every.completed).size() + Distinct(every.failed).size();
    made += optimally.executions;
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
  EXPECT_GT(searched, 0u);
  ::testing::Test::RecordProperty("programs", static_cast<int>(searched));
  ::testing::Test::RecordProperty("classes", static_cast<int>(all));
  ::testing::Test::RecordProperty("executions", static_cast<int>(made));
}

TEST(DporFailuresTest, TwoThreads) { ExpectAllFindings(2, 4, 8, 300, 1); }

TEST(DporFailuresTest, ThreeThreads) { ExpectAllFindings(3, 3, 8, 200, 2); }

TEST(DporFailuresTest, FourThreads) { ExpectAllFindings(4, 2, 6, 100, 3); }

TEST(DporFailuresTest, Choices) { ExpectAllFindings(3, 2, kActs, 200, 4); }

}  // namespace
}  // namespace heddle
