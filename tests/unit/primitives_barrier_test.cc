// heddle::Barrier under the controlled engine.
#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/barrier.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

TEST_F(SyncTest, BarrierOrdersOnePhaseBeforeTheNext) {
  Run([] {
    Barrier barrier(2);
    Var<int> cells[2];
    const auto work = [&](int me) {
      for (int phase = 0; phase < 3; ++phase) {
        cells[me] += 1;
        barrier.arrive_and_wait();
        if (cells[1 - me] != phase + 1) See(1);
        barrier.arrive_and_wait();
      }
    };
    Thread a(work, 0);
    work(1);
    a.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

TEST_F(SyncTest, BarrierThatIsArrivedAtAndNotWaitedForOrdersNothing) {
  Run([] {
    Barrier barrier(2);
    Var<int> cells[2];
    const auto work = [&](int me) {
      cells[me] = 1;
      static_cast<void>(barrier.arrive());
      static_cast<void>(cells[1 - me].load());
    };
    Thread a(work, 0);
    work(1);
    a.join();
  });
  ExpectOnly(FindingKind::kDataRace);
}

TEST_F(SyncTest, BarrierCompletionRunsOncePerPhaseAfterAllArrivals) {
  Run([] {
    Var<int> cells[2], phases{0};
    Barrier barrier(2, [&]() noexcept {
      ++phases;
      if (cells[0] != phases || cells[1] != phases) See(1);
    });
    const auto work = [&](int me) {
      for (int phase = 0; phase < 3; ++phase) {
        cells[me] += 1;
        if (phase == 1) {
          barrier.arrive_and_wait();
        } else {
          barrier.wait(barrier.arrive());
        }
        if (phases != phase + 1) See(2);
      }
    };
    Thread a(work, 0);
    work(1);
    a.join();
    if (phases != 3) See(3);
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{});
}

TEST_F(SyncTest, BarrierWithoutThoseWhoDropped) {
  Run([] {
    Barrier barrier(3, "meeting");
    Atomic<int> left{0};
    Thread a([&] {
      left.fetch_add(1);
      barrier.arrive_and_drop();
    });
    const auto work = [&] {
      barrier.arrive_and_wait();
      See(static_cast<uint64_t>(left.load()));
      barrier.arrive_and_wait();
    };
    Thread b(work);
    work();
    a.join();
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), Outcomes{1});
}

TEST_F(SyncTest, BarrierWithTooFewIsStuckAndWithTooManyMisused) {
  Run(
      [] {
        Barrier barrier(2);
        barrier.arrive_and_wait();
      },
      {}, 1);
  ExpectOnly(FindingKind::kStuck);
  Run(
      [] {
        Barrier barrier(2);
        static_cast<void>(barrier.arrive(3));
        static_cast<void>(barrier.arrive(0));
        See(1);
      },
      {}, 1);
  ExpectOnly(FindingKind::kMisuse);
  EXPECT_EQ(Messages(), (Strings{"more arrivals than it expects",
                                 "arrival at a barrier of less than one"}));
  EXPECT_EQ(Seen(), Outcomes{1});
}

}  // namespace
}  // namespace heddle::testing
