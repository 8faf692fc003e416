// Threads that wait in loops, under every strategy: they take few steps, and starve nobody.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/registry.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"
#include "tests/support/spin_programs.h"

namespace heddle {
namespace {

using testing::Exploration;

// Main makes 30 steps before it sets the flag; three threads wait for it.
template <bool kYields>
void WaitForALongTime() {
  Atomic<bool> flag{false};
  Atomic<int> other{0};
  Thread threads[3];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      while (!flag.load()) {
        if (kYields) Yield();
      }
    });
  }
  for (int i = 0; i < 30; ++i) other.store(i);
  flag.store(true);
  for (Thread& thread : threads) thread.join();
}

// The operations of the threads in the last execution: of `kind` by the thread that made most.
int Most(const Exploration& exploration, OpKind kind) {
  int count[4] = {};
  for (const Decision decision : exploration.log()) {
    if (decision.is_pick() && decision.op() == kind) ++count[Index(decision.thread())];
  }
  return *std::max_element(std::begin(count), std::end(count));
}

TEST(SpinFairnessTest, AWaitingThreadLooksThriceThenWhenThereIsSomethingToSee) {
  for (const StrategyInfo& info : AllStrategies()) {
    SCOPED_TRACE(info.name);
    Exploration exploration({.max_steps = 200});
    exploration.Explore(WaitForALongTime<false>, **MakeStrategy(info.name), 300, [&] {
      EXPECT_EQ(exploration.result().end, EngineEnd::kCompleted);
      EXPECT_LE(Most(exploration, OpKind::kLoad), 4);
    });
    EXPECT_TRUE(exploration.suspicions.empty());
  }
}

TEST(SpinFairnessTest, AThreadThatYieldsLooksTwiceThenWhenThereIsSomethingToSee) {
  for (const StrategyInfo& info : AllStrategies()) {
    SCOPED_TRACE(info.name);
    Exploration exploration({.max_steps = 200});
    exploration.Explore(WaitForALongTime<true>, **MakeStrategy(info.name), 300, [&] {
      EXPECT_EQ(exploration.result().end, EngineEnd::kCompleted);
      EXPECT_LE(Most(exploration, OpKind::kLoad), 3);
      EXPECT_LE(Most(exploration, OpKind::kYield), 2);
    });
    EXPECT_TRUE(exploration.suspicions.empty());
  }
}

// Yields alone, which say nothing of what is waited for.
void YieldForATime() {
  Atomic<int> other{0};
  Thread yielding([] {
    for (int i = 0; i < 20; ++i) Yield();
  });
  for (int i = 0; i < 20; ++i) other.store(i);
  yielding.join();
}

// What enumerates schedules takes the first three for advice.
TEST(SpinFairnessTest, AThreadThatYieldsLetsOthersMakeAStepEachTime) {
  const std::set<std::string_view> enumerating = {
      "default", "dfs", "source-dpor", "dpor", "preemption-bounding", "delay-bounding"};
  for (const StrategyInfo& info : AllStrategies()) {
    SCOPED_TRACE(info.name);
    const int most = enumerating.contains(info.name) ? 3 : 0;
    Exploration exploration({.max_steps = 200});
    exploration.Explore(YieldForATime, **MakeStrategy(info.name), 100, [&] {
      const std::string picks = exploration.Picks();
      const size_t last_store = picks.rfind("0S");
      int ignored = 0;
      for (size_t at = 0; (at = picks.find("1Y 1Y", at)) < last_store; at += 3) ++ignored;
      EXPECT_LE(ignored, most) << picks;
    });
  }
}

// A loop that gives up does so at any time, not only when the others have come to their end.
enum class Loop : uint8_t { kLoads, kTries };
// In fixed storage: the heap of a body is the execution's.
int found;

constexpr int kNothing = -1;

template <Loop kLoop>
void GiveUpAfterTenLooks() {
  Atomic<int> flag{0};
  Mutex mutex;
  Atomic<int> progress{0};
  found = kNothing;
  mutex.lock();
  Thread waiting([&] {
    for (int i = 0; i < 10; ++i) {
      if (kLoop == Loop::kLoads ? flag.load() != 0 : mutex.try_lock()) {
        if (kLoop == Loop::kTries) mutex.unlock();
        return;
      }
    }
    found = progress.load();
  });
  progress.store(1);
  progress.store(2);
  flag.store(1);
  mutex.unlock();
  waiting.join();
}

TEST(SpinFairnessTest, ALoopThatGivesUpMayDoSoAtAnyTime) {
  for (const auto body : {GiveUpAfterTenLooks<Loop::kLoads>, GiveUpAfterTenLooks<Loop::kTries>}) {
    Exploration exploration({.unlock_is_point = true});
    Dfs dfs;
    std::set<int> seen;
    exploration.Explore(body, dfs, 1'000, [&] { seen.insert(found); });
    EXPECT_TRUE(dfs.Progress().exhausted);
    EXPECT_EQ(seen, (std::set<int>{kNothing, 0, 1, 2}));
  }
}

// A loop that gives up after very many looks does so when nobody else can run.
void GiveUpLate() {
  Atomic<bool> flag{false};
  Thread waiting([&] {
    for (int i = 0; i < 100; ++i) {
      if (flag.load()) return;
    }
  });
  waiting.join();
}

TEST(SpinFairnessTest, ALoopThatGivesUpLateIsNoLivelock) {
  Exploration exploration;
  Dfs dfs;
  exploration.Explore(GiveUpLate, dfs, 10, [&] {
    EXPECT_EQ(exploration.result().end, EngineEnd::kCompleted);
    EXPECT_TRUE(exploration.result().deferred_spinner);
  });
  EXPECT_TRUE(exploration.suspicions.empty());
}

}  // namespace
}  // namespace heddle
