// Bounded searches of small programs, against an enumeration of all schedules that prices each by
// the definition.
#include "harness/strategy/bounded_search.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

enum class Do : uint8_t { kStore, kAdd, kLocked, kYield, kChoose };
constexpr int kThreads = 3;
std::vector<Do> program[kThreads];

Atomic<int>* shared_atomic;
Mutex* shared_mutex;

void RunThread(int id) {
  for (const Do what : program[id]) {
    switch (what) {
      case Do::kStore:
        shared_atomic->store(id);
        break;
      case Do::kAdd:
        shared_atomic->fetch_add(1);
        break;
      case Do::kLocked:
        shared_mutex->lock();
        shared_atomic->fetch_add(1);
        shared_mutex->unlock();
        break;
      case Do::kYield:
        Yield();
        break;
      case Do::kChoose:
        Choose(2);
        break;
    }
  }
}

void RunProgram() {
  Atomic<int> atomic{0};
  Mutex mutex;
  shared_atomic = &atomic;
  shared_mutex = &mutex;
  Thread threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    if (!program[i].empty()) threads[i] = Thread(RunThread, i);
  }
  for (Thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
}

struct Prices {
  uint32_t preemptions = 0;
  uint32_t delays = 0;
};

// Every schedule, by counting through the answers like an odometer, and the price of each.
class NaiveDecider final : public Decider {
 public:
  void Begin(const Plan&) override {
    position_ = 0;
    prices = {};
  }
  ThreadId Pick(const SchedulingPoint& point) override {
    std::vector<ThreadId> enabled(point.runnable().begin(), point.runnable().end());
    std::sort(enabled.begin(), enabled.end());
    const ThreadId chosen = enabled[Answer(static_cast<uint32_t>(enabled.size()))];
    if (point.running_enabled() && chosen != point.running()) ++prices.preemptions;
    // Who is passed over: from the running thread on, or from the next if it gives way, in the
    // order of threads, until the chosen.
    uint32_t at = Index(point.running());
    if (point.running_pause() != Pausing::kNo) at = (at + 1) % point.thread_count();
    while (ThreadId{at} != chosen) {
      if (std::find(enabled.begin(), enabled.end(), ThreadId{at}) != enabled.end()) ++prices.delays;
      at = (at + 1) % point.thread_count();
    }
    return chosen;
  }
  uint32_t PickValue(const ValueChoice& choice) override { return Answer(choice.bound); }
  bool WantsEveryStep() const override { return true; }

  bool Advance() {
    while (!answers_.empty() && answers_.back().first + 1 == answers_.back().second) {
      answers_.pop_back();
    }
    if (answers_.empty()) return false;
    ++answers_.back().first;
    return true;
  }

  Prices prices;

 private:
  uint32_t Answer(uint32_t bound) {
    if (position_ == answers_.size()) answers_.push_back({0, bound});
    return answers_[position_++].first;
  }
  std::vector<std::pair<uint32_t, uint32_t>> answers_;
  size_t position_ = 0;
};

std::string LogOf(const Exploration& exploration) {
  std::string text;
  for (const Decision decision : exploration.log()) {
    text += std::to_string(decision.value) + (decision.is_value ? "v " : " ");
  }
  return text;
}

void ExpectAllUpTo(uint32_t bound, const BoundedPrice& price, uint32_t Prices::* of,
                   const std::map<std::string, Prices>& every, Exploration& exploration) {
  BoundedSearch search(price, bound);
  std::map<std::string, int> seen;
  uint32_t last = 0;
  exploration.Explore(RunProgram, search, 100'000, [&] {
    const std::string log = LogOf(exploration);
    EXPECT_EQ(++seen[log], 1) << "twice: " << log;
    ASSERT_TRUE(every.contains(log)) << log;
    EXPECT_EQ(every.at(log).*of, search.price()) << log;
    EXPECT_GE(search.price(), last);
    last = search.price();
  });
  uint32_t most = 0;
  for (const auto& [log, prices] : every) {
    most = std::max(most, prices.*of);
    EXPECT_EQ(seen.contains(log), prices.*of <= bound) << log;
  }
  EXPECT_EQ(search.Progress().exhausted, most <= bound);
  const std::string unit = price.unit + std::string(bound == 1 ? "" : "s");
  EXPECT_EQ(search.Progress().bound,
            most <= bound ? "" : "up to " + std::to_string(bound) + " " + unit);
}

