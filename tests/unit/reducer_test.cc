// Reduction of findings whose smallest schedules are known.
#include "harness/explore/reducer.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/replay.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"

namespace heddle {
namespace {

class Reduction : public ::testing::Test {
 protected:
  // The first of many random walks that shows `kind`, reduced. `worst`: of those walks, the one
  // with the most preemptions.
  ReducerResult Reduce(void (*body)(), FindingKind kind, ReducerBudget budget = {5'000, 1'000'000},
                       int walks = 300, const ExecutionOptions& options = {}) {
    program_.name = "test/reduction";
    program_.body = body;
    shared_ = MakeSharedState();
    SilentRunner runner(program_, options, shared_.get());
    RandomWalkDecider walk;
    std::vector<Decision> decisions;
    SoughtFinding target{.kind = kind};
    ScheduleSize most;
    for (int i = 0; i < walks; ++i) {
      Plan plan;
      plan.seed = MixSeed(1, static_cast<uint64_t>(i));
      runner.Run(walk, plan);
      for (const RaisedSuspicion& raised : runner.raised()) {
        if (raised.kind != kind || runner.size() < most) continue;
        most = runner.size();
        target.ids = {raised.id};
        decisions.assign(runner.log().begin(), runner.log().end());
      }
    }
    EXPECT_FALSE(decisions.empty()) << "the bug was not found";
    Reducer reducer(&runner, target, budget,
                    [this](const MeasuredSchedule& better) { sizes_.push_back(better.size); });
    ReducerResult result = reducer.Reduce(decisions);
    EXPECT_TRUE(result.reproduced);
    EXPECT_EQ(result.before, most);
    for (size_t i = 1; i < sizes_.size(); ++i) EXPECT_LT(sizes_[i], sizes_[i - 1]);
    // It is as small as it says, and shows the finding.
    ReplayDecider replay(result.best.decisions);
    runner.Run(replay, Plan{});
    EXPECT_FALSE(replay.divergence());
    EXPECT_TRUE(target.IsAmong(runner.raised()));
    EXPECT_EQ(runner.size(), result.best.size);
    return result;
  }

  Case program_;
  SharedStatePtr shared_;
  std::vector<ScheduleSize> sizes_;
};

Atomic<int>* value;
Mutex* first;
Mutex* second;

// The bug needs T1 between the load and the store of T2, or the other way round.
void LostUpdate() {
  Atomic<int> own{0};
  value = &own;
  const auto add = [] { value->store(value->load() + 1); };
  Thread one(add);
  Thread other(add);
  one.join();
  other.join();
  Assert(own.load() == 2, "both are counted");
}

TEST_F(Reduction, LostUpdateNeedsOnePreemption) {
  const ReducerResult result = Reduce(LostUpdate, FindingKind::kAssertion);
  EXPECT_GT(result.before.preemptions, 1u);
  EXPECT_EQ(result.best.size.preemptions, 1u);
  // main, T1, T2, T1, main: the fewest there can be.
  EXPECT_EQ(result.best.size.switches, 4u);
  EXPECT_TRUE(result.proved);
  EXPECT_TRUE(result.doubtful.empty());
}

void AbBa() {
  Mutex a, b;
  first = &a;
  second = &b;
  Thread one([] {
    first->lock();
    second->lock();
    second->unlock();
    first->unlock();
  });
  Thread other([] {
    second->lock();
    first->lock();
    first->unlock();
    second->unlock();
  });
  one.join();
  other.join();
}

TEST_F(Reduction, DeadlockOfTwoLocksNeedsOnePreemption) {
  const ReducerResult result = Reduce(AbBa, FindingKind::kDeadlock);
  EXPECT_EQ(result.best.size.preemptions, 1u);
  EXPECT_EQ(result.best.size.threads, 3u);
  EXPECT_TRUE(result.proved);
}

// Only if the other thread comes between twice.
void TwicePreempted() {
  Atomic<int> own{0};
  value = &own;
  Thread other([] {
    value->store(1);
    value->store(2);
  });
  const int before = own.load();
  const int between = own.load();
  const int after = own.load();
  other.join();
  Assert(!(before == 0 && between == 1 && after == 2), "not every value is seen");
}

TEST_F(Reduction, SeeingEachValueNeedsThreePreemptions) {
  const ReducerResult result = Reduce(TwicePreempted, FindingKind::kAssertion);
  // main before the second load, the other before its second store, main before the third load is
  // left by itself: it joins only afterwards.
  EXPECT_EQ(result.best.size.preemptions, 3u);
  EXPECT_TRUE(result.proved);
}

CondVar* changed;

// Only if the wait ends spuriously between the stages, which is chosen when time has moved, by then
// in the step of another thread.
void WokenBetweenTheStages() {
  Atomic<int> stage{0};
  Mutex mutex;
  CondVar condition;
  value = &stage;
  first = &mutex;
  changed = &condition;
  Thread waiter([] {
    std::unique_lock lock(*first);
    changed->wait(lock);
    Assert(value->load() != 1, "never between the stages");
  });
  Thread setter([] {
    SleepFor(std::chrono::milliseconds(5));
    for (int i = 1; i <= 2; ++i) {
      const std::lock_guard lock(*first);
      value->store(i);
      changed->notify_all();
    }
  });
  Thread bystander([] {
    for (int i = 0; i < 3; ++i) SleepFor(std::chrono::milliseconds(1));
  });
  waiter.join();
  setter.join();
  bystander.join();
}

TEST_F(Reduction, ASpuriousWakeupAfterSomeTime) {
  const ExecutionOptions options{.spurious = 1};
  const ReducerResult result = Reduce(WokenBetweenTheStages, FindingKind::kAssertion,
                                      {5'000, 1'000'000}, 300, options);
  EXPECT_GT(result.before.preemptions, 1u);
  EXPECT_EQ(result.best.size.preemptions, 1u);
  // main, the waiter, setter and bystander until they sleep, setter, waiter.
  EXPECT_EQ(result.best.size.switches, 5u);
  EXPECT_TRUE(result.proved);
}

// Threads that have nothing to do with it are left out: they make their steps after the end.
void Bystanders() {
  Atomic<int> own{0};
  value = &own;
  Thread bystanders[3];
  for (Thread& bystander : bystanders) {
    bystander = Thread([] {
      Atomic<int> mine{0};
      for (int i = 0; i < 3; ++i) mine.store(i);
    });
  }
  Thread writer([] { value->store(1); });
  Assert(own.load() == 0, "not written");
  writer.join();
  for (Thread& bystander : bystanders) bystander.join();
}

TEST_F(Reduction, ThreadsThatDoNotMatterNeverRun) {
  const ReducerResult result = Reduce(Bystanders, FindingKind::kAssertion);
  EXPECT_EQ(result.best.size.preemptions, 1u);
  EXPECT_EQ(result.best.size.switches, 2u);
  EXPECT_EQ(result.best.size.threads, 2u);
  EXPECT_LT(result.best.size.decisions, result.before.decisions);
  EXPECT_TRUE(result.proved);
}

void OneChoice() {
  Atomic<int> own{0};
  value = &own;
  Thread other([] { value->fetch_add(1); });
  const uint32_t chosen = Choose(7);
  value->fetch_add(1);
  other.join();
  Assert(chosen != 5, "five is not chosen");
}

TEST_F(Reduction, ValuesAreKept) {
  const ReducerResult result = Reduce(OneChoice, FindingKind::kAssertion);
  EXPECT_EQ(result.best.size, (ScheduleSize{0, 2, 2, 6}));
  EXPECT_TRUE(result.proved);
}

void FailsWithAnyThread() {
  const uint32_t threads = static_cast<uint32_t>(Choose(4));
  Mutex mutex;
  std::vector<Thread> started;
  for (uint32_t i = 0; i < threads; ++i) {
    started.emplace_back([&] {
      mutex.lock();
      mutex.unlock();
    });
  }
  for (Thread& thread : started) thread.join();
  Assert(threads == 0);
}

TEST_F(Reduction, WhatIsChosenIsMadeSmallerWhereThatTakesFewerThreads) {
  const ReducerResult result = Reduce(FailsWithAnyThread, FindingKind::kAssertion);
  EXPECT_EQ(result.before.threads, 4u);
  EXPECT_EQ(result.best.size.threads, 2u);
  EXPECT_EQ(result.best.size.preemptions, 0u);
}

TEST_F(Reduction, WithoutABudgetNothingIsProved) {
  const ReducerResult result = Reduce(TwicePreempted, FindingKind::kAssertion, {2, 1'000'000});
  EXPECT_FALSE(result.proved);
  EXPECT_LE(sizes_.size(), 1u);
}

TEST_F(Reduction, TheSameAgain) {
  const ReducerResult once = Reduce(Bystanders, FindingKind::kAssertion);
  sizes_.clear();
  const ReducerResult again = Reduce(Bystanders, FindingKind::kAssertion);
  EXPECT_EQ(once.best.decisions, again.best.decisions);
}

TEST_F(Reduction, AScheduleThatDoesNotShowItIsRefused) {
  program_.name = "test/reduction";
  program_.body = LostUpdate;
  shared_ = MakeSharedState();
  SilentRunner runner(program_, ExecutionOptions{}, shared_.get());
  GuidedDecider plain;
  runner.Run(plain, Plan{});
  const std::vector<Decision> passing(runner.log().begin(), runner.log().end());
  Reducer reducer(&runner, {.kind = FindingKind::kAssertion}, {100, 10'000},
                  [](const MeasuredSchedule&) {});
  EXPECT_FALSE(reducer.Reduce(passing).reproduced);
}

}  // namespace
}  // namespace heddle
