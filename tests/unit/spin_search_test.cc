// How many executions a search makes of programs whose threads wait in loops: exact counts.
#include <cstdint>

#include "gtest/gtest.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "tests/support/exploration.h"
#include "tests/support/spin_programs.h"

namespace heddle {
namespace {

using testing::Exploration;

constexpr uint64_t kTooMany = 100'000;

struct Counts {
  uint64_t dfs = 0;
  uint64_t source = 0;
  uint64_t classes = 0;  // that dpor completes: of its executions those that are not redundant
  bool operator==(const Counts&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << "{" << counts.dfs << ", " << counts.source << ", " << counts.classes << "}";
}

template <typename Searching>
uint64_t Executions(void (*body)(), Searching&& strategy) {
  Exploration exploration;
  const uint64_t executions = exploration.Explore(body, strategy, kTooMany);
  EXPECT_TRUE(strategy.Progress().exhausted) << strategy.Progress().note;
  EXPECT_TRUE(exploration.suspicions.empty());
  return executions;
}

Counts Count(void (*body)()) {
  Counts counts;
  counts.dfs = Executions(body, Dfs());
  counts.source = Executions(body, Dpor(Dpor::Mode::kSource));
  Dpor optimal(Dpor::Mode::kOptimal);
  const uint64_t executions = Executions(body, optimal);
  counts.classes = executions - optimal.redundant();
  return counts;
}

// Each waiter looks at the flag once, twice or three times before it is set, or only afterwards.
TEST(SpinSearchTest, AFlag) {
  EXPECT_EQ(Count(testing::AwaitFlag<1>), (Counts{4, 4, 4}));
  EXPECT_EQ(Count(testing::AwaitFlag<2>), (Counts{54, 16, 16}));
  EXPECT_EQ(Count(testing::AwaitFlag<3>), (Counts{515, 64, 64}));
}

// As many classes as without fences.
TEST(SpinSearchTest, AFlagWithFences) {
  EXPECT_EQ(Count(testing::AwaitFlagBehindFence<MemoryOrder::acquire>), (Counts{6, 4, 4}));
  EXPECT_EQ(Count(testing::AwaitFlagBehindFence<MemoryOrder::seq_cst>), (Counts{6, 4, 4}));
}

// A fence alone looks at nothing, and a loop of them is none that waits.
TEST(SpinSearchTest, FencesAlone) {
  EXPECT_EQ(Count(testing::OnlyFences), (Counts{2, 2, 2}));
}

TEST(SpinSearchTest, ASequenceLock) {
  EXPECT_EQ(Count(testing::ReadUnderSequence), (Counts{488, 230, 230}));
}

// Each waiter looks at the flag once or twice before it is set, or only afterwards.
TEST(SpinSearchTest, AFlagWithYields) {
  EXPECT_EQ(Count((testing::AwaitFlag<1, true>)), (Counts{3, 3, 3}));
  EXPECT_EQ(Count((testing::AwaitFlag<2, true>)), (Counts{41, 9, 9}));
}

TEST(SpinSearchTest, ALockByComparison) {
  EXPECT_EQ(Count(testing::CountUnder<testing::CasLock, 2>), (Counts{15, 8, 8}));
  EXPECT_EQ(Count(testing::CountUnder<testing::CasLock, 3>), (Counts{3412, 386, 384}));
}

TEST(SpinSearchTest, ALockByExchange) {
  EXPECT_EQ(Count(testing::CountUnder<testing::TestAndSetLock, 2>), (Counts{15, 8, 8}));
  EXPECT_EQ(Count(testing::CountUnder<testing::TestAndSetLock, 3>), (Counts{3412, 386, 384}));
  EXPECT_EQ(Count(testing::CountUnder<testing::TestTestAndSetLock, 2>), (Counts{31, 18, 18}));
}

// As many classes as without fences.
TEST(SpinSearchTest, ALockByExchangeWithFences) {
  EXPECT_EQ(Count(testing::CountUnder<testing::FencingLock, 2>), (Counts{19, 8, 8}));
}

// The poller looks up to ten times before it gives way.
TEST(SpinSearchTest, LooksUnderALock) {
  EXPECT_EQ(Count(testing::PollUnderLock<1>), (Counts{12, 12, 12}));
}

TEST(SpinSearchTest, ATicketLock) {
  EXPECT_EQ(Count(testing::CountUnder<testing::TicketLock, 2>), (Counts{18, 8, 8}));
  EXPECT_EQ(Count(testing::CountUnder<testing::TicketLock, 3>), (Counts{978, 386, 384}));
}

TEST(SpinSearchTest, Peterson) {
  EXPECT_EQ(Count(testing::Peterson), (Counts{161, 40, 40}));
}

}  // namespace
}  // namespace heddle