TEST(BoundedSearchTest, RandomProgramsAreExploredInOrderOfPriceEachScheduleOnce) {
  constexpr uint64_t kTooMany = 10'000;
  Exploration exploration;
  Random random(7);
  int compared = 0;
  for (int i = 0; i < 60; ++i) {
    const int threads = 2 + (random.Below(2) == 0 ? 1 : 0);
    for (int thread = 0; thread < kThreads; ++thread) {
      program[thread].clear();
      const uint32_t length = thread >= threads ? 0 : 1 + random.Below(threads == 3 ? 1 : 3);
      for (uint32_t k = 0; k < length; ++k) {
        program[thread].push_back(static_cast<Do>(random.Below(5)));
      }
    }
    std::map<std::string, Prices> every;
    NaiveDecider naive;
    do {
      exploration.Execute(RunProgram, naive, {});
      every[LogOf(exploration)] = naive.prices;
    } while (every.size() < kTooMany && naive.Advance());
    if (every.size() >= kTooMany) continue;
    ++compared;
    for (const uint32_t bound : {0u, 1u, 2u, BoundedSearch::kNoBound}) {
      ExpectAllUpTo(bound, kPreemptions, &Prices::preemptions, every, exploration);
      ExpectAllUpTo(bound, kDelays, &Prices::delays, every, exploration);
    }
    if (HasFailure()) break;
  }
  EXPECT_GT(compared, 30);
}

void TwoByTwo() {
  program[0] = program[1] = {Do::kAdd, Do::kAdd};
  program[2].clear();
}

TEST(BoundedSearchTest, SaysWhatIsComplete) {
  TwoByTwo();
  Exploration exploration;
  BoundedSearch search(kPreemptions, 1);
  EXPECT_EQ(search.Progress().note, "preemption-bounding: 0 executions, no bound completed");
  // Main starts both and waits for the first: which of the three goes first is free at the join
  // only.
  uint64_t without = 0;
  const uint64_t executions = exploration.Explore(RunProgram, search, 1'000, [&] {
    if (search.price() == 0) ++without;
  });
  EXPECT_EQ(without, 3u);
  EXPECT_FALSE(search.Progress().exhausted);
  EXPECT_EQ(search.Progress().bound, "up to 1 preemption");
  EXPECT_EQ(search.Progress().note, "preemption-bounding: " + std::to_string(executions) +
                                        " executions, all with up to 1 preemption");

  BoundedSearch cut_short(kPreemptions, 5);
  exploration.Explore(RunProgram, cut_short, without + 2);
  EXPECT_EQ(cut_short.Progress().note,
            "preemption-bounding: 5 executions, complete up to 0 preemptions");
  EXPECT_EQ(cut_short.Progress().bound, "up to 0 preemptions");
}

