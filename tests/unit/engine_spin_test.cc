// Which loops are seen to spin: those that look at what does not change; the same when recorded.
#include <chrono>
#include <mutex>

#include <gtest/gtest.h>

#include "harness/core/recording.h"
#include "harness/strategy/dfs.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/latch.h"
#include "primitives/mutex.h"
#include "primitives/semaphore.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/timed_mutex.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

using std::chrono::milliseconds;

// All schedules, none of which comes near the step limit.
void ExpectToBeSetAside(void (*body)()) {
  Exploration exploration;
  Dfs dfs;
  const uint64_t executions = exploration.Explore(
      body, dfs, 1'000, [&] { EXPECT_LT(exploration.result().steps, 100u); });
  EXPECT_LT(executions, 1'000u);
  EXPECT_TRUE(exploration.suspicions.empty());
}

TEST(EngineSpinTest, TriesThatTimeOutAtOnceSpin) {
  ExpectToBeSetAside([] {
    Latch latch(1);
    Thread thread([&] { latch.count_down(); });
    while (!latch.try_wait()) {
    }
    thread.join();
  });
  ExpectToBeSetAside([] {
    Semaphore semaphore(0);
    Thread thread([&] { semaphore.release(); });
    while (!semaphore.try_acquire_for(milliseconds(0))) {
    }
    thread.join();
  });
}

TEST(EngineSpinTest, SleepsForNoTimeSpin) {
  ExpectToBeSetAside([] {
    Atomic<bool> done{false};
    Thread thread([&] { done.store(true); });
    while (!done.load()) SleepFor(milliseconds(0));
    thread.join();
  });
}

TEST(EngineSpinTest, WaitsForNoTimeSpin) {
  ExpectToBeSetAside([] {
    Mutex mutex;
    CondVar changed;
    Var<bool> done{false};
    Thread thread([&] {
      const std::lock_guard lock(mutex);
      done = true;
    });
    {
      std::unique_lock lock(mutex);
      while (!done) changed.wait_for(lock, milliseconds(0));
    }
    thread.join();
  });
}

TEST(EngineSpinTest, SleepsAndWaitsThatTakeTimeDoNotSpin) {
  Controlled run;
  const ExecutionResult result = run.RunRandom([] {
    Mutex mutex;
    CondVar changed;
    Atomic<bool> done{false};
    for (int i = 0; i < 10 && !done.load(); ++i) SleepFor(milliseconds(1));
    std::unique_lock lock(mutex);
    for (int i = 0; i < 10 && !done.load(); ++i) changed.wait_for(lock, milliseconds(1));
  });
  EXPECT_FALSE(result.deferred_spinner);
}

TEST(EngineSpinTest, WaitsThatTakeTimeDoNotSpin) {
  Controlled run;
  const ExecutionResult result = run.RunRandom([] {
    TimedMutex mutex;
    mutex.lock();
    Thread thread([&] {
      for (int i = 0; i < 10; ++i) mutex.try_lock_for(milliseconds(1));
    });
    thread.join();
    mutex.unlock();
  });
  EXPECT_FALSE(result.deferred_spinner);
}

class NullObserver final : public ExecutionObserver {
 public:
  EventMask Wants() const override { return EventMask::All(); }
  void OnEvent(const Event&) override {}
  void OnThread(ThreadId, ThreadId, const char*) override {}
  void OnObject(ObjectId, const ObjectInit&, ThreadId) override {}
  void OnPending(ThreadId, const Operation&) override {}
  void OnValue(EventSeq, const void*, uint32_t) override {}
  void OnAllocated(uint32_t) override {}
  void OnFreed(uint32_t) override {}
  Stack AllocationOf(uint32_t) const override { return {}; }
  Stack ReleaseOf(uint32_t) const override { return {}; }
};

// A recorder is told of every write, a search of the first in an epoch: both take the same time.
TEST(EngineSpinTest, TheSameWhenRecorded) {
  const auto body = [] {
    Atomic<int> atomic{0};
    Var<int> var{0};
    for (int i = 0; i < 8; ++i) {
      atomic.load();
      var = i;
    }
    See(static_cast<uint64_t>(VirtualClock::now().time_since_epoch() / milliseconds(1)));
  };
  seen = 0;
  Controlled run;
  run.RunRandom(body);
  const Outcomes searched = Seen();
  NullObserver observer;
  run.engine().SetObserver(&observer);
  seen = 0;
  run.RunRandom(body);
  run.engine().SetObserver(nullptr);
  EXPECT_EQ(Seen(), searched);
}

}  // namespace
}  // namespace heddle::testing
