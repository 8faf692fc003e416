// Complete search of programs whose threads allocate: what each does for itself costs no
// executions.
#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"

namespace heddle {
namespace {

using testing::Describe;
using testing::Do;
using testing::Exploration;
using testing::RandomProgram;

// What the last execution came to.
int outcome;

struct Searched {
  std::set<uint64_t> classes;
  std::set<uint64_t> findings;  // by key, so by place
  std::set<std::string> states;
  std::set<std::string> messages;
  std::set<int> outcomes;
  uint64_t executions = 0;
  uint64_t redundant = 0;
};

template <typename Searching>
Searched Search(void (*body)(), Searching&& strategy, uint64_t limit = 200'000) {
  Exploration exploration;
  Searched searched;
  searched.executions = exploration.Explore(body, strategy, limit, [&] {
    EXPECT_FALSE(exploration.record().diverged);
    searched.classes.insert(exploration.result().order_class);
    searched.states.insert(testing::FinalState());
    searched.outcomes.insert(outcome);
    for (const Suspicion& suspicion : exploration.suspicions) {
      searched.findings.insert(suspicion.key);
      searched.messages.insert(suspicion.message);
    }
    exploration.suspicions.clear();
  });
  EXPECT_EQ(searched.executions == limit, !strategy.Progress().exhausted);
  searched.redundant = strategy.redundant();
  return searched;
}

// Three threads with blocks of several sizes, some of which live across steps.
void EachForItself() {
  Atomic<int> own[3] = {{0}, {0}, {0}};
  std::vector<Thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&own, i] {
      auto kept = std::make_unique<int[]>(10);
      for (size_t size = 1; size < 40'000; size *= 8) std::make_unique<char[]>(size);
      own[i].store(1);
      const std::vector<std::string> texts(5, std::string(100, 'x'));
      own[i].store(2);
      kept.reset();
      own[i].store(3);
    });
  }
  for (Thread& thread : threads) thread.join();
}

TEST(HeapSearchTest, WhatEachThreadDoesForItselfIsOneClass) {
  for (const Dpor::Mode mode : {Dpor::Mode::kSource, Dpor::Mode::kOptimal}) {
    const Searched dpor = Search(EachForItself, Dpor(mode));
    EXPECT_EQ(dpor.executions, 1u);
    EXPECT_TRUE(dpor.findings.empty());
  }
}

// A node is allocated by one thread and freed by the other; both have more of their own.
void HandOver() {
  Atomic<int*> slots[2] = {{nullptr}, {nullptr}};
  Thread producer([&slots] {
    auto own = std::make_unique<int>(0);
    for (Atomic<int*>& slot : slots) slot.store(new int(1));
    own.reset();
  });
  Thread consumer([&slots] {
    auto own = std::make_unique<int>(0);
    for (Atomic<int*>& slot : slots) delete slot.exchange(nullptr);
    own.reset();
  });
  producer.join();
  consumer.join();
  for (Atomic<int*>& slot : slots) delete slot.load();
}

TEST(HeapSearchTest, HandingOverANodeCostsNoMoreThanItsAtomics) {
  const Searched dfs = Search(HandOver, Dfs());
  EXPECT_TRUE(dfs.findings.empty());
  // Of each slot the store comes first, or the exchange does.
  EXPECT_EQ(dfs.classes.size(), 4u);
  for (const Dpor::Mode mode : {Dpor::Mode::kSource, Dpor::Mode::kOptimal}) {
    const Searched dpor = Search(HandOver, Dpor(mode));
    EXPECT_EQ(dpor.classes, dfs.classes);
    EXPECT_EQ(dpor.executions - dpor.redundant, 4u);
    EXPECT_TRUE(dpor.findings.empty());
  }
}

// ---- What needs Heddle's own heap: a sanitizer's repeats no address and ends the process at a
// double free ----

// Who of the two is told of depends on who is first.
void FreeTwice() {
  auto* const block = new int(1);
  Atomic<int> unrelated[2] = {{0}, {0}};
  outcome = 0;
  const auto free = [&](int me) {
    unrelated[me - 1].store(1);
    if (outcome == 0) outcome = me;
    delete block;
  };
  Thread first([&] { free(1); });
  Thread second([&] { free(2); });
  first.join();
  second.join();
}

TEST(UnsanitizedHeapSearchTest, TheOrderOfTwoFreesOfOneBlockMatters) {
  const std::set<int> both = {1, 2};
  EXPECT_EQ(Search(FreeTwice, Dfs({.sleep_sets = false})).outcomes, both);
  EXPECT_EQ(Search(FreeTwice, Dfs()).outcomes, both);
  EXPECT_EQ(Search(FreeTwice, Dpor(Dpor::Mode::kSource)).outcomes, both);
  const Searched optimal = Search(FreeTwice, Dpor(Dpor::Mode::kOptimal));
  EXPECT_EQ(optimal.outcomes, both);
  EXPECT_EQ(optimal.executions, 2u);
  EXPECT_EQ(optimal.messages,
            std::set<std::string>{"a block is freed that has been freed already"});
}

// Two threads that do the same otherwise; the outcome is where their blocks lie.
template <typename Block>
void TwoBlocks() {
  Atomic<int> unrelated[2] = {{0}, {0}};
  std::unique_ptr<Block> blocks[2];
  const auto allocate = [&](int me) {
    unrelated[me].store(1);
    blocks[me] = std::make_unique<Block>();
  };
  Thread first([&] { allocate(0); });
  Thread second([&] { allocate(1); });
  first.join();
  second.join();
  outcome = blocks[0] < blocks[1] ? 1 : 2;
}

