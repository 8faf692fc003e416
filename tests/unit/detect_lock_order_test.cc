#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/core/random.h"
#include "harness/detect/lock_order.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/controlled.h"
#include "tests/unit/detect_test_support.h"

namespace heddle::testing {
namespace {

class LockOrder : public ::testing::Test {
 protected:
  // Takes the locks in this order and gives them back; the n-th lock is taken at pc + n.
  void Nest(uint32_t thread, std::vector<uint32_t> locks, uintptr_t pc) {
    for (uint32_t lock : locks) trace.Do(thread, OpKind::kLock, lock, pc++);
    std::reverse(locks.begin(), locks.end());
    for (uint32_t lock : locks) trace.Do(thread, OpKind::kUnlock, lock);
  }

  LockOrderDetector detector;
  DetectorTrace trace{detector};
};

TEST_F(LockOrder, OppositeOrdersOfTwoThreads) {
  const EventSeq first = trace.Do(1, OpKind::kLock, 0, 10);
  const EventSeq second = trace.Do(1, OpKind::kLock, 1, 11);
  trace.Do(1, OpKind::kUnlock, 1);
  trace.Do(1, OpKind::kUnlock, 0);
  const EventSeq third = trace.Do(2, OpKind::kLock, 1, 20);
  const EventSeq fourth = trace.Do(2, OpKind::kLock, 0, 21);
  ASSERT_EQ(trace.suspicions.size(), 1u);
  const Suspicion& found = trace.suspicions[0];
  EXPECT_EQ(found.kind, FindingKind::kLockOrder);
  EXPECT_EQ(found.cycle, (std::vector<ThreadId>{ThreadId{2}, ThreadId{1}}));
  ASSERT_EQ(found.witnesses.size(), 4u);
  EXPECT_EQ(found.witnesses[0].seq, third);
  EXPECT_EQ(found.witnesses[1].seq, fourth);
  EXPECT_EQ(found.witnesses[2].seq, first);
  EXPECT_EQ(found.witnesses[3].seq, second);
  EXPECT_EQ(found.witnesses[3].object, ObjectId{1});
}

TEST_F(LockOrder, KeyIsThatOfTheDeadlockAndIndependentOfTheOrderOfThreads) {
  Nest(1, {0, 1}, 10);
  Nest(2, {1, 0}, 20);
  ASSERT_EQ(trace.suspicions.size(), 1u);
  const uint64_t key = trace.suspicions[0].key;
  const auto lock = static_cast<uint64_t>(OpKind::kLock);
  EXPECT_EQ(key - static_cast<uint64_t>(FindingKind::kLockOrder),
            MixSeed(11, lock) + MixSeed(21, lock));
  trace.Begin();
  Nest(5, {1, 0}, 20);
  Nest(3, {0, 1}, 10);
  ASSERT_EQ(trace.suspicions.size(), 1u);
  EXPECT_EQ(trace.suspicions[0].key, key);
}

TEST_F(LockOrder, OneThreadAloneIsNotReported) {
  Nest(1, {0, 1}, 10);
  Nest(1, {1, 0}, 20);
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(LockOrder, GateLockIsNotReported) {
  Nest(1, {9, 0, 1}, 10);
  Nest(2, {9, 1, 0}, 20);
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(LockOrder, TheSameAcquisitionsOnceWithoutTheGateAreReported) {
  Nest(1, {9, 0, 1}, 10);
  Nest(2, {9, 1, 0}, 20);
  trace.Do(1, OpKind::kLock, 0, 11);
  trace.Do(1, OpKind::kLock, 1, 12);
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(LockOrder, GateTakenByTryLockIsAGate) {
  for (uint32_t thread : {1u, 2u}) {
    trace.Do(thread, OpKind::kTryLock, 9);
    Nest(thread, {thread - 1, 2 - thread}, 10 * thread);
    trace.Do(thread, OpKind::kUnlock, 9);
  }
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(LockOrder, FailedTryLockIsNoGate) {
  for (uint32_t thread : {1u, 2u}) {
    trace.Do(thread, OpKind::kTryLock, 9, 0, Outcome::kFailed);
    Nest(thread, {thread - 1, 2 - thread}, 10 * thread);
  }
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(LockOrder, SharedGateDoesNotKeepReadersApart) {
  for (uint32_t thread : {1u, 2u}) {
    trace.Do(thread, OpKind::kLockShared, 9);
    Nest(thread, {thread - 1, 2 - thread}, 10 * thread);
    trace.Do(thread, OpKind::kUnlockShared, 9);
  }
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(LockOrder, TryLockAndTimedLockDoNotWait) {
  Nest(1, {0, 1}, 10);
  trace.Do(2, OpKind::kLock, 1, 20);
  trace.Do(2, OpKind::kTryLock, 0, 21);
  trace.Do(2, OpKind::kUnlock, 0);
  Operation timed{.kind = OpKind::kLock, .object = ObjectId{0}, .deadline = 5};
  trace.Feed(2, timed, Outcome::kDone);
  EXPECT_TRUE(trace.suspicions.empty());
  // But what try_lock took is held.
  trace.Do(3, OpKind::kTryLock, 1, 30);
  trace.Do(3, OpKind::kLock, 0, 31);
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(LockOrder, TakingAgainIsNoEdge) {
  trace.Do(1, OpKind::kLock, 0, 10);
  trace.Do(1, OpKind::kLock, 1, 11);
  trace.Do(1, OpKind::kLock, 0, 12);  // recursive: with 0 -> 1, no order 1 -> 0
  trace.Do(1, OpKind::kUnlock, 0);
  trace.Do(1, OpKind::kUnlock, 1);
  trace.Do(1, OpKind::kUnlock, 0);
  Nest(2, {0, 1}, 20);
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(LockOrder, ReadersDoNotWaitForReaders) {
  trace.Do(1, OpKind::kLockShared, 0, 10);
  trace.Do(1, OpKind::kLock, 1, 11);
  trace.Do(1, OpKind::kUnlock, 1);
  trace.Do(1, OpKind::kUnlockShared, 0);
  trace.Do(2, OpKind::kLock, 1, 20);
  trace.Do(2, OpKind::kLockShared, 0, 21);
  EXPECT_TRUE(trace.suspicions.empty());
  trace.Do(2, OpKind::kUnlockShared, 0);
  trace.Do(2, OpKind::kLock, 0, 22);
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(LockOrder, StartAndJoinOrderAcquisitions) {
  Nest(0, {0, 1}, 10);
  trace.Spawn(0, 1);
  trace.Do(1, OpKind::kStart, 101);
  Nest(1, {1, 0}, 20);
  EXPECT_TRUE(trace.suspicions.empty());
  trace.Spawn(0, 2);
  trace.Do(2, OpKind::kStart, 102);
  trace.Do(1, OpKind::kExit, 101);
  trace.Do(0, OpKind::kJoin, 101);
  Nest(0, {0, 1}, 10);
  EXPECT_TRUE(trace.suspicions.empty());
  Nest(2, {1, 0}, 30);  // beside main's second
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(LockOrder, LocksDoNotOrderAcquisitions) {
  Nest(1, {0, 1}, 10);
  Nest(1, {7}, 15);
  Nest(2, {7}, 25);
  Nest(2, {1, 0}, 20);
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(LockOrder, HandOversOrderAcquisitions) {
  struct HandOver {
    OpKind give, take;
  };
  for (const HandOver& h : {HandOver{OpKind::kRelease, OpKind::kAcquire},
                            {OpKind::kArrive, OpKind::kPhaseWait},
                            {OpKind::kOnceDone, OpKind::kOnceEnter},
                            {OpKind::kStore, OpKind::kLoad},
                            {OpKind::kRmw, OpKind::kRmw}}) {
    trace.Begin();
    Nest(1, {0, 1}, 10);
    trace.Do(1, h.give, 50);
    trace.Do(2, h.take, 50);
    Nest(2, {1, 0}, 20);
    EXPECT_TRUE(trace.suspicions.empty()) << TraitsOf(h.give).name;
    Nest(3, {1, 0}, 30);
    EXPECT_EQ(trace.suspicions.size(), 1u) << TraitsOf(h.give).name;
  }
  trace.Begin();
  Nest(1, {0, 1}, 10);
  trace.Annotate(1, Annotation::kChannelSend, 50);
  trace.Annotate(2, Annotation::kChannelReceive, 50);
  Nest(2, {1, 0}, 20);
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(LockOrder, WakeTakesTheMutexAgainAndOrders) {
  trace.Do(1, OpKind::kLock, 1);
  trace.Do(1, OpKind::kLock, 0);
  trace.Wait(1, OpKind::kWait, 50, 1);
  EXPECT_TRUE(trace.suspicions.empty());
  trace.Wait(1, OpKind::kWake, 50, 1);  // takes 1 while holding 0
  Nest(2, {1, 0}, 20);
  EXPECT_EQ(trace.suspicions.size(), 1u);

  trace.Begin();
  trace.Do(2, OpKind::kLock, 8);
  trace.Wait(2, OpKind::kWait, 50, 8);
  Nest(1, {0, 1}, 10);
  trace.Do(1, OpKind::kNotifyOne, 50);
  trace.Wait(2, OpKind::kWake, 50, 8);
  trace.Do(2, OpKind::kUnlock, 8);
  Nest(2, {1, 0}, 20);
  EXPECT_TRUE(trace.suspicions.empty());
}

TEST_F(LockOrder, CycleOfThree) {
  Nest(1, {0, 1}, 10);
  Nest(2, {1, 2}, 20);
  EXPECT_TRUE(trace.suspicions.empty());
  Nest(3, {2, 0}, 30);
  ASSERT_EQ(trace.suspicions.size(), 1u);
  EXPECT_EQ(trace.suspicions[0].cycle.size(), 3u);
}

TEST_F(LockOrder, RepetitionIsReportedOnce) {
  for (int i = 0; i < 3 * static_cast<int>(LockGraph::kMaxEdges); ++i) {
    Nest(1, {0, 1}, 10);
    Nest(2, {1, 0}, 20);
    trace.Do(1, OpKind::kRelease, 50);
    trace.Do(2, OpKind::kRelease, 51);
  }
  EXPECT_EQ(trace.suspicions.size(), 1u);
}

TEST_F(LockOrder, NothingIsAskedForUntilLocksNest) {
  trace.Spawn(0, 1);
  trace.Do(0, OpKind::kStore, 50);
  EXPECT_EQ(trace.delivered, 0);
  Nest(0, {0, 1}, 10);
  trace.Do(0, OpKind::kStore, 50);
  EXPECT_EQ(trace.delivered, 5);
  trace.Begin();
  trace.Do(0, OpKind::kStore, 50);
  EXPECT_EQ(trace.delivered, 5);
}

// ---- Against a naive model: every sequence of nested acquisitions, tried for every condition.
// ----

struct NaiveHold {
  uint32_t lock;
  bool shared;
};
struct NaiveEdge {
  uint32_t thread;
  NaiveHold from, to;
  std::vector<NaiveHold> held;
  size_t event;  // in the trace
  uintptr_t pc;
};

bool Exclude(NaiveHold a, NaiveHold b) { return a.lock == b.lock && !(a.shared && b.shared); }

class NaiveLockOrder {
 public:
  std::vector<NaiveEdge> edges;
  std::vector<std::vector<bool>> before;  // of events, transitive

  std::set<uint64_t> Keys() {
    for (size_t i = 0; i < edges.size(); ++i) {
      path_ = {i};
      Extend();
    }
    return keys_;
  }

 private:
  bool Together(const NaiveEdge& a, const NaiveEdge& b) const {
    if (a.thread == b.thread || before[a.event][b.event] || before[b.event][a.event]) return false;
    for (NaiveHold x : a.held) {
      for (NaiveHold y : b.held) {
        if (Exclude(x, y)) return false;
      }
    }
    return true;
  }
  // Nobody waits for more than the next.
  bool IsMinimal() const {
    for (size_t i = 0; i < path_.size(); ++i) {
      for (size_t j = 0; j < path_.size(); ++j) {
        const bool next = j == (i + 1) % path_.size();
        if (!next && Exclude(edges[path_[i]].to, edges[path_[j]].from)) return false;
      }
    }
    return true;
  }
  void Extend() {
    const NaiveEdge& first = edges[path_.front()];
    const NaiveEdge& last = edges[path_.back()];
    if (path_.size() > 1 && Exclude(last.to, first.from)) {
      if (!IsMinimal()) return;
      uint64_t key = static_cast<uint64_t>(FindingKind::kLockOrder);
      for (size_t i : path_) {
        const OpKind kind = edges[i].to.shared ? OpKind::kLockShared : OpKind::kLock;
        key += MixSeed(edges[i].pc, static_cast<uint64_t>(kind));
      }
      keys_.insert(key);
      return;
    }
    for (size_t i = 0; i < edges.size(); ++i) {
      if (!Exclude(last.to, edges[i].from)) continue;
      if (!std::all_of(path_.begin(), path_.end(),
                       [&](size_t p) { return Together(edges[p], edges[i]); })) {
        continue;
      }
      path_.push_back(i);
      Extend();
      path_.pop_back();
    }
  }

  std::vector<size_t> path_;
  std::set<uint64_t> keys_;
};

TEST(LockOrderRandom, AgreesWithTheNaiveModel) {
  int with_cycles = 0;
  for (uint64_t seed = 1; seed <= 30'000; ++seed) {
    Random random(seed);
    const uint32_t threads = 2 + random.Below(3);
    const uint32_t locks = 2 + random.Below(3);
    LockOrderDetector detector;
    DetectorTrace trace(detector);
    NaiveLockOrder naive;
    std::vector<std::vector<NaiveHold>> held(threads);
    struct Node {
      uint32_t thread;
      OpKind kind;
      uint32_t object;
    };
    std::vector<Node> events;
    for (int step = 0; step < 40; ++step) {
      const uint32_t thread = random.Below(threads);
      const uint32_t what = random.Below(10);
      Node node{thread, OpKind::kYield, 0};
      if (what < 5) {
        const NaiveHold wanted{random.Below(locks), random.Below(4) == 0};
        // Locks may be granted that another holds: the order of the trace is not what is tested.
        const bool again = std::any_of(held[thread].begin(), held[thread].end(),
                                       [&](NaiveHold h) { return h.lock == wanted.lock; });
        if (again) continue;
        const bool is_try = random.Below(5) == 0;
        const uintptr_t pc = 1000 + random.Below(6);
        const OpKind kind = wanted.shared ? (is_try ? OpKind::kTryLockShared : OpKind::kLockShared)
                                          : (is_try ? OpKind::kTryLock : OpKind::kLock);
        for (NaiveHold from : held[thread]) {
          if (!is_try) {
            naive.edges.push_back({thread, from, wanted, held[thread], events.size(), pc});
          }
        }
        held[thread].push_back(wanted);
        trace.Do(thread, kind, wanted.lock, pc);
        node.kind = kind;
      } else if (what < 8) {
        if (held[thread].empty()) continue;
        const size_t at = random.Below(static_cast<uint32_t>(held[thread].size()));
        const NaiveHold hold = held[thread][at];
        held[thread].erase(held[thread].begin() + static_cast<std::ptrdiff_t>(at));
        node.kind = hold.shared ? OpKind::kUnlockShared : OpKind::kUnlock;
        trace.Do(thread, node.kind, hold.lock);
      } else {
        node.kind = random.Below(2) == 0 ? OpKind::kRelease : OpKind::kAcquire;
        node.object = 50 + random.Below(2);
        trace.Do(thread, node.kind, node.object);
      }
      events.push_back(node);
    }
    const size_t n = events.size();
    naive.before.assign(n, std::vector<bool>(n, false));
    for (size_t j = 0; j < n; ++j) {
      for (size_t i = 0; i < j; ++i) {
        const bool direct =
            events[i].thread == events[j].thread ||
            (events[i].kind == OpKind::kRelease && events[j].kind == OpKind::kAcquire &&
             events[i].object == events[j].object);
        if (!direct) continue;
        naive.before[i][j] = true;
        for (size_t k = 0; k < i; ++k) {
          if (naive.before[k][i]) naive.before[k][j] = true;
        }
      }
    }
    const std::set<uint64_t> expected = naive.Keys();
    std::set<uint64_t> found;
    for (const Suspicion& suspicion : trace.suspicions) found.insert(suspicion.key);
    ASSERT_EQ(found.size(), trace.suspicions.size()) << "seed " << seed;
    ASSERT_EQ(found, expected) << "seed " << seed;
    with_cycles += !expected.empty();
  }
  EXPECT_GT(with_cycles, 2000);
}

// ---- Real programs. ----

Controlled& RunWith(Controlled& controlled, LockOrderDetector& detector, void (*body)(),
                    int executions) {
  controlled.engine().SetEventSinks({&detector});
  for (int i = 0; i < executions; ++i) {
    detector.Begin(&controlled);
    controlled.RunRandom(body, 1, static_cast<uint64_t>(i));
    detector.End();
  }
  return controlled;
}

void AbBa() {
  Mutex a, b;
  Thread one([&] {
    std::scoped_lock outer(a);
    std::scoped_lock inner(b);
  });
  Thread two([&] {
    std::scoped_lock outer(b);
    std::scoped_lock inner(a);
  });
  one.join();
  two.join();
}

void AbBaOneAfterTheOther() {
  Mutex a, b;
  Thread one([&] {
    std::scoped_lock outer(a);
    std::scoped_lock inner(b);
  });
  one.join();
  Thread two([&] {
    std::scoped_lock outer(b);
    std::scoped_lock inner(a);
  });
  two.join();
}

void AbBaAfterAFlag() {
  Mutex a, b;
  Atomic<bool> done = false;
  Thread one([&] {
    {
      std::scoped_lock outer(a);
      std::scoped_lock inner(b);
    }
    done = true;
  });
  while (!done) Yield();
  {
    std::scoped_lock outer(b);
    std::scoped_lock inner(a);
  }
  one.join();
}

TEST(LockOrderProgram, EveryExecutionOfAbBaIsReportedOnce) {
  Controlled controlled;
  LockOrderDetector detector;
  RunWith(controlled, detector, AbBa, 200);
  const int deadlocks = controlled.Count(FindingKind::kDeadlock);
  EXPECT_GT(deadlocks, 0);
  EXPECT_EQ(controlled.Count(FindingKind::kLockOrder), 200 - deadlocks);
  std::set<uint64_t> waits;
  for (const Suspicion& suspicion : controlled.suspicions) {
    waits.insert(suspicion.key - static_cast<uint64_t>(suspicion.kind));
  }
  EXPECT_EQ(waits.size(), 1u) << "a deadlock and its prediction have the same waits";
}

TEST(LockOrderProgram, OrderedThreadsAreClean) {
  for (void (*body)() : {AbBaOneAfterTheOther, AbBaAfterAFlag}) {
    Controlled controlled;
    LockOrderDetector detector;
    EXPECT_TRUE(RunWith(controlled, detector, body, 200).Clean()) << controlled.Text();
  }
}

}  // namespace
}  // namespace heddle::testing
