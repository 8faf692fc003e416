// What is a livelock and what only looks like one for a while.
#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "gtest/gtest.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "harness/strategy/round_robin.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

ExecutionOptions ShortAndFine() {
  ExecutionOptions options;
  options.max_steps = 60;
  options.unlock_is_point = true;
  return options;
}

// std::lock backs off and tries again. Two of them in lockstep never get both mutexes, but only in
// lockstep.
void LockBothInEitherOrder() {
  Mutex a, b;
  Thread one([&] { std::scoped_lock both(a, b); });
  Thread two([&] { std::scoped_lock both(b, a); });
  one.join();
  two.join();
}

TEST(LivelockTest, StdLockInLockstepIsNone) {
  Exploration exploration(ShortAndFine());
  Dfs strategy;
  exploration.Explore(LockBothInEitherOrder, strategy, 3'000);
  EXPECT_TRUE(exploration.suspicions.empty()) << exploration.suspicions[0].message;
}

// Each gives way as long as the other wants to go first, whatever the schedule.
void GiveWayForEver() {
  Atomic<int> turn{0};
  Atomic<bool> wants[2] = {true, true};
  const auto body = [&](int me) {
    while (wants[me].load()) {
      if (turn.load() == me && wants[1 - me].load()) turn.store(1 - me);
    }
  };
  Thread one(body, 0);
  Thread two(body, 1);
  one.join();
  two.join();
}

TEST(LivelockTest, GivingWayForEverIsOne) {
  Exploration exploration(ShortAndFine());
  RoundRobin strategy;
  exploration.Explore(GiveWayForEver, strategy, 1);
  ASSERT_EQ(exploration.suspicions.size(), 1u);
  EXPECT_EQ(exploration.suspicions[0].kind, FindingKind::kLivelock);
}

// Polls under a lock, so that the variable's last access is a later one each time.
void PollUnderALockForEver() {
  Mutex mutex;
  Var<bool> done{false};
  Thread poller([&] {
    for (;;) {
      std::lock_guard lock(mutex);
      if (done) break;
    }
  });
  poller.join();
}

TEST(LivelockTest, WhenAVariableWasLastAccessedIsNoProgress) {
  Exploration exploration({.max_steps = 200});
  RoundRobin strategy;
  exploration.Explore(PollUnderALockForEver, strategy, 1);
  ASSERT_EQ(exploration.suspicions.size(), 1u);
  EXPECT_EQ(exploration.suspicions[0].kind, FindingKind::kLivelock);
}

// ---- Loops that nobody ends ----

// Else a livelock is decided at the step limit only, in every execution anew.
constexpr bool kStatesAreComplete = kHeapIsDeterministic;

// Explored to the end under depth-first search, and how long the executions were.
struct Explored {
  std::vector<Suspicion> suspicions;
  uint64_t executions = 0;
  uint64_t longest = 0;  // in steps
  bool exhausted = false;
  bool cut = false;      // some at the step limit
};

Explored ExploreAll(void (*body)(), ExecutionOptions options = {}, uint64_t most = 2'000) {
  Exploration exploration(options);
  Dfs dfs;
  Explored explored;
  explored.executions = exploration.Explore(body, dfs, most, [&] {
    explored.longest = std::max(explored.longest, exploration.result().steps);
    explored.cut |= exploration.result().end == EngineEnd::kStepLimit;
  });
  explored.suspicions = exploration.suspicions;
  explored.exhausted = dfs.Progress().exhausted;
  return explored;
}

void ExpectLivelockAtOnce(void (*body)(), uint64_t steps, size_t looks) {
  if (!kStatesAreComplete) {
    const Explored explored = ExploreAll(body, {.max_steps = 500}, 20);
    ASSERT_FALSE(explored.suspicions.empty());
    for (const Suspicion& suspicion : explored.suspicions) {
      EXPECT_EQ(suspicion.kind, FindingKind::kLivelock);
    }
    EXPECT_GT(explored.longest, 500u);
    return;
  }
  const Explored explored = ExploreAll(body);
  ASSERT_FALSE(explored.suspicions.empty());
  for (const Suspicion& suspicion : explored.suspicions) {
    EXPECT_EQ(suspicion.kind, FindingKind::kLivelock);
    EXPECT_EQ(suspicion.message, "every thread waits for a change that none of them will make");
    EXPECT_EQ(suspicion.witnesses.size(), looks);
    EXPECT_EQ(suspicion.key, explored.suspicions[0].key)
        << "wherever in their loops the threads are";
  }
  EXPECT_TRUE(explored.exhausted);
  EXPECT_LT(explored.longest, steps);
}

void AwaitEachOther() {
  Atomic<bool> set[2] = {false, false};
  const auto body = [&](int me) {
    while (!set[1 - me].load()) {
    }
    set[me].store(true);
  };
  Thread one(body, 0);
  Thread two(body, 1);
  one.join();
  two.join();
}

TEST(LivelockTest, TwoThatWaitForEachOtherAreSeenAtOnce) {
  ExpectLivelockAtOnce(AwaitEachOther, 100, 2);
}

// Nobody gives back what both want: the exchange that finds a lock taken changes nothing.
void TakenForEver() {
  Atomic<int> lock{1};
  Thread threads[2];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      while (lock.exchange(1) != 0) {
      }
    });
  }
  for (Thread& thread : threads) thread.join();
}

