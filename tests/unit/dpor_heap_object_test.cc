// Complete search of programs whose objects lie on the heap, in every build: a sanitizer's heap
// gives other addresses in each execution.
#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include "gtest/gtest.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

// What the last execution of the program came to.
int outcome;

struct Searched {
  std::set<int> outcomes;
  std::set<uint64_t> classes;
  uint64_t executions = 0;
  uint64_t redundant = 0;
};

template <typename Searching>
Searched Search(void (*body)(), Searching&& strategy) {
  Exploration exploration;
  Searched searched;
  searched.executions = exploration.Explore(body, strategy, 100'000, [&] {
    EXPECT_FALSE(exploration.record().diverged);
    searched.outcomes.insert(outcome);
    searched.classes.insert(exploration.result().order_class);
  });
  EXPECT_TRUE(strategy.Progress().exhausted);
  searched.redundant = strategy.redundant();
  return searched;
}

// As many classes as published for the same program on a stack (dpor_test.cc).
void LastZeroOnHeap() {
  constexpr int kWriters = 4;
  const auto cells = std::make_unique<Atomic<int>[]>(kWriters + 1);
  Thread threads[kWriters + 1];
  threads[0] = Thread([&] {
    int i = kWriters;
    while (cells[i].load() != 0) --i;
    outcome = i;
  });
  for (int i = 1; i <= kWriters; ++i) {
    threads[i] = Thread([i, &cells] { cells[i].store(cells[i - 1].load() + 1); });
  }
  for (Thread& thread : threads) thread.join();
}

TEST(DporHeapObject, OfTheMainThread) {
  const Searched optimal = Search(LastZeroOnHeap, Dpor(Dpor::Mode::kOptimal));
  EXPECT_EQ(optimal.executions, 28u);
  EXPECT_EQ(optimal.redundant, 0u);
  const Searched source = Search(LastZeroOnHeap, Dpor(Dpor::Mode::kSource));
  EXPECT_EQ(source.executions - source.redundant, 28u);
}

struct Node {
  explicit Node(int first) : value(first) {}
  Mutex mutex;
  Atomic<int> value;
};

// Each of three makes a node, publishes it and adds to what the others have published by then. Two
// are made by children of children, whose ids the schedule decides.
void Publish() {
  Atomic<Node*> published[3] = {};
  std::unique_ptr<Node> own[3];
  const auto make = [&](int me) {
    own[me] = std::make_unique<Node>(me);
    published[me].store(own[me].get());
  };
  const auto add = [&](int me, int to) {
    if (Node* const node = published[to].load(); node != nullptr) {
      const std::lock_guard<Mutex> lock(node->mutex);
      node->value.store(3 * node->value.load() + me + 1);
    }
  };
  Thread first([&] {
    Thread child([&] { make(0), add(0, 1); });
    child.join();
  });
  Thread second([&] {
    Thread child([&] { make(1), add(1, 0); });
    child.join();
  });
  make(2);
  add(2, 0);
  add(2, 1);
  first.join();
  second.join();
  outcome = 0;
  for (const std::unique_ptr<Node>& node : own) outcome = 100 * outcome + node->value.load();
}

TEST(DporHeapObject, OfSeveralThreads) {
  const Searched dfs = Search(Publish, Dfs());
  EXPECT_GT(dfs.outcomes.size(), 10u);
  for (const Dpor::Mode mode : {Dpor::Mode::kSource, Dpor::Mode::kOptimal}) {
    const Searched dpor = Search(Publish, Dpor(mode));
    EXPECT_EQ(dpor.outcomes, dfs.outcomes);
    EXPECT_EQ(dpor.classes, dfs.classes);
    EXPECT_EQ(dpor.executions - dpor.redundant, dpor.classes.size());
    EXPECT_TRUE(mode == Dpor::Mode::kSource || dpor.redundant == 0);
  }
}

// Notes where the objects lie that threads are about to use.
class Places final : public Decider {
 public:
  void Begin(const Plan&) override {}
  bool WantsEveryStep() const override { return true; }
  uint32_t PickValue(const ValueChoice&) override { return 0; }
  ThreadId Pick(const SchedulingPoint& point) override {
    for (const ThreadId thread : point.enabled()) {
      const Operation& op = *point.Pending(thread);
      if (op.kind != OpKind::kRmw) continue;
      places.insert({point.AddressOf(op.object), point.PlaceOf(op.object).offset});
    }
    return point.enabled().back();
  }

  std::set<std::pair<uintptr_t, uint64_t>> places;
};

// Each thread has a block of its own, of one size.
void TwoEach() {
  const auto body = [] {
    const auto cells = std::make_unique<Atomic<int>[]>(2);
    cells[0].fetch_add(1);
    cells[1].fetch_add(1);
  };
  Thread first(body), second(body);
  first.join();
  second.join();
}

TEST(DporHeapObject, NamesRepeat) {
  Exploration exploration;
  Places places;
  std::unique_ptr<char[]> kept[20];  // what the harness keeps moves a sanitizer's heap
  for (auto& block : kept) {
    exploration.Execute(TwoEach, places, Plan{});
    block = std::make_unique<char[]>(2 * sizeof(Atomic<int>));
  }
  EXPECT_EQ(places.places.size(), 4u);
}

}  // namespace
}  // namespace heddle
