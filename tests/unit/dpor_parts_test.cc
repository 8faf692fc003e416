// Partial-order reduction handed on from instance to instance, and divided by inputs: together they
// make exactly the executions of one, in its order, wherever it is interrupted.
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dpor.h"
#include "harness/strategy/dpor_left.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/thread.h"
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

// What it leaves, in up to so many parts; parts that go by source sets are not divided here.
std::vector<std::string> PartsOf(Dpor& dpor, Dpor::Mode mode, size_t most,
                                 std::deque<std::string>* others) {
  const std::vector<std::string> left = dpor.Split(1);
  EXPECT_LE(left.size(), 1u);
  DporLeft told;
  if (mode == Dpor::Mode::kSource) return left;
  EXPECT_TRUE(told.Restore(left.at(0)));
  if (told.kind == DporLeft::Kind::kSource) return left;
  if (told.kind == DporLeft::Kind::kBeyond) others->clear();
  std::vector<std::string> parts;
  EXPECT_TRUE(dpor.MakeRounds()->Next(left, most, &parts));
  return parts;
}

// Each instance makes 1 to `most` executions and hands on, in up to six parts, which are explored
// in their order; each has a decider and, with `engines`, an engine of its own, so that what
// belongs to a process is not what it was.
SearchLog HandedOn(void (*body)(), Dpor::Mode mode, uint64_t most, uint64_t seed,
                   const ExecutionOptions& options = {}, bool engines = false) {
  Random random(seed);
  auto exploration = std::make_unique<Exploration>(options);
  Dpor whole(mode);
  SearchLog searched;
  std::deque<std::string> parts = {""};  // "": the root
  while (!parts.empty()) {
    Dpor dpor(mode);
    if (!parts.front().empty()) {
      EXPECT_TRUE(dpor.Adopt(parts.front()));
    }
    parts.pop_front();
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
    if (made == limit) {
      const std::vector<std::string> left = PartsOf(dpor, mode, 1 + random.Below(6), &parts);
      parts.insert(parts.begin(), left.begin(), left.end());
    }
    EXPECT_TRUE(whole.Add(dpor.Counts(), parts.empty()));
    EXPECT_LE(whole.Progress().share_done.value(), 1.0 + 1e-9);
    EXPECT_EQ(whole.Progress().exhausted, parts.empty());
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
  ExpectTheSameOfRandomPrograms(
      {Do::kLoad, Do::kStore, Do::kLock, Do::kUnlock, Do::kWait, Do::kWaitFor, Do::kNotifyOne,
       Do::kNotifyAll, Do::kAcquire, Do::kTryAcquire, Do::kRelease, Do::kYield},
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

// Inputs chosen in one step, in a later one, and as many as an earlier one says; the threads
// choose, too, which does not divide anything.
void Inputs() {
  uint64_t sum = 0;
  const uint64_t more = Choose(3);
  for (uint64_t i = 0; i < more; ++i) sum += Choose(2);
  Atomic<uint64_t> x(0), y(0);
  x.store(sum);
  const uint64_t rounds = Choose(2);
  const auto body = [&] {
    for (uint64_t i = 0; i < rounds; ++i) {
      if (Choose(2) == 1) {
        x.fetch_add(1);
      } else {
        y.fetch_add(x.load());
      }
    }
  };
  Thread first(body);
  const bool is_asked = Choose(2) == 1;  // in the step that has created a thread
  Thread second(body);
  if (is_asked) y.load();
  if (Choose(2) == 1) x.load();  // in one after it
  first.join();
  second.join();
}

TEST(DporPartsTest, InputsDivideTheSearch) {
  ExpectTheSame(Inputs);

  // Others explore the parts, the last one first.
  std::vector<std::string> of_one = LogOf(Inputs, Dpor(Dpor::Mode::kOptimal)).executions;
  Exploration exploration;
  Dpor whole(Dpor::Mode::kOptimal);
  std::vector<std::string> executions;
  std::vector<std::string> parts = {""};
  size_t most = 0;
  for (uint64_t begun = 0; !parts.empty(); ++begun) {
    Dpor dpor(Dpor::Mode::kOptimal);
    if (begun > 0) {
      ASSERT_TRUE(dpor.Adopt(parts.back()));
    }
    parts.pop_back();
    constexpr uint64_t kLimit = 10;
    const uint64_t made = exploration.Explore(
        Inputs, dpor, kLimit, [&] { executions.push_back(Decisions(exploration)); });
    if (made == kLimit) {
      std::vector<std::string> left = dpor.Split(1);
      ASSERT_TRUE(dpor.MakeRounds()->Next(std::vector(left), 16, &left));
      parts.insert(parts.end(), left.begin(), left.end());
    }
    most = std::max(most, parts.size());
    EXPECT_TRUE(whole.Add(dpor.Counts(), parts.empty()));
  }
  EXPECT_GT(most, 4u);
  EXPECT_TRUE(whole.Progress().exhausted);
  EXPECT_NEAR(whole.Progress().share_done.value(), 1.0, 1e-9);
  std::sort(of_one.begin(), of_one.end());
  std::sort(executions.begin(), executions.end());
  EXPECT_EQ(executions, of_one);
}

// In how many parts what a first execution leaves can be explored.
size_t PartsOf(void (*body)(), Dpor::Mode mode, uint64_t executions) {
  Exploration exploration;
  Dpor dpor(mode);
  EXPECT_EQ(exploration.Explore(body, dpor, executions), executions);
  std::vector<std::string> parts;
  EXPECT_TRUE(dpor.MakeRounds()->Next(dpor.Split(1), 16, &parts));
  return parts.size();
}

TEST(DporPartsTest, AFirstExecutionLeavesPartsForMany) {
  EXPECT_EQ(PartsOf(testing::LastZero<8>, Dpor::Mode::kOptimal, 1), 8u) << "races of the first";
}

TEST(DporPartsTest, NothingLeftIsNoPart) {
  const uint64_t all = LogOf(testing::Readers<3>, Dpor(Dpor::Mode::kOptimal)).executions.size();
  EXPECT_EQ(PartsOf(testing::Readers<3>, Dpor::Mode::kOptimal, all), 0u);
  EXPECT_EQ(PartsOf(testing::Readers<3>, Dpor::Mode::kOptimal, all - 1), 1u);
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
