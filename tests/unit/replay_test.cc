// Replay: recorded executions come back decision for decision, and whatever does not is said.
#include "harness/strategy/replay.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/schedule/divergence.h"
#include "harness/schedule/schedule.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/pct.h"
#include "harness/strategy/random_walk.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;
using ::testing::HasSubstr;

Atomic<int>* shared_value;
Mutex* shared_mutex;

// Picks, values chosen inside and between steps, spinning, try_lock, the heap.
void Busy() {
  Atomic<int> value{0};
  Mutex mutex;
  shared_value = &value;
  shared_mutex = &mutex;
  Thread threads[3];
  for (int i = 0; i < 3; ++i) {
    threads[i] = Thread([] {
      auto* block = new uint64_t(Runtime::Current()->Choose(3));
      shared_value->fetch_add(static_cast<int>(*block));
      if (shared_mutex->try_lock()) {
        shared_value->notify_one();
        shared_mutex->unlock();
      } else {
        shared_mutex->lock();
        shared_mutex->unlock();
      }
      delete block;
      Yield();
      for (int n = 0; n < 8 && shared_value->load() < 3; ++n) {
      }
    });
  }
  for (Thread& thread : threads) thread.join();
  shared_value = nullptr;
  shared_mutex = nullptr;
}

TEST(ReplayTest, RecordedExecutionsComeBackDecisionForDecision) {
  Exploration exploration;
  RandomWalk random;
  Pct pct(3);
  Dfs dfs;
  for (Strategy* strategy : {static_cast<Strategy*>(&random), static_cast<Strategy*>(&pct),
                             static_cast<Strategy*>(&dfs)}) {
    std::vector<std::vector<Decision>> logs;
    exploration.Explore(Busy, *strategy, 300, [&] { logs.push_back(exploration.CopyLog()); });
    for (const std::vector<Decision>& log : logs) {
      const auto schedule = ParseSchedule(ToText(Schedule{"case", "build", {}, log}));
      ASSERT_TRUE(schedule.ok()) << schedule.status();
      ReplayDecider replay(schedule->decisions);
      EXPECT_FALSE(exploration.Execute(Busy, replay, {}).diverged);
      ASSERT_FALSE(replay.divergence()) << replay.divergence()->Text();
      const auto difference = CompareDecisions(log, exploration.log());
      ASSERT_FALSE(difference) << difference->Text();
    }
  }
}

TEST(ReplayTest, AStuckExecutionComesBack) {
  const auto body = [] {
    Mutex mutex;
    shared_mutex = &mutex;
    mutex.lock();
    Thread other([] { shared_mutex->lock(); });
    other.join();
    shared_mutex = nullptr;
  };
  Exploration exploration;
  RandomWalk random;
  exploration.Explore(body, random, 1);
  ASSERT_EQ(exploration.suspicions.size(), 1u);
  const std::vector<Decision> log = exploration.CopyLog();
  ReplayDecider replay(log);
  exploration.Execute(body, replay, {});
  EXPECT_EQ(exploration.suspicions.size(), 2u);
  EXPECT_EQ(exploration.suspicions[0].key, exploration.suspicions[1].key);
  EXPECT_FALSE(replay.divergence());
  EXPECT_FALSE(CompareDecisions(log, exploration.log()));
}

// ---- Divergence ----

void Small() {
  Atomic<int> value{0};
  shared_value = &value;
  Thread other([] {
    shared_value->store(1);
    Runtime::Current()->Choose(3);
  });
  value.load();
  other.join();
  shared_value = nullptr;
}

class ReplayDivergenceTest : public ::testing::Test {
 protected:
  // 0g 0L 1g 1S ?u2/3 0j
  ReplayDivergenceTest()
      : log_{Decision::Pick(ThreadId{0}, OpKind::kStart),
             Decision::Pick(ThreadId{0}, OpKind::kLoad),
             Decision::Pick(ThreadId{1}, OpKind::kStart),
             Decision::Pick(ThreadId{1}, OpKind::kStore),
             Decision::Value(ChoiceKind::kUser, 2, 3),
             Decision::Pick(ThreadId{0}, OpKind::kJoin)} {}

