#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/detect/avio.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "tests/support/controlled.h"
#include "tests/unit/detect_test_support.h"

namespace heddle::testing {
namespace {

OpKind Kind(char c) { return c == 'W' ? OpKind::kWrite : OpKind::kRead; }

// Of the eight interleavings exactly AVIO's four are unserialisable.
TEST(Avio, ExactlyTheFourUnserialisableInterleavings) {
  std::vector<std::string> reported;
  for (char first : {'R', 'W'}) {
    for (char remote : {'R', 'W'}) {
      for (char second : {'R', 'W'}) {
        AvioDetector detector;
        DetectorTrace trace(detector);
        trace.Do(1, Kind(first), 5, 10);
        trace.Do(2, Kind(remote), 5, 20);
        trace.Do(1, Kind(second), 5, 11);
        if (trace.suspicions.empty()) continue;
        ASSERT_EQ(trace.suspicions.size(), 1u);
        EXPECT_EQ(trace.suspicions[0].kind, FindingKind::kAtomicity);
        ASSERT_EQ(trace.suspicions[0].witnesses.size(), 3u);
        for (size_t i = 0; i < 3; ++i) EXPECT_EQ(trace.suspicions[0].witnesses[i].seq, i + 1);
        reported.push_back({first, remote, second});
      }
    }
  }
  EXPECT_EQ(reported, (std::vector<std::string>{"RWR", "RWW", "WRW", "WWR"}));
}

class AvioWindow : public ::testing::Test {
 protected:
  AvioDetector detector;
  DetectorTrace trace{detector};
};

TEST_F(AvioWindow, ALoopIsNoPair) {
  for (int i = 0; i < 3; ++i) {
    for (uint32_t thread : {1u, 2u}) {
      trace.Do(thread, OpKind::kRead, 5, 10);
      trace.Do(thread, OpKind::kWrite, 5, 11);
    }
  }
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(AvioWindow, AnAccessAtALowerAddressMayBeFurtherOn) {
  trace.Do(1, OpKind::kRead, 5, 11);
  trace.Do(2, OpKind::kWrite, 5, 20);
  trace.Do(1, OpKind::kWrite, 5, 10);
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(AvioWindow, AStartOrJoinBetweenEndsThePair) {
  trace.Do(1, OpKind::kRead, 5, 10);
  trace.Do(2, OpKind::kWrite, 5, 20);
  trace.Do(1, OpKind::kJoin, 102);
  trace.Do(1, OpKind::kWrite, 5, 11);
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(AvioWindow, OtherObjectsDoNotCount) {
  trace.Do(1, OpKind::kRead, 5, 10);
  trace.Do(2, OpKind::kWrite, 6, 20);
  trace.Do(1, OpKind::kWrite, 5, 11);
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(AvioWindow, AFailedComparisonEndsThePair) {
  trace.Do(1, OpKind::kLoad, 5, 10);
  trace.Do(2, OpKind::kStore, 5, 20);
  trace.Do(1, OpKind::kCompareExchange, 5, 11, Outcome::kFailed);
  trace.Do(1, OpKind::kCompareExchange, 5, 12);
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(AvioWindow, ReportedOnceAnExecution) {
  for (int i = 0; i < 3; ++i) {
    trace.Do(1, OpKind::kRead, 5, 10);
    trace.Do(2, OpKind::kWrite, 5, 20);
    trace.Do(1, OpKind::kWrite, 5, 11);
  }
  EXPECT_EQ(trace.suspicions.size(), 1u);
  trace.Begin();
  trace.Do(1, OpKind::kWrite, 5, 11);
  EXPECT_TRUE(trace.suspicions.empty()) << "the last execution is forgotten";
}

void LostUpdate() {
  Atomic<int> x = 0;
  const auto increment = [&x] { x = x + 1; };
  Thread one(increment);
  Thread two(increment);
  one.join();
  two.join();
}

TEST(AvioProgram, LostUpdateOfAnAtomic) {
  Controlled controlled;
  AvioDetector detector;
  controlled.engine().SetEventSinks({&detector});
  for (int i = 0; i < 100; ++i) {
    detector.Begin(&controlled);
    controlled.RunRandom(LostUpdate, 1, static_cast<uint64_t>(i));
  }
  EXPECT_GT(controlled.Count(FindingKind::kAtomicity), 10);
}

}  // namespace
}  // namespace heddle::testing
