// Depth-first search of random programs, against an enumeration that knows nothing of sleep sets.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"

namespace heddle {
namespace {

using testing::Describe;
using testing::Do;
using testing::Exploration;
using testing::Mazurkiewicz;
using testing::RandomProgram;
using testing::RunProgram;

std::string FinalState(EngineEnd end) {
  return (end == EngineEnd::kCompleted ? "" : "stuck ") + testing::FinalState();
}

// Every schedule, by counting through the answers like an odometer.
class NaiveDecider final : public Decider {
 public:
  void Begin(const Plan&) override { position_ = 0; }
  ThreadId Pick(const SchedulingPoint& point) override {
    return point.runnable()[Answer(static_cast<uint32_t>(point.runnable().size()))];
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

 private:
  uint32_t Answer(uint32_t bound) {
    if (position_ == answers_.size()) answers_.push_back({0, bound});
    return answers_[position_++].first;
  }
  std::vector<std::pair<uint32_t, uint32_t>> answers_;
  size_t position_ = 0;
};

struct Comparison {
  uint64_t programs = 0;
  uint64_t naive = 0;
  uint64_t searched = 0;
  uint64_t useful = 0;
};

// With `exact`, the search makes one useful execution per trace.
Comparison CompareWithNaive(std::vector<Do> kinds, int programs, uint64_t seed, bool exact) {
  constexpr uint64_t kTooMany = 20'000;
  Exploration exploration;
  Random random(seed);
  Comparison total;
  for (int i = 0; i < programs; ++i) {
    const RandomProgram program = testing::MakeProgram(random, kinds, 4);
    testing::SetProgram(program);
    SCOPED_TRACE(Describe(program));
    std::set<std::string> states;
    std::set<std::string> traces;
    NaiveDecider naive;
    uint64_t executions = 0;
    do {
      exploration.Execute(RunProgram, naive, {});
      states.insert(FinalState(exploration.result().end));
      traces.insert(Mazurkiewicz());
    } while (++executions < kTooMany && naive.Advance());
    if (executions == kTooMany) continue;

    Dfs every({.sleep_sets = false});
    EXPECT_EQ(exploration.Explore(RunProgram, every, kTooMany + 1), executions);
    EXPECT_TRUE(every.Progress().exhausted);

    Dfs dfs;
    std::set<std::string> found;
    std::multiset<std::string> found_traces;
    const uint64_t searched = exploration.Explore(RunProgram, dfs, kTooMany + 1, [&] {
      found.insert(FinalState(exploration.result().end));
      if (!exploration.record().redundant) found_traces.insert(Mazurkiewicz());
    });
    EXPECT_TRUE(dfs.Progress().exhausted);
    EXPECT_LE(searched, executions);
    EXPECT_EQ(found, states);
    if (exact) {
      EXPECT_EQ(found_traces, std::multiset<std::string>(traces.begin(), traces.end()));
    }
    ++total.programs;
    total.naive += executions;
    total.searched += searched;
    total.useful += searched - dfs.redundant();
    if (::testing::Test::HasFailure()) break;
  }
  ::testing::Test::RecordProperty("naive", static_cast<int>(total.naive));
  ::testing::Test::RecordProperty("searched", static_cast<int>(total.searched));
  return total;
}

TEST(DfsRandomProgramTest, AtomicsAndLocksGiveOneExecutionPerTrace) {
  const Comparison total = CompareWithNaive(
      {Do::kLoad, Do::kStore, Do::kAdd, Do::kLock, Do::kUnlock}, 150, 1, /*exact=*/true);
  EXPECT_GT(total.programs, 100u);
  EXPECT_LT(total.searched * 3, total.naive);
}

TEST(DfsRandomProgramTest, ComparisonsFindEveryState) {
  CompareWithNaive({Do::kLoad, Do::kStore, Do::kExchange, Do::kLock, Do::kUnlock}, 100, 2, false);
}

TEST(DfsRandomProgramTest, TryLocksFindEveryState) {
  CompareWithNaive({Do::kLoad, Do::kStore, Do::kLock, Do::kUnlock, Do::kTryLock}, 100, 3, false);
}

TEST(DfsRandomProgramTest, YieldsAndSpinsFindEveryState) {
  CompareWithNaive({Do::kLoad, Do::kStore, Do::kYield, Do::kSpin, Do::kLock, Do::kUnlock}, 100, 4,
                   false);
}

// What a search under a step limit says: that every schedule's first steps have been made.
TEST(DfsRandomProgramTest, UpToTheStepLimitNothingIsMissed) {
  const std::vector<Do> kinds = {Do::kLoad, Do::kStore, Do::kAdd, Do::kAssert, Do::kLock,
                                 Do::kUnlock};
  // One engine at a time.
  auto exploration = std::make_unique<Exploration>();
  Random random(5);
  uint64_t bounded = 0;
  uint64_t failed = 0;
  for (int i = 0; i < 200 && !::testing::Test::HasFailure(); ++i) {
    const RandomProgram program = testing::MakeProgram(random, kinds, 4);
    testing::SetProgram(program);
    SCOPED_TRACE(Describe(program));
    // Of failures, the smallest number of steps that shows each.
    std::map<std::string, uint64_t> all;
    exploration.reset();
    exploration = std::make_unique<Exploration>();
    NaiveDecider naive;
    uint64_t executions = 0;
    uint64_t longest = 0;
    do {
      exploration->Execute(RunProgram, naive, {});
      longest = std::max(longest, exploration->result().steps);
      for (const Suspicion& suspicion : exploration->suspicions) {
        const auto [found, is_new] = all.emplace(suspicion.message, UINT64_MAX);
        found->second = std::min(found->second, exploration->result().steps);
      }
      exploration->suspicions.clear();
    } while (++executions < 20'000 && naive.Advance());
    if (executions == 20'000) continue;

    for (uint64_t limit = 4; limit <= longest + 1; ++limit) {
      ExecutionOptions options;
      options.max_steps = limit;
      exploration.reset();
      exploration = std::make_unique<Exploration>(options);
      Dfs dfs;
      std::set<std::string> found;
      exploration->Explore(RunProgram, dfs, 20'000, [&] {
        for (const Suspicion& suspicion : exploration->suspicions) {
          if (!exploration->record().undecided) found.insert(suspicion.message);
        }
        exploration->suspicions.clear();
      });
      std::set<std::string> expected;
      for (const auto& [message, steps] : all) {
        if (steps <= limit) expected.insert(message);
      }
      EXPECT_EQ(found, expected) << "up to " << limit;
      const bool is_whole = dfs.Progress().exhausted;
      EXPECT_EQ(dfs.Progress().bound,
                is_whole ? "" : "up to " + std::to_string(limit) + " steps");
      EXPECT_TRUE(limit > longest ? is_whole : limit == longest || !is_whole);
      ++bounded;
      failed += found.size();
    }
  }
  EXPECT_GT(bounded, 300u);
  EXPECT_GT(failed, 30u) << "the assertions of these programs fail seldom";
}

}  // namespace
}  // namespace heddle
