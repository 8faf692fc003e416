// The switch alone: of stacks, and with the thread context that comes with them.
#include <benchmark/benchmark.h>

#include "harness/core/check.h"
#include "harness/runtime/fiber/donor.h"

namespace heddle {
namespace {

struct PingPong {
  Context carrier;
  Context* fiber = nullptr;
};

// Comes back whenever it is switched to.
void Bounce(void* argument) {
  auto& pair = *static_cast<PingPong*>(argument);
  for (;;) SwitchContext(pair.fiber, &pair.carrier);
}

void Switch(benchmark::State& state, bool thread_context) {
  Donor donor;
  HEDDLE_CHECK(donor.Start({}) == 0, "no thread for the benchmark");
  PingPong pair;
  pair.carrier = CarrierContext();
  donor.Reset(&Bounce, &pair);
  Context bare = *donor.context();
  if (!thread_context) bare.fs_base = pair.carrier.fs_base;
  pair.fiber = thread_context ? donor.context() : &bare;
  for (auto _ : state) {
    SwitchContext(&pair.carrier, pair.fiber);
    SwitchContext(&pair.carrier, pair.fiber);
  }
  // Each iteration is two visits, there and back.
  state.SetItemsProcessed(state.iterations() * 4);
  state.counters["ns_per_switch"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * 4 / 1e9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(Switch, Stack, false)->Name("Switch/Stack");
BENCHMARK_CAPTURE(Switch, ThreadContext, true)->Name("Switch/ThreadContext");

}  // namespace
}  // namespace heddle
