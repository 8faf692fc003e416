// Estimates of how many executions a search has, against the number that it turns out to have.
#include "harness/strategy/tree_size.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "tests/support/classic_programs.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

TEST(TreeSize, IsTheLeavesByTheirShareInTwoDigits) {
  EXPECT_EQ(EstimateExecutions(0, 0.5), std::nullopt);
  EXPECT_EQ(EstimateExecutions(10, 0), std::nullopt);
  EXPECT_EQ(EstimateExecutions(10, 0.5), 20);
  EXPECT_EQ(EstimateExecutions(1'000, 0.123), 8'100);
  EXPECT_EQ(EstimateExecutions(1, 1e-12), 1e12);
  // More than there have been, as long as it goes on.
  EXPECT_EQ(EstimateExecutions(7, 1.0), 8);
  EXPECT_EQ(EstimateExecutions(12'345, 1.0 + 1e-9), 12'346);
}

TEST(TreeSize, IsSaidInFewDigits) {
  EXPECT_EQ(OfAbout(std::nullopt), "");
  EXPECT_EQ(OfAbout(8'100), " of about 8100");
  EXPECT_EQ(OfAbout(4.2e12), " of about 4.2e+12");
}

// Times the truth, after 1%, 10% and 50% of the executions.
struct Quality {
  double after_1 = 0;
  double after_10 = 0;
  double after_50 = 0;
};

template <typename Searching>
Quality Measure(void (*body)(), Searching search, Searching again) {
  Exploration exploration;
  const auto total = static_cast<double>(exploration.Explore(body, search, 1'000'000));
  EXPECT_EQ(search.Progress().estimated_executions, std::nullopt) << "it has ended";
  Quality quality;
  double made = 0;
  exploration.Explore(body, again, 1'000'000, [&] {
    const double before = made++;
    const auto at = [&](double share, double* estimate) {
      if (before >= share * total || made < share * total) return;
      *estimate = again.Progress().estimated_executions.value() / total;
    };
    at(0.01, &quality.after_1);
    at(0.1, &quality.after_10);
    at(0.5, &quality.after_50);
  });
  return quality;
}

void ExpectBetween(double estimate, double least, double most) {
  EXPECT_GE(estimate, least);
  EXPECT_LE(estimate, most);
}

TEST(TreeSize, OfDepthFirstSearchIsTheRightOrderOfMagnitudeSoon) {
  for (void (*body)() : {testing::LastZero<4>, testing::LastZero<6>, testing::Readers<6>,
                         testing::Philosophers<3>, testing::BoundedBuffer<false>}) {
    const Quality quality = Measure(body, Dfs(), Dfs());
    ExpectBetween(quality.after_1, 0.1, 10);
    ExpectBetween(quality.after_10, 0.2, 5);
    ExpectBetween(quality.after_50, 0.5, 2);
  }
}

// What a race will add is not known before it is seen: too few, and the fewer the sooner.
TEST(TreeSize, OfPartialOrderReductionGrowsToTheTruth) {
  for (void (*body)() : {testing::LastZero<8>, testing::LastZero<10>, testing::Readers<10>,
                         testing::Indexer<14>, testing::BoundedBuffer<false>}) {
    const Quality quality = Measure(body, Dpor(Dpor::Mode::kSource), Dpor(Dpor::Mode::kSource));
    ExpectBetween(quality.after_1, 0.01, 1.5);
    ExpectBetween(quality.after_10, 0.1, 1.5);
    ExpectBetween(quality.after_50, 0.5, 1.5);
  }
}

// What optimal reduction explores first tends to be more than what comes later.
TEST(TreeSize, OfOptimalReductionIsATwofoldOfTheTruth) {
  for (void (*body)() : {testing::LastZero<6>, testing::LastZero<8>, testing::LastZero<10>,
                         testing::Readers<6>, testing::Readers<10>, testing::Indexer<14>}) {
    const Quality quality = Measure(body, Dpor(Dpor::Mode::kOptimal), Dpor(Dpor::Mode::kOptimal));
    ExpectBetween(quality.after_1, 0.01, 2);
    ExpectBetween(quality.after_10, 0.1, 2);
    ExpectBetween(quality.after_50, 0.5, 2);
  }
}

}  // namespace
}  // namespace heddle
