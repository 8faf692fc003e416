// Partial-order reduction handed on from instance to instance: together they make exactly the
// executions of one, in its order, wherever it is interrupted.
#include <sys/mman.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dpor.h"
#include "tests/support/classic_programs.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"
#include "tests/support/search_log.h"

namespace heddle {
namespace {

using testing::Describe;
using testing::Do;
using testing::Exploration;
using testing::LogOf;
using testing::SearchLog;

// Each instance makes 1 to `most` executions and hands on; each has a decider and, with `engines`,
// an engine of its own, so that what belongs to a process is not what it was.
SearchLog HandedOn(void (*body)(), Dpor::Mode mode, uint64_t most, uint64_t seed,
                  const ExecutionOptions& options = {}, bool engines = false) {
  Random random(seed);
  auto exploration = std::make_unique<Exploration>(options);
  Dpor whole(mode);
  SearchLog searched;
  std::string part;  // "": the root
  for (bool left = true; left;) {
    Dpor dpor(mode);
    if (!part.empty()) {
      EXPECT_TRUE(dpor.Adopt(part));
    }
    if (engines) {
      exploration.reset();
      // Where the stacks of its threads were.
      mmap(nullptr, 300 << 10, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      exploration = std::make_unique<Exploration>(options);
    }
    const uint64_t limit = 1 + random.Below(most);
    const uint64_t made = exploration->Explore(body, dpor, limit, [&] {
      EXPECT_FALSE(exploration->record().diverged);
      searched.executions.push_back(Decisions(*exploration));
    });
    left = false;
    if (made == limit) {
      const std::vector<std::string> parts = dpor.Split(1 + random.Below(6));
      EXPECT_LE(parts.size(), 1u);
      left = !parts.empty();
      if (left) part = parts[0];
    }
    EXPECT_TRUE(whole.Add(dpor.Counts(), !left));
    EXPECT_LE(whole.Progress().share_done.value(), 1.0 + 1e-9);
    EXPECT_EQ(whole.Progress().exhausted, !left);
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_EQ(whole.executions(), searched.executions.size());
  searched.redundant = whole.redundant();
  return searched;
}

void ExpectTheSame(void (*body)(), const ExecutionOptions& options = {}) {
  for (const Dpor::Mode mode : {Dpor::Mode::kSource, Dpor::Mode::kOptimal}) {
    const SearchLog whole = LogOf(body, Dpor(mode), options);
    for (const uint64_t most : {1, 2, 7, 100}) {
      const SearchLog parts = HandedOn(body, mode, most, most, options);
      EXPECT_EQ(parts.executions, whole.executions) << "handed on after up to " << most;
      EXPECT_EQ(parts.redundant, whole.redundant);
    }
  }
}

void ExpectTheSameOfRandomPrograms(const std::vector<Do>& kinds, uint64_t seed,
                                   const ExecutionOptions& options = {}) {
  Random random(seed);
  for (int i = 0; i < 40; ++i) {
    const testing::RandomProgram program = testing::MakeProgram(random, kinds, 3);
    testing::SetProgram(program);
    SCOPED_TRACE(Describe(program));
    ExpectTheSame(testing::RunProgram, options);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(DporPartsTest, ClassicPrograms) {
  ExpectTheSame(testing::LastZero<6>);
  ExpectTheSame(testing::Readers<6>);
  ExpectTheSame(testing::Indexer<13>);
  ExpectTheSame(testing::Philosophers<3>);
  ExpectTheSame(testing::LostWakeup);
}

TEST(DporPartsTest, AtomicsAndMutexes) {
  ExpectTheSameOfRandomPrograms(
      {Do::kLoad, Do::kStore, Do::kAdd, Do::kExchange, Do::kLock, Do::kUnlock}, 1);
}

TEST(DporPartsTest, ChoicesAndChildren) {
  ExpectTheSameOfRandomPrograms({Do::kLoad, Do::kStore, Do::kChoose, Do::kSpawn, Do::kAllocate}, 2);
}

TEST(DporPartsTest, ThingsThatBlock) {
  ExpectTheSameOfRandomPrograms({Do::kLoad, Do::kStore, Do::kLock, Do::kUnlock, Do::kWait,
                                 Do::kWaitFor, Do::kNotifyOne, Do::kNotifyAll, Do::kAcquire,
                                 Do::kTryAcquire, Do::kRelease, Do::kYield},
                                3);
}

TEST(DporPartsTest, TriesWithUnlocksAsPoints) {
  ExecutionOptions options;
  options.unlock_is_point = true;
  ExpectTheSameOfRandomPrograms(
      {Do::kLoad, Do::kStore, Do::kLock, Do::kUnlock, Do::kTryLock, Do::kTryLockFor}, 4, options);
}

Atomic<int> in_static_storage{0};

// Threads that create threads, in an order that the schedule decides, with objects on the stacks of
// all, on the heap and in static storage.
void EverywhereInMemory() {
  Atomic<int> shared(0);
  const auto parent = [&] {
    Atomic<int> mine(0);
    const auto on_heap = std::make_unique<Atomic<int>>(0);
    Thread child([&] {
      mine.fetch_add(1);
      on_heap->fetch_add(1);
      shared.fetch_add(1);
    });
    mine.load();
    on_heap->load();
    in_static_storage.fetch_add(1);
    child.join();
  };
  Thread first(parent), second(parent);
  first.join();
  second.join();
}

TEST(DporPartsTest, NamesAreTheSameWhereverThingsLie) {
  const SearchLog whole = LogOf(EverywhereInMemory, Dpor(Dpor::Mode::kOptimal));
  EXPECT_GT(whole.executions.size(), 20u);
  // Stacks are elsewhere, and threads are met in another order, in an engine that begins later.
  const SearchLog parts =
      HandedOn(EverywhereInMemory, Dpor::Mode::kOptimal, 15, 1, {}, /*engines=*/true);
  EXPECT_EQ(parts.executions, whole.executions);
}

TEST(DporPartsTest, NothingLeftIsNoPart) {
  const uint64_t all = LogOf(testing::Readers<3>, Dpor(Dpor::Mode::kOptimal)).executions.size();
  Exploration exploration;
  Dpor dpor(Dpor::Mode::kOptimal);
  EXPECT_EQ(exploration.Explore(testing::Readers<3>, dpor, all), all);
  EXPECT_TRUE(dpor.Split(3).empty());
}

TEST(DporPartsTest, DamagedPartsAreRefused) {
  Exploration exploration;
  Dpor first(Dpor::Mode::kOptimal);
  exploration.Explore(testing::LastZero<4>, first, 10);
  const std::vector<std::string> parts = first.Split(2);
  ASSERT_EQ(parts.size(), 1u);
  for (size_t size = 0; size < parts[0].size(); ++size) {
    EXPECT_FALSE(Dpor(Dpor::Mode::kOptimal).Adopt(std::string_view(parts[0]).substr(0, size)));
  }
  for (size_t i = 0; i < parts[0].size(); ++i) {
    std::string damaged = parts[0];
    damaged[i] ^= 0x10;
    EXPECT_FALSE(Dpor(Dpor::Mode::kOptimal).Adopt(damaged)) << "byte " << i;
  }
  EXPECT_FALSE(Dpor(Dpor::Mode::kOptimal).Adopt(parts[0] + "x"));
  EXPECT_FALSE(Dpor(Dpor::Mode::kSource).Adopt(parts[0])) << "a part of the other search";
  EXPECT_FALSE(Dpor(Dpor::Mode::kOptimal).Add("nonsense", false));
  EXPECT_TRUE(Dpor(Dpor::Mode::kOptimal).Adopt(parts[0]));
}

}  // namespace
}  // namespace heddle
