// heddle::CallOnce and OnceFlag under the controlled engine.
#include <gtest/gtest.h>

#include "primitives/once.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

TEST_F(SyncTest, CallOnceRunsOnceAndIsOrderedBeforeAllReturns) {
  Run([] {
    OnceFlag flag;
    Var<int> value{0};
    const auto use = [&](int me) {
      CallOnce(
          flag, [&](int who) { value = value + who; }, me);
      See(static_cast<uint64_t>(value.load()));
    };
    Thread a(use, 1), b(use, 2);
    use(3);
    a.join();
    b.join();
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{1, 2, 3}));
}

TEST_F(SyncTest, CallOnceIsRunAgainAfterAnException) {
  Run([] {
    OnceFlag flag;
    Var<int> runs{0};
    const auto use = [&] {
      try {
        call_once(flag, [&] {
          ++runs;
          if (runs == 1) throw 1;
        });
      } catch (int) {
        See(10);
      }
    };
    Thread a(use), b(use);
    use();
    a.join();
    b.join();
    See(static_cast<uint64_t>(runs.load()));
  });
  ExpectClean();
  EXPECT_EQ(Seen(), (Outcomes{2, 10}));
}

TEST_F(SyncTest, CallOnceInsideItselfWaitsForItself) {
  Run(
      [] {
        OnceFlag flag;
        CallOnce(flag, [&] { CallOnce(flag, [] {}); });
      },
      {}, 1);
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{0}}));
}

TEST_F(SyncTest, CallOnceOfEachOtherInTwoThreads) {
  Run([] {
    OnceFlag first, second;
    Thread a([&] { CallOnce(first, [&] { CallOnce(second, [] {}); }); });
    Thread b([&] { CallOnce(second, [&] { CallOnce(first, [] {}); }); });
    a.join();
    b.join();
  });
  ExpectOnly(FindingKind::kDeadlock);
  EXPECT_EQ(Cycles(), (CycleSet{Cycle{1, 2}}));
  EXPECT_LT(run_->Count(FindingKind::kDeadlock), kExecutions);
}

}  // namespace
}  // namespace heddle::testing
