// Reads-from pairs against the definition, kept from events: which place last changed what another
// reads or takes.
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "harness/core/random.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/strategy/random_walk.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"

namespace heddle::testing {
namespace {

class Ignore final : public SuspicionSink {
 public:
  void Report(Suspicion) override {}
};

// Threads are known by their ids: main starts all of them.
class Defined final : public EventSink {
 public:
  using Place = std::pair<ThreadId, uintptr_t>;

  EventMask Wants() const override { return EventMask::All(); }
  void OnEvent(const Event& event) override {
    const Operation& op = *event.op;
    const Place here(event.by.thread, op.pc);
    const bool done = event.by.outcome == Outcome::kDone;
    const bool reads = op.kind == OpKind::kLoad || op.kind == OpKind::kRmw ||
                       op.kind == OpKind::kCompareExchange || op.kind == OpKind::kLock;
    const bool changes = op.kind == OpKind::kStore || op.kind == OpKind::kRmw ||
                         (op.kind == OpKind::kCompareExchange && done) || op.kind == OpKind::kLock;
    if (reads) pairs.insert({changed_by_[op.object], here});
    if (changes) changed_by_[op.object] = here;
  }
  void BeginExecution() { changed_by_.clear(); }

  std::set<std::pair<Place, Place>> pairs;

 private:
  std::map<ObjectId, Place> changed_by_;
};

constexpr int kThreads = 40;

void ManyThreads() {
  Atomic<int> first{0}, second{0};
  Mutex mutex;
  std::vector<Thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      if (i % 2 == 0) first.store(i + 1);
      int expected = first.load();
      mutex.lock();
      mutex.unlock();
      second.compare_exchange_strong(expected, i + 100);
      second.fetch_add(1);
    });
  }
  for (Thread& thread : threads) thread.join();
  second.load();
}

std::set<uint64_t> Pairs(int executions, Defined* defined) {
  auto log = std::make_unique<DecisionLog>();
  ControlledEngine engine({}, log.get());
  Ignore ignore;
  engine.SetSuspicionSink(&ignore);
  engine.SetEventSinks({defined});
  RandomWalk random;
  const auto decider = random.MakeDecider();
  std::set<uint64_t> pairs;
  for (int i = 0; i < executions; ++i) {
    Plan plan;
    plan.seed = MixSeed(1, static_cast<uint64_t>(i));
    decider->Begin(plan);
    defined->BeginExecution();
    engine.Run(Program{ManyThreads}, *decider);
    pairs.insert(engine.pairs().pairs().begin(), engine.pairs().pairs().end());
    EXPECT_EQ(pairs.size(), defined->pairs.size()) << "after execution " << i;
  }
  return pairs;
}

TEST(ReadsFromPairsTest, AreThoseOfTheDefinition) {
  Defined defined;
  const std::set<uint64_t> pairs = Pairs(200, &defined);
  EXPECT_GT(pairs.size(), 1000u);
}

TEST(ReadsFromPairsTest, AreTheSameInAnotherEngine) {
  Defined defined, again;
  EXPECT_EQ(Pairs(20, &defined), Pairs(20, &again));
}

}  // namespace
}  // namespace heddle::testing
