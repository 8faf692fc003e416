// What looks at all schedules takes a yield for advice: programs that yield have the executions
// that they have without, as often, and no others.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "harness/strategy/guided.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/replay.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"

namespace heddle {
namespace {

using testing::Do;
using testing::Exploration;
using testing::Instruction;
using testing::RandomProgram;

constexpr uint64_t kTooMany = 20'000;
// More in one place are taken for a loop.
constexpr int kMostAdvice = 3;

bool IsYield(const Instruction& instruction) { return instruction.what == Do::kYield; }

RandomProgram WithoutYields(RandomProgram program) {
  for (auto& thread : program.threads) std::erase_if(thread, IsYield);
  return program;
}

struct Seen {
  std::map<uint64_t, uint64_t> classes;  // how often; they know nothing of yields
  uint64_t executions = 0;
  bool exhausted = false;
};

Seen Search(const RandomProgram& program, Strategy&& strategy) {
  testing::SetProgram(program);
  Exploration exploration;
  Seen seen;
  seen.executions = exploration.Explore(testing::RunProgram, strategy, kTooMany, [&] {
    ++seen.classes[exploration.result().order_class];
    exploration.suspicions.clear();
  });
  seen.exhausted = strategy.Progress().exhausted;
  return seen;
}

std::set<uint64_t> Distinct(const Seen& seen) {
  std::set<uint64_t> classes;
  for (const auto& [of, times] : seen.classes) classes.insert(of);
  return classes;
}

TEST(YieldSearchTest, YieldsHideNothingAndCostNothing) {
  constexpr Do kKinds[] = {Do::kLoad, Do::kStore, Do::kAdd, Do::kLock, Do::kUnlock, Do::kYield,
                           Do::kYield};
  Random random(1);
  int compared = 0;
  for (int i = 0; i < 400 && !HasFailure(); ++i) {
    const RandomProgram program = testing::MakeProgram(random, kKinds, 4);
    const bool is_plain =
        std::all_of(std::begin(program.threads), std::end(program.threads),
                    [](const auto& thread) {
                      const auto yields = std::count_if(thread.begin(), thread.end(), IsYield);
                      const auto all = static_cast<ptrdiff_t>(thread.size());
                      return yields <= kMostAdvice && (all == 0 || yields < all);
                    });
    if (!is_plain) continue;
    SCOPED_TRACE(testing::Describe(program));
    const RandomProgram without = WithoutYields(program);
    const Seen optimally = Search(program, Dpor(Dpor::Mode::kOptimal));
    EXPECT_TRUE(optimally.exhausted);
    EXPECT_EQ(optimally.classes, Search(without, Dpor(Dpor::Mode::kOptimal)).classes);
    EXPECT_EQ(optimally.executions, optimally.classes.size());
    EXPECT_EQ(Distinct(Search(program, Dpor(Dpor::Mode::kSource))), Distinct(optimally));
    const Seen every = Search(program, Dfs());
    if (!every.exhausted) continue;
    EXPECT_EQ(Distinct(every), Distinct(optimally));
    ++compared;
  }
  EXPECT_GT(compared, 200);
}

// Seen only where the writer goes on past its yield, while the reader has a step to make.
void WriteYieldWrite() {
  Atomic<int> first{0};
  Atomic<int> second{0};
  Thread writer([&] {
    first.store(1);
    Yield();
    second.store(1);
  });
  const int saw_first = first.load();
  const int saw_second = second.load();
  Assert(saw_first == 1 || saw_second == 0, "the second without the first");
  writer.join();
}

TEST(YieldSearchTest, WhatNeedsAnUnheededYieldIsFoundAndReplayed) {
  for (const char* const name :
       {"dfs", "source-dpor", "dpor", "preemption-bounding", "delay-bounding", "default"}) {
    SCOPED_TRACE(name);
    Exploration exploration;
    std::vector<Decision> failing;
    exploration.Explore(WriteYieldWrite, **MakeStrategy(name), 1'000, [&] {
      if (exploration.suspicions.empty()) return;
      failing = exploration.CopyLog();
      exploration.suspicions.clear();
    });
    ASSERT_FALSE(failing.empty());
    ReplayDecider replay(failing);
    exploration.Execute(WriteYieldWrite, replay, {});
    EXPECT_FALSE(replay.divergence());
    EXPECT_EQ(exploration.suspicions.size(), 1u);
    exploration.suspicions.clear();
    GuidedDecider guided;
    guided.SetGuide(GuideOf(failing, {}));
    exploration.Execute(WriteYieldWrite, guided, {});
    EXPECT_EQ(exploration.suspicions.size(), 1u);
  }
}

}  // namespace
}  // namespace heddle
