// Reads-from fuzzing: constraints are kept to where they can be, given up where not; what is new is
// mutated further.
#include "harness/strategy/rff.h"

#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/strategy/pos.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

int seen = 0;

// The reader sees 0 or 1.
void WritersAndAReader() {
  Atomic<int> value{0};
  const auto write = [&] { value.store(1); };
  Thread first(write), second(write);
  Thread reader([&] { seen = value.load(); });
  first.join();
  second.join();
  reader.join();
}

// One pair for each value that the reader can see, by the value.
std::vector<ReadsFrom> PairsByValue(Exploration& exploration) {
  std::vector<ReadsFrom> pairs(2);
  RffDecider decider;
  for (uint64_t i = 0; i < 100; ++i) {
    Plan plan;
    plan.seed = MixSeed(5, i);
    const ExecutionRecord& record = exploration.Execute(WritersAndAReader, decider, plan);
    EXPECT_THAT(record.reads_from, SizeIs(1));
    pairs[static_cast<size_t>(seen)] = record.reads_from.at(0);
  }
  return pairs;
}

std::vector<uint64_t> Data(const ReadsFrom& pair, bool forbidden, bool any_thread = false) {
  return {pair.object, pair.read, pair.write, any_thread ? 0 : pair.thread, forbidden ? 1u : 0u};
}

// How often the reader saw each value in 200 executions.
std::vector<int> Counts(Exploration& exploration, const std::vector<uint64_t>& data) {
  std::vector<int> counts(2);
  RffDecider decider;
  for (uint64_t i = 0; i < 200; ++i) {
    Plan plan;
    plan.seed = MixSeed(6, i);
    plan.data = data;
    exploration.Execute(WritersAndAReader, decider, plan);
    EXPECT_EQ(exploration.result().end, EngineEnd::kCompleted);
    ++counts[static_cast<size_t>(seen)];
  }
  return counts;
}

TEST(RffTest, PairsNameTheObjectTheWriteAndTheRead) {
  Exploration exploration;
  const std::vector<ReadsFrom> pairs = PairsByValue(exploration);
  EXPECT_EQ(pairs[0].write, 0u);  // what it held at first
  EXPECT_NE(pairs[1].write, 0u);
  EXPECT_NE(pairs[0].object, 0u);
  EXPECT_EQ(pairs[0].object, pairs[1].object);
  EXPECT_EQ(pairs[0].read, pairs[1].read);
  EXPECT_EQ(pairs[0].thread, pairs[1].thread);
}

TEST(RffTest, AConstraintIsKeptToInEveryExecution) {
  Exploration exploration;
  const std::vector<ReadsFrom> pairs = PairsByValue(exploration);
  for (const bool any_thread : {false, true}) {
    EXPECT_THAT(Counts(exploration, Data(pairs[0], false, any_thread)), ElementsAre(200, 0));
    EXPECT_THAT(Counts(exploration, Data(pairs[0], true, any_thread)), ElementsAre(0, 200));
    EXPECT_THAT(Counts(exploration, Data(pairs[1], false, any_thread)), ElementsAre(0, 200));
  }
}

TEST(RffTest, ConstraintsThatCannotHoldAreGivenUp) {
  Exploration exploration;
  const std::vector<ReadsFrom> pairs = PairsByValue(exploration);
  // The read reads from both; from neither.
  for (const bool forbidden : {false, true}) {
    std::vector<uint64_t> data = Data(pairs[0], forbidden);
    const std::vector<uint64_t> other = Data(pairs[1], forbidden);
    data.insert(data.end(), other.begin(), other.end());
    Counts(exploration, data);  // every execution completes
  }
  // A place that the program does not have.
  ReadsFrom elsewhere = pairs[1];
  elsewhere.read = 1;
  const std::vector<int> counts = Counts(exploration, Data(elsewhere, false));
  EXPECT_EQ(counts[0] + counts[1], 200);
}

TEST(RffTest, WithoutConstraintsItIsPos) {
  Exploration exploration;
  RffDecider rff;
  PosDecider pos;
  for (uint64_t i = 0; i < 50; ++i) {
    Plan plan;
    plan.seed = MixSeed(7, i);
    exploration.Execute(WritersAndAReader, rff, plan);
    const std::vector<Decision> by_rff = exploration.CopyLog();
    exploration.Execute(WritersAndAReader, pos, plan);
    EXPECT_EQ(by_rff, exploration.CopyLog());
  }
}

// A lock reads from the lock before it. 20 writers pass through both locks; only a reader that has
// both to itself between the first writer's two sees them differ.
void ManyWriters() {
  Mutex first_mutex, second_mutex;
  Var<int> first = 0, second = 0;
  std::vector<Thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      first_mutex.lock();
      first = 1;
      first_mutex.unlock();
      second_mutex.lock();
      second = 1;
      second_mutex.unlock();
    });
  }
  first_mutex.lock();
  const int before = first;
  first_mutex.unlock();
  second_mutex.lock();
  const int after = second;
  second_mutex.unlock();
  for (Thread& thread : threads) thread.join();
  Assert(before == after || before == 0, "both or none");
}

TEST(RffTest, AReadAmongManyWritersIsHeldUntilItSeesWhatIsAskedFor) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Exploration exploration;
    Rff rff;
    uint64_t found = 0, executions = 0;
    exploration.Explore(
        ManyWriters, rff, 200,
        [&] {
          ++executions;
          if (found == 0 && !exploration.suspicions.empty()) found = executions;
        },
        seed);
    EXPECT_GT(found, 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace heddle::testing
