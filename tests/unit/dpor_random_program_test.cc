// Partial-order reduction of random programs, against depth-first search: the same final states and
// the same findings; and where the theory promises it, exactly one execution per trace.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"

namespace heddle {
namespace {

using testing::Describe;
using testing::Do;
using testing::Exploration;
using testing::FinalState;
using testing::Mazurkiewicz;
using testing::RandomProgram;
using testing::RunProgram;

// What a search of a program has seen.
struct Seen {
  std::set<std::string> states;  // at the ends that are not failures within a step
  std::set<std::string> findings;
  std::multiset<std::string> traces;  // of the executions that were not redundant
  uint64_t executions = 0;
  uint64_t redundant = 0;
  bool exhausted = false;
};

// Programs for which depth-first search needs more are left out.
constexpr uint64_t kTooMany = 5'000;

template <typename Searching>
Seen Explore(Searching&& strategy, const ExecutionOptions& options, uint64_t limit) {
  Exploration exploration(options);
  Seen seen;
  seen.executions = exploration.Explore(RunProgram, strategy, limit, [&] {
    const bool completed = exploration.result().end == EngineEnd::kCompleted;
    std::string finding;
    for (const Suspicion& suspicion : exploration.suspicions) {
      finding = std::string(NameOf(suspicion.kind)) + " " + suspicion.message;
      seen.findings.insert(finding);
    }
    exploration.suspicions.clear();
    if (completed || finding.starts_with("deadlock") || finding.starts_with("stuck")) {
      seen.states.insert((completed ? "" : "stuck ") + FinalState());
    }
    if (!exploration.record().redundant) seen.traces.insert(Mazurkiewicz());
    EXPECT_FALSE(exploration.record().diverged);
  });
  seen.redundant = strategy.redundant();
  seen.exhausted = strategy.Progress().exhausted;
  return seen;
}

struct Total {
  uint64_t programs = 0;
  uint64_t dfs = 0;
  uint64_t source = 0;
  uint64_t optimal = 0;
  uint64_t redundant = 0;  // of dpor
};

// With `exact`, optimal reduction makes one execution per trace.
Total Compare(std::vector<Do> kinds, int programs, uint64_t seed, bool exact,
              ExecutionOptions options = {}, int max_length = 4) {
  Random random(seed);
  Total total;
  for (int i = 0; i < programs; ++i) {
    const RandomProgram program = testing::MakeProgram(random, kinds, max_length);
    testing::SetProgram(program);
    SCOPED_TRACE(Describe(program));
    const Seen dfs = Explore(Dfs(), options, kTooMany);
    if (dfs.executions == kTooMany) continue;
    const Seen source = Explore(Dpor(Dpor::Mode::kSource), options, 10 * kTooMany);
    const Seen optimal = Explore(Dpor(Dpor::Mode::kOptimal), options, 10 * kTooMany);
    // Sleep sets take a comparison that fails for one that may not: several may show one trace.
    const std::set<std::string> distinct(dfs.traces.begin(), dfs.traces.end());
    for (const Seen* const seen : {&source, &optimal}) {
      EXPECT_TRUE(seen->exhausted);
      EXPECT_EQ(seen->states, dfs.states);
      EXPECT_EQ(seen->findings, dfs.findings);
      if (!exact) continue;
      if (seen == &optimal) {
        EXPECT_EQ(seen->redundant, 0u);
      }
      EXPECT_EQ(seen->traces, std::multiset<std::string>(distinct.begin(), distinct.end()));
    }
    ++total.programs;
    total.dfs += dfs.executions;
    total.source += source.executions;
    total.optimal += optimal.executions;
    total.redundant += optimal.redundant;
    if (::testing::Test::HasFailure()) break;
  }
  ::testing::Test::RecordProperty("programs", static_cast<int>(total.programs));
  ::testing::Test::RecordProperty("dfs", static_cast<int>(total.dfs));
  ::testing::Test::RecordProperty("source_dpor", static_cast<int>(total.source));
  ::testing::Test::RecordProperty("dpor", static_cast<int>(total.optimal));
  ::testing::Test::RecordProperty("redundant", static_cast<int>(total.redundant));
  return total;
}

TEST(DporRandomProgramTest, AtomicsAndMutexesAreOneExecutionPerTrace) {
  const Total total =
      Compare({Do::kLoad, Do::kStore, Do::kAdd, Do::kExchange, Do::kLock, Do::kUnlock}, 200, 1,
              /*exact=*/true);
  EXPECT_GT(total.programs, 180u);
}

TEST(DporRandomProgramTest, ChoicesAndChildren) {
  Compare({Do::kLoad, Do::kStore, Do::kChoose, Do::kLock, Do::kUnlock, Do::kSpawn}, 100, 2, false);
}

TEST(DporRandomProgramTest, AssertionsAndHeap) {
  Compare({Do::kLoad, Do::kAdd, Do::kAssert, Do::kAllocate, Do::kFree, Do::kLock, Do::kUnlock}, 100,
          3, false);
}

TEST(DporRandomProgramTest, Tries) {
  ExecutionOptions options;
  options.unlock_is_point = true;
  Compare({Do::kLoad, Do::kStore, Do::kLock, Do::kUnlock, Do::kTryLock, Do::kTryLockFor,
           Do::kAcquire, Do::kTryAcquire, Do::kRelease},
          100, 4, false, options);
}

TEST(DporRandomProgramTest, ConditionVariables) {
  Compare({Do::kLoad, Do::kStore, Do::kWait, Do::kWaitFor, Do::kNotifyOne, Do::kNotifyAll}, 100, 5,
          false);
}

TEST(DporRandomProgramTest, SemaphoresAndBarriers) {
  Compare({Do::kLoad, Do::kAdd, Do::kAcquire, Do::kRelease, Do::kArrive, Do::kOnce}, 100, 6, false);
}

TEST(DporRandomProgramTest, SharedMutexes) {
  ExecutionOptions options;
  options.unlock_is_point = true;
  Compare({Do::kLoad, Do::kStore, Do::kLockShared, Do::kUnlockShared, Do::kTryLockShared,
           Do::kLockExclusive, Do::kUnlockExclusive},
          100, 7, false, options);
  Compare({Do::kLoad, Do::kStore, Do::kLockShared, Do::kUnlockShared, Do::kTryLockShared,
           Do::kTryLockExclusive, Do::kUnlockExclusive},
          100, 8, false, options);
}

TEST(DporRandomProgramTest, RecursiveMutexes) {
  ExecutionOptions options;
  options.unlock_is_point = true;
  Compare({Do::kLoad, Do::kStore, Do::kLockRecursive, Do::kLockRecursive, Do::kTryLockRecursive,
           Do::kUnlockRecursive},
          150, 9, false, options, 5);
}

TEST(DporRandomProgramTest, AtomicWaits) {
  Compare({Do::kLoad, Do::kStore, Do::kAdd, Do::kAtomicWait, Do::kAtomicNotify}, 100, 8, false);
}

TEST(DporRandomProgramTest, YieldsAndSpins) {
  Compare({Do::kLoad, Do::kStore, Do::kYield, Do::kSpin, Do::kLock, Do::kUnlock}, 100, 9, false);
}

TEST(DporRandomProgramTest, SpuriousWakeupsAndEarlyTimeouts) {
  ExecutionOptions options;
  options.spurious = 1;
  options.timeouts = Timeouts::kAny;
  options.early_timeouts = 2;
  options.unlock_is_point = true;
  Compare({Do::kStore, Do::kWait, Do::kWaitFor, Do::kNotifyOne, Do::kTryLockFor, Do::kLock,
           Do::kUnlock},
          60, 10, false, options, 3);
}

}  // namespace
}  // namespace heddle
