// heddle::Latch under the controlled engine.
#include <gtest/gtest.h>

#include "primitives/latch.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

TEST_F(SyncTest, LatchOrdersTheCountsBeforeTheWaits) {
  Run([] {
    Latch latch(2);
    Var<int> a_data{0}, b_data{0};
    Thread a([&] {
      a_data = 1;
      latch.count_down();
    });
    Thread b([&] {
      b_data = 2;
      latch.arrive_and_wait();
      See(static_cast<uint64_t>(a_data + b_data));
    });
    latch.wait();
    See(static_cast<uint64_t>(a_data + b_data));
    a.join();
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{3});
}

TEST_F(SyncTest, LatchTryWait) {
  Run([] {
    Latch latch(1);
    Var<int> data{0};
    Thread a([&] {
      data = 1;
      latch.count_down();
    });
    if (latch.try_wait()) {
      See(static_cast<uint64_t>(data.load()));
    } else {
      See(2);
    }
    a.join();
    if (!latch.try_wait()) See(3);
    Latch zero(0);
    zero.wait();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{1, 2}));
}

TEST_F(SyncTest, LatchThatIsNotCountedDownIsStuck) {
  Run(
      [] {
        Latch latch(2);
        latch.arrive_and_wait();
      },
      {}, 1);
  ExpectOnly(FindingKind::kStuck);
}

TEST_F(SyncTest, LatchThatHasEndedIsNotEndedAgainByNoArrivals) {
  Run([] {
    Latch latch(1);
    Var<int> data{0};
    Thread a([&] {
      data = 1;
      latch.count_down();
      latch.count_down(0);
    });
    latch.wait();
    See(static_cast<uint64_t>(data));
    a.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{1});
}

TEST_F(SyncTest, LatchMisuse) {
  Run(
      [] {
        Latch latch(2);
        latch.count_down(2);
        latch.count_down();
        latch.count_down(-1);
        latch.wait();
        See(1);
      },
      {}, 1);
  ExpectOnly(FindingKind::kMisuse);
  EXPECT_EQ(Messages(), (Strings{"more arrivals than it expects",
                                 "count_down of a latch by a negative number"}));
  EXPECT_EQ(Seen(), Outcomes{1});
}

}  // namespace
}  // namespace heddle::testing