TEST(LivelockTest, ExchangesThatChangeNothingAreSeenAtOnce) {
  for (const Dpor::Mode mode : {Dpor::Mode::kSource, Dpor::Mode::kOptimal}) {
    Exploration exploration({.max_steps = 500});
    Dpor dpor(mode);
    const uint64_t executions = exploration.Explore(TakenForEver, dpor, 100);
    ASSERT_FALSE(exploration.suspicions.empty());
    for (const Suspicion& suspicion : exploration.suspicions) {
      EXPECT_EQ(suspicion.kind, FindingKind::kLivelock);
      EXPECT_EQ(suspicion.witnesses.size(), kStatesAreComplete ? 2u : suspicion.witnesses.size());
    }
    if (!kStatesAreComplete) continue;
    EXPECT_TRUE(dpor.Progress().exhausted);
    EXPECT_LE(executions, 20u);
    EXPECT_LT(exploration.result().steps, 100u);
  }
}

// Loops of one, two and three reads, one of them with a yield, and a fourth thread that is blocked.
void LoopsOfDifferentLengths() {
  Atomic<int> a{0}, b{0}, c{0};
  Mutex mutex;
  Thread one([&] {
    std::lock_guard lock(mutex);
    while (a.load() == 0) {
    }
  });
  Thread two([&] {
    while (a.load() + b.load() == 0) {
    }
  });
  Thread three([&] {
    while (a.load() + b.load() + c.load() == 0) Yield();
  });
  std::lock_guard lock(mutex);
  a.store(0);
  one.join(), two.join(), three.join();
}

TEST(LivelockTest, LoopsNeedNotBeInStep) {
  Exploration exploration;
  RoundRobin strategy;
  exploration.Explore(LoopsOfDifferentLengths, strategy, 5);
  ASSERT_FALSE(exploration.suspicions.empty());
  for (const Suspicion& suspicion : exploration.suspicions) {
    EXPECT_TRUE(suspicion.kind == FindingKind::kLivelock ||
                suspicion.kind == FindingKind::kDeadlock);
  }
  if (kStatesAreComplete) {
    EXPECT_LT(exploration.result().steps, 500u);
  }
}

// ---- Correct programs whose loops look like it ----

constexpr int kPatience = 300;

template <typename Body>
void RunInThread(Body body) {
  Thread thread(body);
  thread.join();
}

void CountsOnTheStack() {
  Atomic<bool> never{false};
  RunInThread([&] {
    for (int looks = 0; !never.load() && looks < kPatience; ++looks) {
    }
  });
}

void CountsInStaticStorage() {
  static int looks;
  looks = 0;
  Atomic<bool> never{false};
  RunInThread([&] {
    while (!never.load() && ++looks < kPatience) {
    }
  });
}

thread_local int looks_of_thread = 0;

void CountsInAThreadLocal() {
  Atomic<bool> never{false};
  RunInThread([&] {
    while (!never.load() && ++looks_of_thread < kPatience) {
    }
  });
}

void CountsOnTheHeap() {
  Atomic<bool> never{false};
  RunInThread([&] {
    const auto looks = std::make_unique<volatile int>(0);
    while (!never.load() && *looks < kPatience) *looks = *looks + 1;
  });
}

// Among numbers that hashes multiply by, SplitMix64's for one.
template <uint64_t kConstant>
void CountsAmongConstants() {
  struct Generator {
    volatile int looks = 0;
    uint64_t constants[64];
  };
  Atomic<bool> never{false};
  RunInThread([&] {
    const auto generator = std::make_unique<Generator>();
    std::fill_n(generator->constants, 64, kConstant);
    while (!never.load() && generator->looks < kPatience) generator->looks = generator->looks + 1;
  });
}

// Two of them, of which the second goes on when the first has given up.
void OneGivesUp() {
  Atomic<bool> never{false}, given_up{false};
  Thread patient([&] {
    while (!given_up.load()) {
    }
  });
  for (int looks = 0; !never.load() && looks < kPatience; ++looks) {
  }
  given_up.store(true);
  patient.join();
}

void PollsTheClock() {
  Atomic<bool> never{false};
  RunInThread([&] {
    const auto deadline = VirtualClock::now() + std::chrono::milliseconds(kPatience);
    while (!never.load() && VirtualClock::now() < deadline) Yield();
  });
}

void WaitsForASleeper() {
  Atomic<bool> flag{false};
  Thread sleeper([&] {
    SleepFor(std::chrono::hours(1));
    flag.store(true);
  });
  while (!flag.load()) {
  }
  sleeper.join();
}

void WaitsForATimeout() {
  Atomic<bool> flag{false};
  Mutex mutex;
  CondVar never;
  Thread sleeper([&] {
    std::unique_lock lock(mutex);
    never.wait_for(lock, std::chrono::hours(1));
    flag.store(true);
  });
  while (!flag.load()) Yield();
  sleeper.join();
}

void TriesUntilTheOtherUnlocks() {
  Mutex mutex;
  Atomic<bool> locked{false};
  Thread other([&] {
    mutex.lock();
    locked.store(true);
    SleepFor(std::chrono::seconds(1));
    mutex.unlock();
  });
  while (!locked.load()) {
  }
  while (!mutex.try_lock()) {
  }
  mutex.unlock();
  other.join();
}

TEST(LivelockTest, WhatEndsIsNone) {
  for (const auto body : {CountsOnTheStack, CountsInStaticStorage, CountsInAThreadLocal,
                          CountsOnTheHeap, CountsAmongConstants<0x9e3779b97f4a7c15>,
                          CountsAmongConstants<0xbf58476d1ce4e5b9>,
                          CountsAmongConstants<0x94d049bb133111eb>, OneGivesUp, PollsTheClock,
                          WaitsForASleeper, WaitsForATimeout, TriesUntilTheOtherUnlocks}) {
    const Explored explored = ExploreAll(body, {.unlock_is_point = true});
    EXPECT_TRUE(explored.suspicions.empty()) << explored.suspicions[0].message;
    EXPECT_FALSE(explored.cut);
  }
}

}  // namespace
}  // namespace heddle