// What is too large for a thread's own memory lies where the order wants it.
TEST(UnsanitizedHeapSearchTest, TheOrderOfAllocationsOfLargeBlocksMatters) {
  using Large = std::array<char, 100'000>;
  const std::set<int> both = {1, 2};
  EXPECT_EQ(Search(TwoBlocks<Large>, Dfs({.sleep_sets = false})).outcomes, both);
  EXPECT_EQ(Search(TwoBlocks<Large>, Dfs()).outcomes, both);
  for (const Dpor::Mode mode : {Dpor::Mode::kSource, Dpor::Mode::kOptimal}) {
    const Searched dpor = Search(TwoBlocks<Large>, Dpor(mode));
    EXPECT_EQ(dpor.outcomes, both);
    EXPECT_EQ(dpor.executions, 2u);
  }
}

TEST(UnsanitizedHeapSearchTest, SmallBlocksLieAtTheSameAddressesInEveryOrder) {
  const Searched every = Search(TwoBlocks<int>, Dfs({.sleep_sets = false}));
  EXPECT_GT(every.executions, 1u);
  EXPECT_EQ(every.outcomes.size(), 1u);
  const Searched dfs = Search(TwoBlocks<int>, Dfs());
  EXPECT_EQ(dfs.executions - dfs.redundant, 1u);
  EXPECT_EQ(Search(TwoBlocks<int>, Dpor(Dpor::Mode::kOptimal)).executions, 1u);
}

// The first thread frees a node and gets its memory again, while the second takes it for the old
// one.
void TakenForTheOldOne() {
  struct Node {
    int value;
  };
  Atomic<Node*> top{new Node{1}};
  Atomic<int> popped{0};
  Thread second([&] {
    Node* const seen = top.load();
    const bool is_old = seen != nullptr && popped.load() == 0;
    if (Node* expected = seen; top.compare_exchange_strong(expected, nullptr)) {
      Assert(!is_old || popped.load() == 0, "the node is the one that was seen");
      delete seen;
    }
  });
  Thread first([&] {
    Node* const taken = top.exchange(nullptr);
    if (taken == nullptr) return;
    popped.store(1);
    delete taken;
    top.store(new Node{2});
  });
  first.join();
  second.join();
  delete top.load();
}

TEST(UnsanitizedHeapSearchTest, MemoryThatAThreadGetsAgainIsPartOfTheSearch) {
  const std::string failure = "the node is the one that was seen";
  EXPECT_TRUE(Search(TakenForTheOldOne, Dfs()).messages.contains(failure));
  for (const Dpor::Mode mode : {Dpor::Mode::kSource, Dpor::Mode::kOptimal}) {
    EXPECT_TRUE(Search(TakenForTheOldOne, Dpor(mode)).messages.contains(failure));
  }
}

// Against every schedule, with the addresses that the program sees: they are a matter of the class.
void Compare(const std::vector<Do>& kinds, uint64_t seed, int programs) {
  constexpr uint64_t kTooMany = 4'000;
  Random random(seed);
  int compared = 0;
  uint64_t reference = 0;
  uint64_t reduced = 0;
  for (int i = 0; i < programs; ++i) {
    const RandomProgram program = testing::MakeProgram(random, kinds, 4);
    testing::SetProgram(program);
    SCOPED_TRACE(Describe(program));
    Dfs every({.sleep_sets = false});
    const Searched all = Search(testing::RunProgram, every, kTooMany);
    if (all.executions == kTooMany) continue;
    ++compared;
    const Searched dfs = Search(testing::RunProgram, Dfs());
    EXPECT_EQ(dfs.states, all.states);
    EXPECT_EQ(dfs.findings, all.findings);
    reference += all.executions;
    for (const Dpor::Mode mode : {Dpor::Mode::kSource, Dpor::Mode::kOptimal}) {
      const Searched dpor = Search(testing::RunProgram, Dpor(mode));
      EXPECT_EQ(dpor.states, all.states);
      EXPECT_EQ(dpor.findings, all.findings);
      EXPECT_EQ(dpor.classes, all.classes);
      reduced += dpor.executions;
    }
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(compared, programs / 2);
  ::testing::Test::RecordProperty("programs", compared);
  ::testing::Test::RecordProperty("every_schedule", static_cast<int>(reference));
  ::testing::Test::RecordProperty("both_dpor", static_cast<int>(reduced));
}

TEST(HeapSearchTest, RandomProgramsThatAllocate) {
  Compare({Do::kAllocate, Do::kFree, Do::kLoad, Do::kStore, Do::kSpawn}, 1, 100);
}

TEST(HeapSearchTest, RandomProgramsThatHandOverBlocks) {
  Compare({Do::kAllocate, Do::kFree, Do::kGive, Do::kTake, Do::kLoad, Do::kStore}, 2, 150);
}

TEST(UnsanitizedHeapSearchTest, RandomProgramsThatFreeTwice) {
  Compare({Do::kAllocate, Do::kGive, Do::kTake, Do::kFreeGiven, Do::kStore}, 3, 150);
}

}  // namespace
}  // namespace heddle