TEST(BoundedSearchTest, WhatMemoryHasNoPlaceForIsNotCalledComplete) {
  TwoByTwo();
  Exploration exploration;
  BoundedSearch search(kPreemptions, BoundedSearch::kNoBound, {.memory = 40});
  exploration.Explore(RunProgram, search, 10'000);
  EXPECT_FALSE(search.Progress().exhausted);
  EXPECT_EQ(search.Progress().bound, "up to 0 preemptions");
}

// Each of the first ones takes an execution, so there will be none for the others.
TEST(BoundedSearchTest, WhatThereIsNoExecutionForIsNotKept) {
  for (std::vector<Do>& thread : program) thread.assign(4, Do::kAdd);
  const auto left_after = [](uint64_t executions, uint64_t limit) {
    Exploration exploration;
    BoundedSearch search(kDelays, BoundedSearch::kNoBound);
    search.LimitTo(limit);
    EXPECT_EQ(exploration.Explore(RunProgram, search, executions), executions);
    return search.Split(1).at(0).size();
  };
  EXPECT_LT(2 * left_after(20, 20), left_after(20, 1'000));
}

// The decisions of each execution and its price, in the order of the search; handed on after at
// most `most` executions, by turns.
std::vector<std::pair<uint32_t, std::string>> HandedOn(const BoundedPrice& price, uint32_t bound,
                                                       const BoundedLimits& limits, uint64_t most,
                                                       std::string* words) {
  Exploration exploration;
  Random random(most);
  std::vector<std::pair<uint32_t, std::string>> executions;
  BoundedSearch whole(price, bound, limits);
  std::string part;
  for (bool left = true; left;) {
    BoundedSearch search(price, bound, limits);
    if (!part.empty()) {
      EXPECT_TRUE(search.Adopt(part));
    }
    const uint64_t limit = 1 + random.Below(most);
    const uint64_t made = exploration.Explore(RunProgram, search, limit, [&] {
      const auto log = exploration.log();
      executions.emplace_back(search.price(), std::string(reinterpret_cast<const char*>(log.data()),
                                                          log.size_bytes()));
    });
    const std::vector<std::string> parts =
        made == limit ? search.Split(3) : std::vector<std::string>();
    left = !parts.empty();
    if (left) part = parts[0];
    EXPECT_TRUE(whole.Add(search.Counts(), !left));
  }
  *words = whole.Progress().note + "; " + whole.Progress().bound;
  return executions;
}

TEST(BoundedSearchTest, HandedOnItIsTheSameSearch) {
  Random random(7);
  for (int i = 0; i < 40; ++i) {
    for (std::vector<Do>& thread : program) {
      thread.clear();
      for (uint32_t n = random.Below(3); n > 0; --n) thread.push_back(Do(random.Below(5)));
    }
    for (const BoundedPrice* price : {&kPreemptions, &kDelays}) {
      for (const BoundedLimits& limits : {BoundedLimits{.memory = 2'000}, BoundedLimits()}) {
        std::string expected;
        std::string words;
        const auto whole = HandedOn(*price, 2, limits, 1'000'000, &expected);
        for (const uint64_t most : {1, 3, 20}) {
          EXPECT_EQ(HandedOn(*price, 2, limits, most, &words), whole);
          EXPECT_EQ(words, expected);
        }
        if (HasFailure()) return;
      }
    }
  }
}

TEST(BoundedSearchTest, DamagedPartsAreRefused) {
  TwoByTwo();
  Exploration exploration;
  BoundedSearch first(kDelays, 3);
  exploration.Explore(RunProgram, first, 10);
  const std::vector<std::string> parts = first.Split(1);
  ASSERT_EQ(parts.size(), 1u);
  const auto adopts = [](std::string_view part) { return BoundedSearch(kDelays, 3).Adopt(part); };
  for (size_t i = 0; i < parts[0].size(); ++i) {
    EXPECT_FALSE(adopts(std::string_view(parts[0]).substr(0, i)));
    std::string damaged = parts[0];
    damaged[i] ^= 1;
    EXPECT_FALSE(adopts(damaged)) << "byte " << i;
  }
  EXPECT_FALSE(adopts(parts[0] + "x"));
  EXPECT_FALSE(BoundedSearch(kDelays, 3).Add("nonsense", false));
  EXPECT_TRUE(adopts(parts[0]));
}

// A search that gives up an execution does not count what it did not see.
TEST(BoundedSearchTest, AnExecutionThatIsCutIsNotCalledComplete) {
  TwoByTwo();
  ExecutionOptions options;
  options.max_steps = 3;
  Exploration exploration(options);
  BoundedSearch search(kPreemptions, BoundedSearch::kNoBound);
  exploration.Explore(RunProgram, search, 100);
  EXPECT_FALSE(search.Progress().exhausted);
  EXPECT_EQ(search.Progress().bound, "");
}

}  // namespace
}  // namespace heddle
