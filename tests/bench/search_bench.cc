// Complete search: wall time to the end, by optimal partial-order reduction.
#include <benchmark/benchmark.h>

#include "harness/core/check.h"
#include "harness/strategy/dpor.h"
#include "tests/support/classic_programs.h"
#include "tests/support/exploration.h"

namespace heddle::bench {
namespace {

using testing::Exploration;

// To completion, or, where there is something to find, to the first finding.
void Search(benchmark::State& state, void (*body)(), bool has_bug) {
  Exploration exploration;
  uint64_t executions = 0;
  for (auto _ : state) {
    Dpor dpor(Dpor::Mode::kOptimal);
    executions = 0;
    exploration.suspicions.clear();
    while (exploration.suspicions.empty()) {
      const uint64_t made = exploration.Explore(body, dpor, has_bug ? 1 : UINT64_MAX);
      executions += made;
      if (!has_bug || made == 0) break;
    }
    HEDDLE_CHECK(exploration.suspicions.empty() != has_bug, "the search gave the wrong answer");
    HEDDLE_CHECK(has_bug || dpor.Progress().exhausted, "the search did not finish");
  }
  state.counters["executions"] = static_cast<double>(executions);
}

#define HEDDLE_SEARCH(name, body, has_bug)       \
  BENCHMARK_CAPTURE(Search, name, body, has_bug) \
      ->Name("Search/" #name)                    \
      ->Unit(benchmark::kMillisecond)
HEDDLE_SEARCH(LastZero10, testing::LastZero<10>, false);
HEDDLE_SEARCH(LastZero12, testing::LastZero<12>, false);
HEDDLE_SEARCH(Readers12, testing::Readers<12>, false);
HEDDLE_SEARCH(Indexer14, testing::Indexer<14>, false);
HEDDLE_SEARCH(Indexer15, testing::Indexer<15>, false);
HEDDLE_SEARCH(Philosophers5, testing::Philosophers<5>, true);
HEDDLE_SEARCH(LostWakeup, testing::LostWakeup, true);
HEDDLE_SEARCH(BoundedBufferIf, testing::BoundedBuffer<true>, true);
HEDDLE_SEARCH(BoundedBufferWhile, testing::BoundedBuffer<false>, false);

}  // namespace
}  // namespace heddle::bench
