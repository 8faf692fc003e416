// Shrinking of what a program chose before its first thread.
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/explore/shrink_input.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;

// Fails if the first and the third value are not 0 and the thread is between the stores.
void NeedsTwoOfFour() {
  uint32_t chosen[4];
  for (uint32_t& value : chosen) value = Choose(5);
  Atomic<int> state{0};
  Thread other([&] {
    if (state.load() == 1) Assert(chosen[0] == 0 || chosen[2] == 0, "not both");
    Choose(3);  // no input: made by another thread
  });
  state.store(1);
  state.store(2);
  other.join();
}

TEST(ShrinkInputTest, ValuesThatAreNotNeededBecome0AndTheLastExecutionFails) {
  Exploration exploration;
  const TryExecution fails = [&](const Plan& plan, Decider& decider,
                                 std::vector<Decision>* decisions) {
    exploration.suspicions.clear();
    exploration.Execute(NeedsTwoOfFour, decider, plan);
    if (exploration.suspicions.empty()) return false;
    *decisions = exploration.CopyLog();
    return true;
  };
  std::vector<Decision> decisions;
  for (const uint32_t value : {3u, 2u, 1u, 4u}) {
    decisions.push_back(Decision::Value(ChoiceKind::kUser, value, 5));
  }
  ShrinkInput(fails, &decisions);
  EXPECT_THAT(InputOf(decisions), ElementsAre(3, 0, 1, 0));
}

TEST(ShrinkInputTest, InputEndsWhereAnotherThreadBegins) {
  const std::vector<Decision> decisions = {
      Decision::Pick(ThreadId{0}, OpKind::kStart), Decision::Value(ChoiceKind::kUser, 2, 3),
      Decision::Value(ChoiceKind::kReuse, 1, 2),   Decision::Value(ChoiceKind::kUser, 1, 3),
      Decision::Pick(ThreadId{1}, OpKind::kStart), Decision::Value(ChoiceKind::kUser, 2, 3)};
  EXPECT_THAT(InputOf(decisions), ElementsAre(2, 1));
}

}  // namespace
}  // namespace heddle::testing
