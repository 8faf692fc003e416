// Executions per second and nanoseconds per scheduling step, by random walk, race detection on.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "harness/core/check.h"
#include "tests/bench/programs.h"
#include "tests/support/controlled.h"

namespace heddle::bench {
namespace {

double PeakMegabytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

void Explore(benchmark::State& state, void (*body)()) {
  testing::Controlled controlled;
  RandomWalkDecider decider;
  Plan plan;
  uint64_t steps = 0;
  for (auto _ : state) {
    plan.seed = MixSeed(1, plan.index++);
    decider.Begin(plan);
    steps += controlled.engine().Run(Program{body}, decider).steps;
  }
  HEDDLE_CHECK(controlled.Clean(), controlled.Text().c_str());
  const auto executions = static_cast<double>(state.iterations());
  using benchmark::Counter;
  state.counters["executions_per_second"] = Counter(executions, Counter::kIsRate);
  state.counters["steps"] = static_cast<double>(steps) / executions;
  // Seconds per step under google-benchmark's inverted rate; printed as nanoseconds by its own
  // units.
  state.counters["ns_per_step"] = Counter(static_cast<double>(steps) / 1e9,
                                          Counter::kIsRate | Counter::kInvert);
  state.counters["peak_MB"] = PeakMegabytes();
}

BENCHMARK_CAPTURE(Explore, P1, P1)->Name("Explore/P1");
BENCHMARK_CAPTURE(Explore, StoreBuffering, StoreBuffering)->Name("Explore/StoreBuffering");
BENCHMARK_CAPTURE(Explore, MessagePassing, MessagePassing)->Name("Explore/MessagePassing");
BENCHMARK_CAPTURE(Explore, TreiberStack, TreiberStack)->Name("Explore/TreiberStack");
BENCHMARK_CAPTURE(Explore, MichaelScott2, MichaelScott2)->Name("Explore/MichaelScott2");
BENCHMARK_CAPTURE(Explore, MichaelScott3, MichaelScott3)->Name("Explore/MichaelScott3");
BENCHMARK_CAPTURE(Explore, BoundedBuffer, BoundedBuffer)->Name("Explore/BoundedBuffer");
BENCHMARK_CAPTURE(Explore, Threads2, PrivateLocks<2>)->Name("Explore/Threads/2");
BENCHMARK_CAPTURE(Explore, Threads10, PrivateLocks<10>)->Name("Explore/Threads/10");
BENCHMARK_CAPTURE(Explore, Threads100, PrivateLocks<100>)->Name("Explore/Threads/100");
BENCHMARK_CAPTURE(Explore, Threads1000, PrivateLocks<1000>)->Name("Explore/Threads/1000");

}  // namespace
}  // namespace heddle::bench
