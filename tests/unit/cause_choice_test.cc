// Values that were chosen, told as what a finding depends on.
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "harness/explore/cause.h"
#include "primitives/assert.h"
#include "primitives/choose.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/unit/cause_test_support.h"

namespace heddle {
namespace {

using testing::FindingOf;
using testing::Line;

constexpr int kWaitLine = __LINE__ + 7;
void IfForWhile() {
  Mutex mutex("mutex");
  CondVar filled("filled");
  Var<bool> full(false, "full");
  Thread consumer([&] {
    std::unique_lock lock(mutex);
    if (!full) filled.wait(lock);
    Assert(full, "full after the wait");
  });
  std::unique_lock lock(mutex);
  full = true;
  filled.notify_one();
  lock.unlock();
  consumer.join();
}

TEST(CauseChoiceTest, ASpuriousWakeup) {
  const Finding finding = FindingOf(IfForWhile, FindingKind::kAssertion, 1);
  const std::string wakes = "T1 `wake from filled: spurious` " + Line(kWaitLine);
  EXPECT_EQ(finding.cause,
            "It happens when " + wakes + " comes before main `lock mutex` " + Line(kWaitLine + 3) +
                "; with this order reversed it does not. It takes what was chosen at " + wakes +
                ": the same schedule with another choice there does not show it.");
  ASSERT_EQ(finding.choices.size(), 1u);
  EXPECT_EQ(finding.choices[0].thread, "T1");
  EXPECT_TRUE(finding.choices[0].matters);
}

constexpr int kChooseLine = __LINE__ + 2;
void OneInputFails() {
  const uint32_t input = Choose(4);
  const uint32_t other = Choose(2);
  Assert(input != 2 || other > 1, "input 2 is taken, too");
}

// Of the two values only one is needed; the other is the first one anyway.
TEST(CauseChoiceTest, AnInput) {
  const Finding finding = FindingOf(OneInputFails, FindingKind::kAssertion);
  EXPECT_EQ(finding.cause, "It takes what was chosen at main `choose 2 of 4` " + Line(kChooseLine) +
                               ": the same schedule with another choice there does not show it.");
}

// The last of three values, and any but the first will do.
void MostInputsFail() { Assert(Choose(3) == 0, "only the first"); }

TEST(CauseChoiceTest, AnInputOfWhichOthersFailToo) {
  const Finding finding = FindingOf(MostInputsFail, FindingKind::kAssertion);
  EXPECT_EQ(finding.cause, "It takes no order of steps: there is one thread only.");
  EXPECT_TRUE(finding.choices.empty());
}

constexpr int kPairLine = __LINE__ + 2;
void TwoInputsFail() {
  const uint32_t a = Choose(2);
  const uint32_t b = Choose(2);
  Assert(a + b < 2, "not both");
}

TEST(CauseChoiceTest, TwoInputs) {
  const Finding finding = FindingOf(TwoInputsFail, FindingKind::kAssertion);
  EXPECT_EQ(finding.cause, "It takes what was chosen at main `choose 1 of 2` " + Line(kPairLine) +
                               " and at main `choose 1 of 2` " + Line(kPairLine + 1) +
                               ": the same schedule with another choice at one of them does not "
                               "show it.");
}

}  // namespace
}  // namespace heddle
