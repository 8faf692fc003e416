// What a race-checked access costs over a plain one.
#include <benchmark/benchmark.h>

#include "harness/core/check.h"
#include "primitives/mutex.h"
#include "primitives/var.h"
#include "tests/support/controlled.h"

namespace heddle {
namespace {

constexpr int kAccesses = 10'000;

void KnownAccesses() {
  Var<int> x{0};
  for (int i = 0; i < kAccesses; ++i) x = i;
}

// An unlock before each access makes it a new one to the detector.
void NewAccesses() {
  Var<int> x{0};
  Mutex m;
  for (int i = 0; i < kAccesses; ++i) {
    m.lock();
    m.unlock();
    x = i;
  }
}

void NoAccesses() {
  Mutex m;
  for (int i = 0; i < kAccesses; ++i) {
    m.lock();
    m.unlock();
  }
}

void Accesses(benchmark::State& state, void (*body)()) {
  testing::Controlled controlled(ExecutionOptions{.max_steps = 2 * kAccesses});
  for (auto _ : state) controlled.RunRandom(body);
  HEDDLE_CHECK(controlled.Clean(), controlled.Text().c_str());
  state.counters["ns_per_access"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kAccesses / 1e9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(Accesses, Known, KnownAccesses)->Name("VarAccess/Known");
BENCHMARK_CAPTURE(Accesses, New, NewAccesses)->Name("VarAccess/NewWithLock");
BENCHMARK_CAPTURE(Accesses, None, NoAccesses)->Name("VarAccess/LockAlone");

}  // namespace
}  // namespace heddle
