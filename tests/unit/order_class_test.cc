// The class of an execution against the definition: of every schedule of small programs, those with
// the same steps in the same threads and the same order of those that depend on each other are one.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "harness/core/random.h"
#include "harness/model/dependence.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/random_walk.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/shared_mutex.h"
#include "primitives/thread.h"

namespace heddle::testing {
namespace {

struct Step {
  Operation op;
  Transition by;
  uint64_t value;
};

class Ignore final : public SuspicionSink {
 public:
  void Report(Suspicion) override {}
};

class Steps final : public EventSink {
 public:
  EventMask Wants() const override { return EventMask::All(); }
  void OnEvent(const Event& event) override {
    const OpKind kind = event.op->kind;
    if (kind != OpKind::kChoose && !TraitsOf(kind).scheduling_point) return;
    if (kind == OpKind::kStart || kind == OpKind::kYield) return;
    steps.push_back({*event.op, event.by, kind == OpKind::kChoose ? event.value : 0});
  }

  // By the definition: what each thread did, and which of two dependent steps came first.
  std::string Class() const {
    std::map<ThreadId, int> made;
    std::vector<std::string> names;
    std::set<std::string> facts;
    for (size_t i = 0; i < steps.size(); ++i) {
      const Step& step = steps[i];
      names.push_back(std::to_string(Index(step.by.thread)) + "." +
                      std::to_string(made[step.by.thread]++));
      facts.insert(names[i] + " " + TraitsOf(step.op.kind).code + " " +
                   std::to_string(static_cast<int>(step.by.outcome)) + " " +
                   std::to_string(step.by.source) + " " + std::to_string(step.value));
      for (size_t j = 0; j < i; ++j) {
        if (steps[j].by.thread != step.by.thread &&
            Dependent(steps[j].op, steps[j].by.outcome, step.op, step.by.outcome)) {
          facts.insert(names[j] + " < " + names[i]);
        }
      }
    }
    std::string text;
    for (const std::string& fact : facts) text += fact + "; ";
    return text;
  }

