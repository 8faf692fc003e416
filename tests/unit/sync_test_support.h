// What the tests of the synchronisation primitives have in common: random walks of a small program,
// the set of its outcomes, and what was found in it.
#ifndef HEDDLE_TESTS_UNIT_SYNC_TEST_SUPPORT_H_
#define HEDDLE_TESTS_UNIT_SYNC_TEST_SUPPORT_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/controlled.h"

namespace heddle::testing {

// What the executions of a test came to: bodies set bits, since what they allocate does not outlive
// an execution. An atomic that orders nothing, and that no schedule knows of.
inline constinit std::atomic<uint64_t> seen = 0;
inline void See(uint64_t outcome) {
  seen.fetch_or(uint64_t{1} << outcome, std::memory_order_relaxed);
}
inline std::set<int> Seen() {
  std::set<int> outcomes;
  for (int i = 0; i < 64; ++i) {
    if ((seen >> i & 1) != 0) outcomes.insert(i);
  }
  return outcomes;
}

class SyncTest : public ::testing::Test {
 protected:
  static constexpr int kExecutions = 500;

  SyncTest() { seen = 0; }

  void Run(void (*body)(), ExecutionOptions options = {}, int executions = kExecutions) {
    run_.emplace(options);
    last_ = run_->RunRandom(body, executions);
  }
  void ExpectClean() const { EXPECT_TRUE(run_->Clean()) << run_->Text(); }
  // Every suspicion is of this kind, and there are some.
  void ExpectOnly(FindingKind kind) const {
    EXPECT_GT(run_->Count(kind), 0) << run_->Text();
    EXPECT_EQ(run_->Count(kind), static_cast<int>(run_->suspicions.size())) << run_->Text();
  }
  std::set<std::string> Messages() const {
    std::set<std::string> messages;
    for (const Suspicion& suspicion : run_->suspicions) messages.insert(suspicion.message);
    return messages;
  }
  std::set<std::set<uint32_t>> Cycles() const {
    std::set<std::set<uint32_t>> cycles;
    for (const Suspicion& suspicion : run_->suspicions) {
      std::set<uint32_t> cycle;
      for (const ThreadId thread : suspicion.cycle) cycle.insert(Index(thread));
      cycles.insert(cycle);
    }
    return cycles;
  }

  std::optional<Controlled> run_;
  ExecutionResult last_;
};

using CycleSet = std::set<std::set<uint32_t>>;
using Cycle = std::set<uint32_t>;
using Strings = std::set<std::string>;
using Outcomes = std::set<int>;

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_SYNC_TEST_SUPPORT_H_
