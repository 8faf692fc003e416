// Bounded search divided into parts that are explored in rounds: the executions, and their order,
// of a search that is not divided, and of one that keeps whole schedules in queues.
#include "harness/strategy/bounded_rounds.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/bounded_search.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"

namespace heddle {
namespace {

using testing::Do;
using testing::Exploration;

constexpr size_t kTooMany = 20'000;

struct Searched {
  std::vector<std::string> executions;  // their decisions, in order
  std::string words;
  size_t most_parts = 0;  // of a round
  size_t handed_on = 0;   // parts, within rounds
};

std::string LogOf(const Exploration& exploration) {
  const auto log = exploration.log();
  return std::string(reinterpret_cast<const char*>(log.data()), log.size_bytes());
}

std::string WordsOf(const Strategy& strategy) {
  const StrategyProgress progress = strategy.Progress();
  return progress.note + "; " + progress.bound + (progress.exhausted ? "; exhausted" : "");
}

// By the definition: queues of whole schedules, the cheapest first; below each its free
// alternatives, the one nearest to the end of the execution first.
std::vector<std::string> ByQueues(void (*body)(), const BoundedPrice& price, uint32_t bound,
                                  const ExecutionOptions& options) {
  Exploration exploration(options);
  BoundedDecider decider(price);
  std::vector<std::string> executions;
  std::map<uint32_t, std::deque<std::vector<Decision>>> queues;
  queues[0].emplace_back();
  while (!queues.empty() && queues.begin()->first <= bound && executions.size() < kTooMany) {
    const uint32_t current = queues.begin()->first;
    std::vector<std::vector<Decision>> stack = {queues.begin()->second.front()};
    while (!stack.empty() && executions.size() < kTooMany) {
      Plan plan;
      plan.prefix = stack.back();
      stack.pop_back();
      const ExecutionRecord& record = exploration.Execute(body, decider, plan);
      executions.push_back(LogOf(exploration));
      std::vector<Decision> path = plan.prefix;
      for (const BranchPoint& branch : record.branches) {
        std::vector<std::vector<Decision>> free;
        const auto add = [&](Decision instead, uint32_t extra) {
          std::vector<Decision> other = path;
          other.push_back(instead);
          if (extra == 0) {
            free.push_back(std::move(other));
          } else {
            queues[current + extra].push_back(std::move(other));
          }
        };
        for (uint32_t i = 1; i < branch.options; ++i) {
          const uint32_t index = branch.first_alternative + i - 1;
          if (branch.chosen.is_pick()) {
            add(record.alternatives[index], record.prices[index]);
          } else {
            add(Decision::Value(branch.chosen.choice(), i, branch.options), 0);
          }
        }
        stack.insert(stack.end(), free.rbegin(), free.rend());
        path.push_back(branch.chosen);
      }
    }
    queues[current].pop_front();
    if (queues[current].empty()) queues.erase(current);
  }
  return executions;
}

Searched ByOne(void (*body)(), const BoundedPrice& price, uint32_t bound,
               const BoundedLimits& limits, const ExecutionOptions& options) {
  Exploration exploration(options);
  Searched searched;
  BoundedSearch search(price, bound, limits);
  exploration.Explore(body, search, kTooMany,
                      [&] { searched.executions.push_back(LogOf(exploration)); });
  searched.words = WordsOf(search);
  return searched;
}

struct Part {
  std::string bytes;
  bool has_ended = false;
  std::string told;
  std::vector<std::string> executions;
};

// In rounds of up to `parts`, each part explored for 1 to `most` executions, in an order of their
// own. What is between two rounds goes through bytes.
Searched InRounds(void (*body)(), const BoundedPrice& price, uint32_t bound,
                  const BoundedLimits& limits, size_t parts, uint32_t most, uint64_t seed,
                  const ExecutionOptions& options) {
  Random random(seed);
  const uint64_t few = random.Below(20);
  Exploration exploration(options);
  Searched searched;
  BoundedSearch whole(price, bound, limits);
  // Small programs are to be divided, too.
  const auto make = [&] { return std::make_unique<BoundedRounds>(limits, few, 1); };
  const std::unique_ptr<SearchRounds> rounds = make();
  std::vector<std::string> round = {""};
  while (!round.empty() && !::testing::Test::HasFailure()) {
    searched.most_parts = std::max(searched.most_parts, round.size());
    std::list<Part> all;
    for (std::string& bytes : round) all.emplace_back().bytes = std::move(bytes);
    while (true) {
      std::vector<std::list<Part>::iterator> waiting;
      for (auto part = all.begin(); part != all.end(); ++part) {
        if (!part->has_ended) waiting.push_back(part);
      }
      if (waiting.empty()) break;
      const auto one = waiting[random.Below(static_cast<uint32_t>(waiting.size()))];
      BoundedSearch search(price, bound, limits);
      if (!one->bytes.empty()) {
        EXPECT_TRUE(search.Adopt(one->bytes));
      }
      exploration.Explore(body, search, 1 + random.Below(most),
                          [&] { one->executions.push_back(LogOf(exploration)); });
      one->has_ended = true;
      const auto behind = std::next(one);
      for (std::string& bytes : search.HandOnInRound(parts)) {
        all.emplace(behind)->bytes = std::move(bytes);
        ++searched.handed_on;
      }
      for (std::string& told : search.Split(1)) one->told = std::move(told);
      EXPECT_TRUE(whole.Add(search.Counts(), /*finished=*/false));
    }
    std::vector<std::string> left;
    for (Part& one : all) {
      searched.executions.insert(searched.executions.end(), one.executions.begin(),
                                 one.executions.end());
      left.push_back(std::move(one.told));
    }
    const std::unique_ptr<SearchRounds> restored = make();
    EXPECT_TRUE(restored->Restore(rounds->ToBytes()));
    std::vector<std::string> next;
    EXPECT_TRUE(rounds->Next(left, parts, &next));
    EXPECT_TRUE(restored->Next(left, parts, &round));
    EXPECT_EQ(next, round);
    EXPECT_LE(round.size(), parts);
    EXPECT_TRUE(whole.Add(rounds->Recount(0), round.empty()));
  }
  searched.words = WordsOf(whole);
  return searched;
}

constexpr struct {
  size_t parts;
  uint32_t most;  // executions
} kDivisions[] = {{1, 1}, {2, 3}, {3, 40}, {16, 2}, {16, 30}, {16, 500}, {7, 100'000}};

// Returns how many parts there were at most in a round.
size_t Compare(const std::vector<Do>& kinds, int programs, uint64_t seed,
               const ExecutionOptions& options = {}) {
  Random random(seed);
  size_t most_parts = 0;
  size_t handed_on = 0;
  for (int i = 0; i < programs && !::testing::Test::HasFailure(); ++i) {
    const testing::RandomProgram program = testing::MakeProgram(random, kinds, 4);
    testing::SetProgram(program);
    SCOPED_TRACE(testing::Describe(program));
    const BoundedPrice& price = random.Below(2) == 0 ? kPreemptions : kDelays;
    const uint32_t bound = random.Below(2) == 0 ? BoundedSearch::kNoBound : 3;
    const auto expected = ByQueues(testing::RunProgram, price, bound, options);
    if (expected.size() == kTooMany) continue;
    // All that is put off, a little of it, or what so many executions may come to.
    const BoundedLimits little = {.memory = size_t{1'000} << random.Below(6)};
    const BoundedLimits few = {
        .executions = 1 + random.Below(static_cast<uint32_t>(expected.size()))};
    for (const BoundedLimits& limits : {BoundedLimits(), little, few}) {
      Searched one = ByOne(testing::RunProgram, price, bound, limits, options);
      if (limits.memory == BoundedLimits().memory) {
        const size_t compared = std::min(expected.size(), limits.executions);
        const auto end = std::mismatch(expected.begin(), expected.end(), one.executions.begin(),
                                       one.executions.end());
        EXPECT_GE(static_cast<size_t>(end.first - expected.begin()), compared);
      }
      const auto [parts, most] = kDivisions[random.Below(std::size(kDivisions))];
      Searched divided =
          InRounds(testing::RunProgram, price, bound, limits, parts, most, random.Next(), options);
      // Behind those executions nothing is promised.
      for (Searched* const searched : {&one, &divided}) {
        if (searched->executions.size() <= limits.executions) continue;
        searched->executions.resize(limits.executions);
        searched->words.clear();
      }
      EXPECT_TRUE(divided.executions == one.executions)
          << parts << " parts, " << most << " executions, " << limits.memory
          << " bytes: " << divided.executions.size() << " and " << one.executions.size();
      EXPECT_EQ(divided.words, one.words);
      most_parts = std::max(most_parts, divided.most_parts);
      handed_on += divided.handed_on;
    }
  }
  EXPECT_GT(handed_on, 100u);
  return most_parts;
}

TEST(BoundedRoundsTest, TheOrderOfRandomProgramsDoesNotDependOnTheDivision) {
  EXPECT_EQ(
      Compare({Do::kLoad, Do::kStore, Do::kAdd, Do::kLock, Do::kUnlock, Do::kYield, Do::kChoose},
              200, 1),
      16u);
}

TEST(BoundedRoundsTest, NorThatOfProgramsThatBlockAndFail) {
  Compare({Do::kLoad, Do::kAdd, Do::kAssert, Do::kAllocate, Do::kFree, Do::kLock, Do::kWait,
           Do::kNotifyOne, Do::kAcquire, Do::kRelease, Do::kSpawn},
          100, 2);
}

TEST(BoundedRoundsTest, NorThatOfExecutionsThatAreCut) {
  ExecutionOptions options;
  options.max_steps = 7;
  Compare({Do::kLoad, Do::kStore, Do::kAdd, Do::kSpin, Do::kLock, Do::kUnlock, Do::kYield}, 100, 3,
          options);
}

// What costs nothing is divided, too: the values of one choice, with all that is below them.
void ManyValues() {
  Atomic<int> x(0);
  const uint64_t choice = Choose(300);
  Thread thread([&] { x.fetch_add(static_cast<int>(choice)); });
  x.fetch_add(1);
  thread.join();
}

TEST(BoundedRoundsTest, ValuesAreDivided) {
  const auto expected = ByQueues(ManyValues, kPreemptions, BoundedSearch::kNoBound, {});
  EXPECT_GE(expected.size(), 600u);
  for (const uint32_t most : {1, 10, 100}) {
    const Searched divided = InRounds(ManyValues, kPreemptions, BoundedSearch::kNoBound,
                                      {}, 16, most, most, {});
    EXPECT_EQ(divided.executions, expected);
    EXPECT_EQ(divided.words, "preemption-bounding: " + std::to_string(expected.size()) +
                                 " executions, all there are; ; exhausted");
  }
}

// Of what has no place, the dearest is left out.
TEST(BoundedRoundsTest, WhatIsCheapestIsKept) {
  testing::SetProgram({{{{Do::kAdd, 0}, {Do::kAdd, 0}, {Do::kAdd, 0}},
                        {{Do::kAdd, 0}, {Do::kAdd, 0}},
                        {{Do::kAdd, 0}, {Do::kAdd, 0}}}});
  const Searched all = ByOne(testing::RunProgram, kDelays, 3, {}, {});
  const Searched some = ByOne(testing::RunProgram, kDelays, 3, {.memory = 1'000}, {});
  EXPECT_LT(some.executions.size(), all.executions.size());
  EXPECT_TRUE(all.words.ends_with("all with up to 3 delays; up to 3 delays")) << all.words;
  EXPECT_TRUE(some.words.ends_with("complete up to 2 delays; up to 2 delays")) << some.words;
  // Those of two delays without a gap, and some of those of three, in the same order.
  const auto two = ByQueues(testing::RunProgram, kDelays, 2, {});
  ASSERT_GT(some.executions.size(), two.size());
  EXPECT_TRUE(std::equal(two.begin(), two.end(), some.executions.begin()));
  auto at = all.executions.begin();
  for (const std::string& execution : some.executions) {
    at = std::find(at, all.executions.end(), execution);
    ASSERT_NE(at, all.executions.end());
  }
}

TEST(BoundedRoundsTest, OthersThanThePartsAreRefused) {
  Exploration exploration;
  BoundedSearch first(kPreemptions, BoundedSearch::kNoBound);
  exploration.Explore(ManyValues, first, 20);
  EXPECT_TRUE(first.HandOnInRound(16).empty()) << "what is not divided is told";
  const std::vector<std::string> left = first.Split(16);
  ASSERT_EQ(left.size(), 1u);
  std::vector<std::string> next;
  EXPECT_FALSE(first.MakeRounds()->Next({}, 4, &next)) << "the whole tree's is missing";
  EXPECT_FALSE(first.MakeRounds()->Next(std::vector<std::string>(2, left[0]), 4, &next));
  EXPECT_FALSE(first.MakeRounds()->Next(std::vector<std::string>{"nonsense"}, 4, &next));
  const std::unique_ptr<SearchRounds> rounds = first.MakeRounds();
  EXPECT_TRUE(rounds->Next(left, 4, &next));
  const std::string bytes = rounds->ToBytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(first.MakeRounds()->Restore(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(first.MakeRounds()->Restore(bytes + "x"));
  EXPECT_TRUE(first.MakeRounds()->Restore(bytes));
}

}  // namespace
}  // namespace heddle
