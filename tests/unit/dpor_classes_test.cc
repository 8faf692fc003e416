// Partial-order reduction of random programs with operations that block in other ways than a mutex:
// it completes the classes that depth-first search sees, each once.
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"

namespace heddle {
namespace {

using testing::Do;
using testing::Exploration;

// Programs for which depth-first search needs more are left out.
constexpr uint64_t kTooMany = 1'000;

struct Seen {
  std::map<uint64_t, int> completed;  // by class: how often, by executions that were not redundant
  std::set<uint64_t> classes;         // of all executions
  uint64_t executions = 0;
};

Seen Explore(Strategy& strategy, Exploration& exploration, uint64_t limit) {
  Seen seen;
  seen.executions = exploration.Explore(testing::RunProgram, strategy, limit, [&] {
    exploration.suspicions.clear();
    seen.classes.insert(exploration.result().order_class);
    if (!exploration.record().redundant) ++seen.completed[exploration.result().order_class];
  });
  return seen;
}

void ExpectEachClassOnce(std::vector<Do> kinds, uint64_t seed, const ExecutionOptions& options,
                         uint64_t at_least) {
  Random random(seed);
  Exploration exploration(options);
  uint64_t classes = 0;
  for (int i = 0; i < 200 && !::testing::Test::HasFailure(); ++i) {
    const testing::RandomProgram program = testing::MakeProgram(random, kinds, 4);
    testing::SetProgram(program);
    SCOPED_TRACE(testing::Describe(program));
    Dfs dfs;
    const Seen every = Explore(dfs, exploration, kTooMany);
    if (every.executions == kTooMany) continue;
    Dpor source(Dpor::Mode::kSource);
    const Seen seen = Explore(source, exploration, 10 * kTooMany);
    for (const auto& [one, times] : seen.completed) {
      EXPECT_EQ(times, 1);
      EXPECT_TRUE(every.classes.contains(one));
    }
    EXPECT_EQ(seen.completed.size(), every.classes.size());
    Dpor optimal(Dpor::Mode::kOptimal);
    const Seen known = Explore(optimal, exploration, 10 * kTooMany);
    EXPECT_EQ(known.executions - optimal.redundant(), every.classes.size());
    classes += every.classes.size();
  }
  EXPECT_GE(classes, at_least);
}

TEST(DporClassesRandomProgramTest, ConditionVariables) {
  ExpectEachClassOnce({Do::kLoad, Do::kStore, Do::kWait, Do::kNotifyOne, Do::kNotifyAll}, 1, {},
                      200);
}

// With timeouts before their time, too, as many as the budget allows.
ExecutionOptions AnyTime(uint32_t early_timeouts) {
  ExecutionOptions options;
  options.timeouts = Timeouts::kAny;
  options.early_timeouts = early_timeouts;
  return options;
}

TEST(DporClassesRandomProgramTest, TimedWaits) {
  const std::vector<Do> kinds = {Do::kLoad,  Do::kStore,     Do::kWait,     Do::kWaitFor,
                                 Do::kSleep, Do::kNotifyOne, Do::kNotifyAll};
  ExpectEachClassOnce(kinds, 2, {}, 200);
  ExpectEachClassOnce(kinds, 3, AnyTime(4), 500);
  ExpectEachClassOnce(kinds, 3, AnyTime(1), 500);
}

TEST(DporClassesRandomProgramTest, SpuriousWakeups) {
  const std::vector<Do> kinds = {Do::kLoad,  Do::kStore,     Do::kWait,     Do::kWaitFor,
                                 Do::kSleep, Do::kNotifyOne, Do::kNotifyAll};
  ExecutionOptions options;
  options.spurious = 1;
  ExpectEachClassOnce(kinds, 9, options, 300);
  options.spurious = 3;
  ExpectEachClassOnce(kinds, 10, options, 300);
  options = AnyTime(1);
  options.spurious = 2;
  ExpectEachClassOnce(kinds, 11, options, 500);
}

// A try that might have got what it wanted, or a timed one, only looks, or not even that.
TEST(DporClassesRandomProgramTest, TriesThatFailWithoutACause) {
  const std::vector<Do> kinds = {Do::kLoad,       Do::kStore, Do::kLock,       Do::kUnlock,
                                 Do::kTryLock,    Do::kSleep, Do::kTryLockFor, Do::kAcquire,
                                 Do::kTryAcquire, Do::kWait,  Do::kRelease};
  ExecutionOptions options = AnyTime(2);
  options.unlock_is_point = true;
  ExpectEachClassOnce(kinds, 12, options, 200);
  options.spurious = 2;
  ExpectEachClassOnce(kinds, 13, options, 200);
  options.timeouts = Timeouts::kLate;
  ExpectEachClassOnce(kinds, 14, options, 200);
}

TEST(DporClassesRandomProgramTest, Tries) {
  ExecutionOptions options;
  options.unlock_is_point = true;
  ExpectEachClassOnce({Do::kLoad, Do::kStore, Do::kLock, Do::kUnlock, Do::kTryLock, Do::kTryLockFor,
                       Do::kAcquire, Do::kTryAcquire, Do::kRelease},
                      4, options, 150);
  ExpectEachClassOnce(
      {Do::kLoad, Do::kAdd, Do::kLockRecursive, Do::kTryLockRecursive, Do::kUnlockRecursive}, 5,
      options, 150);
}

TEST(DporClassesRandomProgramTest, SharedMutexes) {
  ExecutionOptions options;
  options.unlock_is_point = true;
  ExpectEachClassOnce({Do::kLoad, Do::kAdd, Do::kLockShared, Do::kUnlockShared, Do::kTryLockShared,
                       Do::kLockExclusive, Do::kUnlockExclusive, Do::kTryLockExclusive},
                      6, options, 150);
}

TEST(DporClassesRandomProgramTest, SemaphoresBarriersAndOnce) {
  ExpectEachClassOnce({Do::kLoad, Do::kAdd, Do::kAcquire, Do::kRelease, Do::kArrive, Do::kOnce}, 7,
                      {}, 120);
}

TEST(DporClassesRandomProgramTest, AtomicWaits) {
  ExpectEachClassOnce({Do::kLoad, Do::kStore, Do::kAdd, Do::kAtomicWait, Do::kAtomicNotify}, 8, {},
                      200);
}

}  // namespace
}  // namespace heddle
