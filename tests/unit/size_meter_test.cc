// The size of schedules, by the definition of a preemption.
#include "harness/strategy/size_meter.h"

#include "gtest/gtest.h"
#include "harness/strategy/guided.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

constexpr ThreadId kMain{0}, kT1{1}, kT2{2};

ScheduleSize SizeOf(void (*body)(), std::vector<Segment> segments, std::string* picks) {
  Exploration exploration;
  GuidedDecider guided;
  guided.SetGuide({std::move(segments), {}, {}});
  SizeMeter meter(&guided);
  exploration.Execute(body, meter, Plan{});
  *picks = exploration.Picks();
  EXPECT_EQ(meter.size().decisions, exploration.log().size());
  return meter.size();
}

Atomic<int>* value;
Mutex* mutex;

void TwoThreads() {
  Atomic<int> own{0};
  Mutex own_mutex;
  value = &own;
  mutex = &own_mutex;
  const auto body = [] {
    mutex->lock();
    value->store(1);
    mutex->unlock();
  };
  Thread first(body);
  Thread second(body);
  first.join();
  second.join();
}

TEST(SizeMeterTest, SerialThreadsNeedNoPreemption) {
  std::string picks;
  const ScheduleSize size = SizeOf(TwoThreads, {}, &picks);
  EXPECT_EQ(picks, "0g 1g 1l 1S 2g 2l 2S 0j 0j");
  EXPECT_EQ(size, (ScheduleSize{0, 3, 3, 9}));
}

TEST(SizeMeterTest, ASwitchAwayFromAThreadThatIsBlockedIsNoPreemption) {
  std::string picks;
  // T1 is left before its store, though it could make it; T2 then has to wait for the lock.
  const ScheduleSize size = SizeOf(TwoThreads, {{kMain, 1}, {kT1, 2}, {kT2, 3}, {kT1, 3}}, &picks);
  EXPECT_EQ(picks, "0g 1g 1l 2g 1S 2l 2S 0j 0j");
  EXPECT_EQ(size, (ScheduleSize{1, 5, 3, 9}));
}

void Yields() {
  Thread other([] {
    Yield();
    Yield();
  });
  Yield();
  other.join();
}

TEST(SizeMeterTest, WhoYieldsIsNotPreempted) {
  std::string picks;
  const ScheduleSize size = SizeOf(Yields, {}, &picks);
  EXPECT_EQ(size.preemptions, 0u) << picks;
  EXPECT_GE(size.switches, 3u) << picks;
}

// ---- Guides ----

TEST(GuidedTest, AGuideOfAScheduleRepeatsIt) {
  Exploration exploration;
  GuidedDecider guided;
  guided.SetGuide({{{kMain, 1}, {kT2, 2}, {kT1, 1}, {kT2, 3}, {kT1, 3}}, {}, {}});
  SizeMeter meter(&guided);
  exploration.Execute(TwoThreads, meter, Plan{});
  const std::vector<Decision> log = exploration.CopyLog();
  EXPECT_EQ(exploration.Picks(), "0g 2g 2l 1g 2S 1l 1S 0j 0j");
  GuidedDecider again;
  again.SetGuide(GuideOf(log, meter.values()));
  exploration.Execute(TwoThreads, again, Plan{});
  EXPECT_EQ(exploration.CopyLog(), log);
}

TEST(GuidedTest, AnOrderHoldsAThreadUntilItsTimeHasCome) {
  Exploration exploration;
  GuidedDecider guided;
  // T1's lock, its second step, waits for T2's store, its third.
  guided.SetGuide({{}, {}, {{{kT2, 3}, {kT1, 2}}}});
  exploration.Execute(TwoThreads, guided, Plan{});
  EXPECT_EQ(exploration.Picks(), "0g 1g 2g 2l 2S 1l 1S 0j 0j");
  EXPECT_FALSE(guided.broke_an_order());
  ASSERT_EQ(guided.ordered_steps().size(), 2u);
  const StepIdentity& lock = guided.ordered_steps().at({kT1, 2});
  const StepIdentity& store = guided.ordered_steps().at({kT2, 3});
  EXPECT_EQ(lock.op, OpKind::kLock);
  EXPECT_EQ(store.op, OpKind::kStore);
  EXPECT_EQ(lock.path, (std::vector<uint32_t>{1}));
  EXPECT_EQ(store.path, (std::vector<uint32_t>{2}));
}

TEST(GuidedTest, AnOrderThatCannotBeKeptIsBrokenAndSaidSo) {
  Exploration exploration;
  GuidedDecider guided;
  // Main's join of T1 cannot come before T1's store.
  guided.SetGuide({{}, {}, {{{kMain, 2}, {kT1, 3}}}});
  exploration.Execute(TwoThreads, guided, Plan{});
  EXPECT_TRUE(guided.broke_an_order());
}

}  // namespace
}  // namespace heddle