  std::vector<Step> steps;
};

// Runs executions of both a search that leaves out nothing and random walks; returns the classes.
size_t ClassesOf(void (*body)(), uint64_t most = 20'000) {
  auto log = std::make_unique<DecisionLog>();
  ControlledEngine engine({}, log.get());
  Ignore ignore;
  Steps sink;
  engine.SetSuspicionSink(&ignore);
  engine.SetEventSinks({&sink});
  std::map<std::string, uint64_t> hash_of;
  std::map<uint64_t, std::string> class_of;
  Dfs dfs(DfsOptions{.sleep_sets = false});
  RandomWalk random;
  for (Strategy* strategy : {static_cast<Strategy*>(&dfs), static_cast<Strategy*>(&random)}) {
    const auto decider = strategy->MakeDecider();
    Plan plan;
    ExecutionRecord record;
    for (uint64_t i = 0; i < (strategy == &dfs ? most : 500) && strategy->Next(&plan); ++i) {
      plan.index = i;
      plan.seed = MixSeed(1, i);
      sink.steps.clear();
      record.Clear();
      decider->Begin(plan);
      const ExecutionResult result = engine.Run(Program{body}, *decider);
      record.steps = result.steps;
      decider->End(&record);
      strategy->Learn(plan, record);
      const std::string defined = sink.Class();
      EXPECT_EQ(hash_of.try_emplace(defined, result.order_class).first->second, result.order_class)
          << "one class, two hashes: " << defined;
      EXPECT_EQ(class_of.try_emplace(result.order_class, defined).first->second, defined)
          << "two classes, one hash";
    }
  }
  return hash_of.size();
}

void TwoWritersOneReader() {
  Atomic<int> value{0};
  Thread first([&] { value.store(1); });
  Thread second([&] { value.store(2); });
  value.load();
  first.join();
  second.join();
}
TEST(OrderClassTest, OrdersOfWritesAndReads) { EXPECT_EQ(ClassesOf(TwoWritersOneReader), 6u); }

void ThreeReaders() {
  Atomic<int> value{0};
  const auto read = [&] { value.load(); };
  Thread first(read), second(read);
  read();
  first.join();
  second.join();
}
TEST(OrderClassTest, ReadsAreNotOrdered) { EXPECT_EQ(ClassesOf(ThreeReaders), 1u); }

void TwoLocks() {
  Mutex a, b;
  Thread first([&] {
    a.lock();
    a.unlock();
    b.lock();
    b.unlock();
  });
  Thread second([&] {
    b.lock();
    b.unlock();
    a.lock();
    a.unlock();
  });
  first.join();
  second.join();
}
TEST(OrderClassTest, LocksAreOrderedByObject) { EXPECT_EQ(ClassesOf(TwoLocks), 3u); }

void FailingExchanges() {
  Atomic<int> value{0};
  const auto fail = [&] {
    int expected = 7;
    value.compare_exchange_strong(expected, 1);
  };
  Thread first(fail), second(fail);
  value.store(3);
  first.join();
  second.join();
}
TEST(OrderClassTest, AComparisonThatFailsIsARead) { EXPECT_EQ(ClassesOf(FailingExchanges), 4u); }

void Choices() {
  Thread other([] { Choose(3); });
  Choose(2);
  other.join();
}
TEST(OrderClassTest, WhatWasChosen) { EXPECT_EQ(ClassesOf(Choices), 6u); }

// Of which no two may be alike: the same values in another order are others.
void ThreeChoices() {
  for (int i = 0; i < 3; ++i) Choose(4);
}
TEST(OrderClassTest, InWhichOrderItWasChosen) { EXPECT_EQ(ClassesOf(ThreeChoices), 64u); }

void ThreadsOfThreads() {
  Atomic<int> value{0};
  const auto parent = [&] {
    Thread child([&] { value.store(1); });
    child.join();
  };
  Thread first(parent), second(parent);
  first.join();
  second.join();
}
// The grandchildren's ids depend on the schedule, so that the definition above would tell apart
// what is one class: there are two orders of the stores, and joins add none.
TEST(OrderClassTest, IdsOfThreadsDoNotMatter) {
  auto log = std::make_unique<DecisionLog>();
  ControlledEngine engine({}, log.get());
  Ignore ignore;
  engine.SetSuspicionSink(&ignore);
  RandomWalkDecider decider;
  std::set<uint64_t> classes;
  for (uint64_t i = 0; i < 500; ++i) {
    Plan plan;
    plan.seed = MixSeed(2, i);
    decider.Begin(plan);
    classes.insert(engine.Run(Program{ThreadsOfThreads}, decider).order_class);
  }
  EXPECT_EQ(classes.size(), 2u);
}

void Mixed() {
  Mutex mutex;
  SharedMutex shared;
  Atomic<int> value{0};
  Thread first([&] {
    shared.lock_shared();
    value.fetch_add(1);
    shared.unlock_shared();
    if (mutex.try_lock()) mutex.unlock();
  });
  Thread second([&] {
    shared.lock_shared();
    shared.unlock_shared();
    mutex.lock();
    value.load();
    mutex.unlock();
  });
  shared.lock();
  shared.unlock();
  first.join();
  second.join();
}
TEST(OrderClassTest, ProgramsOfSeveralPrimitives) { EXPECT_EQ(ClassesOf(Mixed), 15u); }

void Waits() {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  const auto wait = [&] {
    std::unique_lock lock(mutex);
    while (!ready) changed.wait(lock);
  };
  Thread first(wait), second(wait);
  mutex.lock();
  ready = true;
  mutex.unlock();
  changed.notify_one();
  changed.notify_one();
  first.join();
  second.join();
}
TEST(OrderClassTest, WhomANotificationWoke) { EXPECT_GT(ClassesOf(Waits, 5'000), 10u); }

}  // namespace
}  // namespace heddle::testing
