// Random programs whose threads wait in loops, against schedules that know nothing of spinning:
// every interleaving of the same programs with loops that end after two looks, too few to be seen
// as spinning. Those in which a loop ended before it saw what it awaited are left out; what a loop
// sees after any number of looks it may have seen at its first.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"

namespace heddle {
namespace {

using testing::Do;
using testing::Exploration;
using testing::FinalState;
using testing::RandomProgram;
using testing::RunProgram;

constexpr uint64_t kTooMany = 3'000;

struct Seen {
  std::set<std::string> states;  // at the ends of executions that completed
  bool livelock = false;
  uint64_t livelocks = 0;  // executions
  uint64_t executions = 0;
  bool exhausted = false;
};

ExecutionOptions Options() {
  ExecutionOptions options;
  options.max_steps = 150;  // more than any program makes that does not wait for ever
  options.unlock_is_point = true;
  return options;
}

Seen Reference() {
  testing::SetPatience(2);
  Exploration exploration(Options());
  Dfs every({.sleep_sets = false});
  Seen seen;
  seen.executions = exploration.Explore(RunProgram, every, kTooMany, [&] {
    EXPECT_EQ(exploration.result().end, EngineEnd::kCompleted);
    EXPECT_FALSE(exploration.result().deferred_spinner);
    if (testing::NobodyGaveUp()) seen.states.insert(FinalState());
    seen.livelock |= testing::WouldWaitForEver();
  });
  testing::SetPatience(0);
  seen.exhausted = every.Progress().exhausted;
  return seen;
}

// Until so many livelocks are found, each of which takes long to prove.
template <typename Searching>
Seen Search(Searching&& strategy, uint64_t most_livelocks) {
  Exploration exploration(Options());
  Seen seen;
  const auto look = [&] {
    seen.livelocks += exploration.suspicions.empty() ? 0 : 1;
    for (const Suspicion& suspicion : exploration.suspicions) {
      EXPECT_EQ(suspicion.kind, FindingKind::kLivelock) << suspicion.message;
      seen.livelock = true;
    }
    exploration.suspicions.clear();
    if (exploration.result().end == EngineEnd::kCompleted) seen.states.insert(FinalState());
    EXPECT_NE(exploration.result().end, EngineEnd::kStepLimit);
  };
  constexpr uint64_t kAtOnce = 100;
  for (uint64_t made = kAtOnce;
       made == kAtOnce && seen.executions < kTooMany && seen.livelocks < most_livelocks;) {
    made = exploration.Explore(RunProgram, strategy, kAtOnce, look);
    seen.executions += made;
  }
  seen.exhausted = strategy.Progress().exhausted;
  return seen;
}

// Whether threads that hold locks would wait for each other for ever the reference cannot tell.
// Those of loops that read several atomics are found in very many schedules, as each of their looks
// is a step; so are all that are decided at the step limit only.
enum class Livelocks : uint8_t { kCompared, kMany, kLeftOut };
constexpr Livelocks kFew = kHeapIsDeterministic ? Livelocks::kCompared : Livelocks::kMany;

// Depth-first search takes every exchange to change what it reads, so that it would order those of
// loops in very many ways.
enum class By : uint8_t { kAll, kDpor };

void Compare(const std::vector<Do>& kinds, int programs, uint64_t seed,
             Livelocks livelocks_are = kFew, By by = By::kAll) {
  // Where there are many, who finds so many does not come to its end within kTooMany executions:
  // those that do find 25 at most. Where all are proved at the step limit only, it may be more.
  const uint64_t most_livelocks =
      kHeapIsDeterministic && livelocks_are == Livelocks::kMany ? 300 : kTooMany;
  Random random(seed);
  int compared = 0;
  int livelocks = 0;
  for (int i = 0; i < programs && !::testing::Test::HasFailure(); ++i) {
    const RandomProgram program = testing::MakeProgram(random, kinds, 3);
    testing::SetProgram(program);
    SCOPED_TRACE(testing::Describe(program));
    const Seen reference = Reference();
    if (!reference.exhausted) continue;
    const auto expect_the_same = [&](const Seen& searched) {
      if (livelocks_are != Livelocks::kLeftOut) {
        EXPECT_EQ(searched.livelock, reference.livelock);
      }
      if (livelocks_are == Livelocks::kMany &&
          (searched.livelocks >= most_livelocks ||
           (searched.livelock && searched.executions == kTooMany))) {
        return;
      }
      // One that is decided at the step limit only has not been seen to its end.
      EXPECT_TRUE(searched.exhausted || (!kHeapIsDeterministic && searched.livelock));
      EXPECT_LT(searched.executions, kTooMany);
      EXPECT_EQ(searched.states, reference.states);
    };
    if (by != By::kDpor) expect_the_same(Search(Dfs(), most_livelocks));
    expect_the_same(Search(Dpor(Dpor::Mode::kSource), most_livelocks));
    expect_the_same(Search(Dpor(Dpor::Mode::kOptimal), most_livelocks));
    ++compared;
    livelocks += reference.livelock ? 1 : 0;
  }
  EXPECT_GT(2 * compared, programs);
  ::testing::Test::RecordProperty("compared", compared);
  ::testing::Test::RecordProperty("livelocks", livelocks);
}

TEST(SpinRandomProgramTest, Awaits) {
  Compare({Do::kStore, Do::kStore, Do::kAdd, Do::kAwait, Do::kAwaitYielding}, 150, 1);
}

TEST(SpinRandomProgramTest, AwaitsWithFences) {
  Compare({Do::kStore, Do::kStore, Do::kAdd, Do::kAwait, Do::kAwaitFencing}, 100, 6);
}

TEST(SpinRandomProgramTest, AwaitsOfTwo) {
  Compare({Do::kStore, Do::kAdd, Do::kAwait, Do::kAwaitEither}, 150, 2, Livelocks::kMany);
}

TEST(SpinRandomProgramTest, Comparisons) {
  Compare({Do::kStore, Do::kCasAdd, Do::kCasAdd, Do::kAwait}, 150, 3);
}

TEST(SpinRandomProgramTest, Exchanges) {
  Compare({Do::kStore, Do::kAdd, Do::kAwaitTaking, Do::kAwaitTaking, Do::kAwait}, 150, 5, kFew,
          By::kDpor);
}

TEST(SpinRandomProgramTest, Tries) {
  Compare({Do::kAdd, Do::kLockTrying, Do::kLockTrying, Do::kUnlock}, 100, 4,
          Livelocks::kLeftOut);
}

}  // namespace
}  // namespace heddle
