// Partial-order reduction divided into parts that are explored in rounds: together they see all
// that depth-first search sees, and complete no class twice.
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/classic_programs.h"
#include "tests/support/exploration.h"
#include "tests/support/random_program.h"

namespace heddle {
namespace {

using testing::Describe;
using testing::Do;
using testing::Exploration;

struct Searched {
  std::multiset<std::string> traces;  // of the executions that were not redundant
  std::set<std::string> states;
  std::set<std::string> findings;
  uint64_t executions = 0;
  uint64_t redundant = 0;
  uint64_t rounds = 0;
  uint64_t most_parts = 0;  // of a round
  bool exhausted = false;
};

void Note(Exploration& exploration, Searched* searched) {
  const bool completed = exploration.result().end == EngineEnd::kCompleted;
  std::string finding;
  for (const Suspicion& suspicion : exploration.suspicions) {
    finding = std::string(NameOf(suspicion.kind)) + " " + suspicion.message;
    searched->findings.insert(finding);
  }
  exploration.suspicions.clear();
  if (completed || finding.starts_with("deadlock") || finding.starts_with("stuck")) {
    searched->states.insert((completed ? "" : "stuck ") + testing::FinalState());
  }
  if (!exploration.record().redundant) searched->traces.insert(testing::Mazurkiewicz());
  EXPECT_FALSE(exploration.record().diverged);
}

constexpr uint64_t kTooMany = 5'000;

template <typename Search>
Searched ByOne(void (*body)(), Search&& search, const ExecutionOptions& options, uint64_t limit) {
  Exploration exploration(options);
  Searched searched;
  searched.executions =
      exploration.Explore(body, search, limit, [&] { Note(exploration, &searched); });
  searched.redundant = search.redundant();
  searched.exhausted = search.Progress().exhausted;
  return searched;
}

// In rounds of up to `parts`, each explored for 1 to `most` executions, in an order of their own.
// What is between two rounds goes through bytes.
Searched InRounds(void (*body)(), Dpor::Mode mode, size_t parts, uint64_t most, uint64_t seed,
                  const ExecutionOptions& options = {}) {
  Random random(seed);
  Exploration exploration(options);
  Searched searched;
  Dpor whole(mode);
  std::unique_ptr<SearchRounds> rounds = whole.MakeRounds();
  std::vector<std::string> round = {""};
  while (!round.empty() && !::testing::Test::HasFailure()) {
    ++searched.rounds;
    searched.most_parts = std::max(searched.most_parts, uint64_t{round.size()});
    std::vector<std::string> left(round.size());
    std::vector<size_t> order;
    for (size_t i = 0; i < round.size(); ++i) {
      order.insert(order.begin() + static_cast<ptrdiff_t>(random.Below(i + 1)), i);
    }
    for (const size_t i : order) {
      Dpor part(mode);
      if (!round[i].empty()) {
        EXPECT_TRUE(part.Adopt(round[i]));
      }
      const uint64_t made = exploration.Explore(body, part, 1 + random.Below(most),
                                                [&] { Note(exploration, &searched); });
      searched.executions += made;
      EXPECT_LT(searched.executions, 100 * kTooMany);
      if (made > 0 || !round[i].empty()) {
        std::vector<std::string> rest = part.Split(1);
        if (!rest.empty()) left[i] = std::move(rest[0]);
      }
      EXPECT_TRUE(whole.Add(part.Counts(), /*finished=*/false));
    }
    const std::unique_ptr<SearchRounds> restored = whole.MakeRounds();
    EXPECT_TRUE(restored->Restore(rounds->ToBytes()));
    std::vector<std::string> next;
    EXPECT_TRUE(rounds->Next(left, parts, &next));
    EXPECT_TRUE(restored->Next(left, parts, &round));
    EXPECT_TRUE(next == round) << "rounds are not the same when they have been bytes";
    EXPECT_LE(round.size(), parts);
    EXPECT_TRUE(whole.Add(rounds->Recount(*whole.Progress().share_done), round.empty()));
    EXPECT_GE(*whole.Progress().share_done, -1e-9);
    EXPECT_LE(*whole.Progress().share_done, 1.0 + 1e-9);
    EXPECT_EQ(whole.Progress().exhausted, round.empty());
  }
  EXPECT_EQ(whole.executions(), searched.executions);
  searched.redundant = whole.redundant();
  return searched;
}

constexpr struct {
  size_t parts;
  uint64_t most;
} kDivisions[] = {{1, 1}, {1, 5}, {2, 1}, {3, 4}, {16, 1}, {16, 3}, {16, 20}};

constexpr Dpor::Mode kModes[] = {Dpor::Mode::kSource, Dpor::Mode::kOptimal};

void ExpectClasses(void (*body)(), uint64_t classes, Dpor::Mode mode) {
  for (const auto [parts, most] : kDivisions) {
    SCOPED_TRACE(std::to_string(parts) + " parts of up to " + std::to_string(most));
    const Searched searched = InRounds(body, mode, parts, most, most);
    EXPECT_EQ(searched.executions - searched.redundant, classes);
    if (mode == Dpor::Mode::kOptimal) {
      EXPECT_EQ(searched.redundant, 0u);
    }
  }
}

TEST(DporRoundsTest, ClassicClassesAreSeenOnceHoweverItIsDivided) {
  for (const Dpor::Mode mode : kModes) {
    ExpectClasses(testing::LastZero<4>, 28, mode);
    ExpectClasses(testing::LastZero<8>, 704, mode);
    ExpectClasses(testing::Readers<6>, 64, mode);
    ExpectClasses(testing::Indexer<12>, 8, mode);
    ExpectClasses(testing::Indexer<14>, 512, mode);
  }
}

TEST(DporRoundsTest, ThereIsWorkForMany) {
  for (const Dpor::Mode mode : kModes) {
    const Searched searched = InRounds(testing::LastZero<8>, mode, 16, 10, 1);
    EXPECT_EQ(searched.most_parts, 16u);
    EXPECT_LT(searched.rounds, searched.executions / 40) << "16 parts, 5.5 executions each";
  }
}

void Compare(const std::vector<Do>& kinds, int programs, uint64_t seed, bool exact,
             const ExecutionOptions& options = {}, int max_length = 4) {
  Random random(seed);
  for (int i = 0; i < programs && !::testing::Test::HasFailure(); ++i) {
    const testing::RandomProgram program = testing::MakeProgram(random, kinds, max_length);
    testing::SetProgram(program);
    SCOPED_TRACE(Describe(program));
    const Searched dfs = ByOne(testing::RunProgram, Dfs(), options, kTooMany);
    if (dfs.executions == kTooMany) continue;
    const auto division = kDivisions[random.Below(std::size(kDivisions))];
    for (const Dpor::Mode mode : kModes) {
      const Searched rounds = InRounds(testing::RunProgram, mode, division.parts, division.most,
                                       random.Next(), options);
      EXPECT_EQ(rounds.states, dfs.states);
      EXPECT_EQ(rounds.findings, dfs.findings);
      if (!exact) continue;
      const std::set<std::string> distinct(dfs.traces.begin(), dfs.traces.end());
      EXPECT_EQ(rounds.traces, std::multiset<std::string>(distinct.begin(), distinct.end()));
      if (mode == Dpor::Mode::kOptimal) {
        EXPECT_EQ(rounds.redundant, 0u);
      }
    }
  }
}

TEST(DporRoundsTest, AtomicsAndMutexesCompleteEachTraceOnce) {
  Compare({Do::kLoad, Do::kStore, Do::kAdd, Do::kExchange, Do::kLock, Do::kUnlock}, 200, 1,
          /*exact=*/true);
}

TEST(DporRoundsTest, ChoicesAndChildren) {
  Compare({Do::kLoad, Do::kStore, Do::kChoose, Do::kLock, Do::kUnlock, Do::kSpawn}, 60, 2, false);
}

TEST(DporRoundsTest, AssertionsAndHeap) {
  Compare({Do::kLoad, Do::kAdd, Do::kAssert, Do::kAllocate, Do::kFree, Do::kLock, Do::kUnlock}, 60,
          3, false);
}

TEST(DporRoundsTest, ThingsThatBlock) {
  ExecutionOptions options;
  options.unlock_is_point = true;
  Compare({Do::kLoad, Do::kStore, Do::kLock, Do::kUnlock, Do::kTryLock, Do::kWait, Do::kWaitFor,
           Do::kNotifyOne, Do::kNotifyAll, Do::kAcquire, Do::kTryAcquire, Do::kRelease, Do::kYield,
           Do::kAtomicWait, Do::kAtomicNotify},
          150, 4, false, options);
}

TEST(DporRoundsTest, LoopsThatWait) {
  Compare({Do::kLoad, Do::kStore, Do::kYield, Do::kSpin, Do::kLock, Do::kUnlock}, 60, 5, false);
}

TEST(DporRoundsTest, OthersThanThePartsAreRefused) {
  for (const Dpor::Mode mode : kModes) {
    Exploration exploration;
    Dpor part(mode);
    exploration.Explore(testing::LastZero<4>, part, 3);
    const std::vector<std::string> left = part.Split(1);
    ASSERT_EQ(left.size(), 1u);
    std::vector<std::string> next;
    EXPECT_FALSE(part.MakeRounds()->Next(std::vector<std::string>{"nonsense"}, 4, &next));
    const std::unique_ptr<SearchRounds> rounds = part.MakeRounds();
    EXPECT_TRUE(rounds->Next(left, 4, &next));
    EXPECT_EQ(next.size(), mode == Dpor::Mode::kSource ? 3u : 4u);
    const std::string bytes = rounds->ToBytes();
    for (size_t size = 0; size < bytes.size(); size += 7) {
      EXPECT_FALSE(part.MakeRounds()->Restore(std::string_view(bytes).substr(0, size))) << size;
    }
  }
  // Only where points have owners does it matter whose a part is.
  Dpor source(Dpor::Mode::kSource);
  std::vector<std::string> next;
  EXPECT_FALSE(source.MakeRounds()->Next({}, 4, &next)) << "the whole tree's is missing";
  Exploration exploration;
  exploration.Explore(testing::LastZero<4>, source, 3);
  const std::vector<std::string> left = source.Split(1);
  EXPECT_FALSE(source.MakeRounds()->Next(std::vector<std::string>(2, left[0]), 4, &next));
}

// Where the first execution tells nothing of what others do: a mutex that is tried to take, a
// failure, behind a value that one thread has to see. Then everything is explored once more.
void LateTry() {
  Atomic<int> x{0};
  Mutex mutex;
  Thread first([&] {
    if (x.load() == 2 && mutex.try_lock()) mutex.unlock();
    x.fetch_add(4);
  });
  Thread second([&] {
    x.store(1);
    x.store(2);
    x.store(3);
  });
  x.fetch_add(8);
  first.join();
  second.join();
}

TEST(DporRoundsTest, ItBeginsAgainWhereItNeedsSourceSets) {
  const Searched source = ByOne(LateTry, Dpor(Dpor::Mode::kSource), {}, kTooMany);
  const Searched whole = ByOne(LateTry, Dpor(Dpor::Mode::kOptimal), {}, kTooMany);
  EXPECT_GT(whole.executions, source.executions) << "made again";
  EXPECT_EQ(whole.executions - whole.redundant, source.executions - source.redundant);
  EXPECT_TRUE(whole.exhausted);
  for (const auto [parts, most] : kDivisions) {
    const Searched rounds = InRounds(LateTry, Dpor::Mode::kOptimal, parts, most, most);
    EXPECT_GT(rounds.executions, source.executions);
    EXPECT_EQ(rounds.executions - rounds.redundant, source.executions - source.redundant);
  }
}

}  // namespace
}  // namespace heddle