  // What the replay of log_ says, or what comparing says when the decider saw nothing.
  std::string Replay() {
    ReplayDecider replay(log_);
    const ExecutionRecord& record = exploration_.Execute(Small, replay, {});
    EXPECT_EQ(record.diverged, replay.divergence().has_value());
    if (replay.divergence()) return replay.divergence()->Text();
    const auto difference = CompareDecisions(log_, exploration_.log());
    return difference ? "afterwards: " + difference->Text() : "";
  }

  Exploration exploration_;
  std::vector<Decision> log_;
};

TEST_F(ReplayDivergenceTest, TheRightScheduleDoesNotDiverge) { EXPECT_EQ(Replay(), ""); }

TEST_F(ReplayDivergenceTest, AThreadThatCannotRun) {
  log_[1] = Decision::Pick(ThreadId{0}, OpKind::kLoad);
  log_[2] = Decision::Pick(ThreadId{0}, OpKind::kJoin);
  EXPECT_EQ(Replay(),
            "step 3: expected thread 0: join, found that it cannot run; these can: "
            "thread 1: start");
}

TEST_F(ReplayDivergenceTest, AThreadThatDoesNotExist) {
  log_[1] = Decision::Pick(ThreadId{7}, OpKind::kLoad);
  EXPECT_EQ(Replay(),
            "step 2: expected thread 7: load, found no such thread; these can run: "
            "thread 0: load, thread 1: start");
}

TEST_F(ReplayDivergenceTest, AnotherOperation) {
  log_[3] = Decision::Pick(ThreadId{1}, OpKind::kLoad);
  EXPECT_EQ(Replay(), "step 4: expected thread 1: load, found thread 1: store");
}

TEST_F(ReplayDivergenceTest, AnotherValue) {
  log_[4] = Decision::Value(ChoiceKind::kUser, 2, 4);
  EXPECT_EQ(Replay(),
            "step 4: expected value 2 of 4 (heddle::Choose), found a choice of 3 "
            "(heddle::Choose)");
  log_[4] = Decision::Value(ChoiceKind::kWaiter, 2, 3);
  EXPECT_THAT(Replay(), HasSubstr("(which waiter wakes), found a choice of 3 (heddle::Choose)"));
}

TEST_F(ReplayDivergenceTest, AValueWhereAThreadIsChosen) {
  log_.insert(log_.begin() + 2, Decision::Value(ChoiceKind::kUser, 0, 2));
  EXPECT_THAT(Replay(), HasSubstr("step 3: expected value 0 of 2 (heddle::Choose), found a choice "
                                  "of thread 1: start"));
}

TEST_F(ReplayDivergenceTest, AThreadWhereAValueIsChosen) {
  log_.erase(log_.begin() + 4);
  EXPECT_EQ(Replay(), "step 4: expected thread 0: join, found a choice of 3 (heddle::Choose)");
}

TEST_F(ReplayDivergenceTest, AScheduleThatEndsBeforeTheExecution) {
  log_.pop_back();
  EXPECT_EQ(Replay(),
            "step 5: expected the end of the execution, found a choice of thread 0: join");
  log_.pop_back();
  EXPECT_THAT(Replay(), HasSubstr("step 4: expected the end of the execution, found value"));
}

TEST_F(ReplayDivergenceTest, AScheduleThatGoesOnAfterTheExecution) {
  log_.push_back(Decision::Pick(ThreadId{0}, OpKind::kLoad));
  EXPECT_EQ(Replay(),
            "afterwards: step 6: expected thread 0: load, found the end of the execution");
}

int runs;

TEST(ReplayNondeterminismTest, StateKeptBetweenExecutionsShows) {
  const auto body = [] {
    Atomic<int> value{0};
    for (int i = 0; i < runs; ++i) value.store(i);
    ++runs;
  };
  runs = 1;
  Exploration exploration;
  RandomWalk random;
  exploration.Explore(body, random, 1);
  ReplayDecider replay(exploration.CopyLog());
  exploration.Execute(body, replay, {});
  ASSERT_TRUE(replay.divergence());
  EXPECT_EQ(replay.divergence()->Text(),
            "step 3: expected the end of the execution, found a choice of thread 0: store");
}

}  // namespace
}  // namespace heddle
