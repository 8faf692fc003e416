// A long campaign costs no more than a short one: a million executions, a fifth of which end in
// deadlocks and failed assertions, without growth of memory, threads or file descriptors.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "harness/explore/detectors.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/controlled.h"

namespace heddle::testing {
namespace {

#if defined(HEDDLE_TSAN) || defined(HEDDLE_ASAN)
constexpr bool kSanitizer = true;
constexpr uint64_t kRounds = 1'000;
#else
constexpr bool kSanitizer = false;
constexpr uint64_t kRounds = 100'000;
#endif

// ---- Ten executions are a round ----

void Counter() {
  Mutex mutex;
  Var<int> counter = 0;
  const auto add = [&] {
    const std::lock_guard lock(mutex);
    ++counter;
  };
  Thread first(add);
  Thread second(add);
  first.join();
  second.join();
}

// The heap, an atomic, a condition variable, an exception that the program catches.
void HandOver() {
  Mutex mutex;
  CondVar ready;
  Var<bool> is_ready = false;
  Atomic<int> taken = 0;
  auto text = std::make_unique<std::string>(100, 'x');
  Thread taker([&] {
    std::unique_lock lock(mutex);
    while (!is_ready) ready.wait(lock);
    try {
      if (text->size() != 0) throw text->size();
    } catch (size_t size) {
      taken.store(static_cast<int>(size));
    }
  });
  {
    const std::lock_guard lock(mutex);
    is_ready = true;
  }
  ready.notify_one();
  taker.join();
  Assert(taken.load() == 100, "taken");
}

// Always: each thread has its mutex before it asks for the other's.
void AbBa() {
  Mutex a;
  Mutex b;
  Atomic<int> holders = 0;
  auto text = std::make_unique<std::string>(100, 'x');
  const auto take = [&](Mutex& mine, Mutex& other) {
    const std::lock_guard first(mine);
    ++holders;
    while (holders.load() < 2) Yield();
    const std::lock_guard second(other);
  };
  Thread one([&] { take(a, b); });
  Thread two([&] { take(b, a); });
  one.join();
  two.join();
}

void FailedAssertion() {
  Mutex mutex;
  const auto text = std::make_unique<std::string>(100, 'x');
  Thread holder([&] {
    const std::lock_guard lock(mutex);
    Assert(text->empty(), "never so");
  });
  Thread waiter([&] { const std::lock_guard lock(mutex); });
  holder.join();
  waiter.join();
}

// Nothing may unwind a noexcept function: its thread is abandoned where it is.
void CannotUnwind() {
  Mutex mutex;
  const auto wait = [&]() noexcept {
    mutex.lock();
    mutex.lock();
  };
  Thread waiter(wait);
  waiter.join();
}

struct Usage {
  size_t resident_kib = 0;
  std::ptrdiff_t threads = 0;
  std::ptrdiff_t descriptors = 0;
};

Usage Measure() {
  namespace fs = std::filesystem;
  Usage usage;
  const auto count = [](const char* folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  };
  usage.threads = count("/proc/self/task");
  usage.descriptors = count("/proc/self/fd");
  FILE* const statm = std::fopen("/proc/self/statm", "r");
  size_t pages = 0;
  size_t resident = 0;
  if (statm != nullptr) {
    EXPECT_EQ(std::fscanf(statm, "%zu %zu", &pages, &resident), 2);
    std::fclose(statm);
  }
  usage.resident_kib = resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
  return usage;
}

class Counts final : public SuspicionSink {
 public:
  void Report(Suspicion suspicion) override { ++of_kind[static_cast<size_t>(suspicion.kind)]; }
  uint64_t Of(FindingKind kind) const { return of_kind[static_cast<size_t>(kind)]; }

 private:
  uint64_t of_kind[kFindingKinds] = {};
};

TEST(Soak, AMillionExecutionsLeaveNothingBehind) {
  constexpr uint64_t kAbandonEvery = 100;  // rounds
  const auto log = std::make_unique<DecisionLog>();
  ControlledEngine engine(ExecutionOptions{}, log.get());
  Counts counts;
  Detectors detectors{Case{}};
  engine.SetSuspicionSink(&counts);
  engine.SetEventSinks(detectors.Sinks());
  RandomWalkDecider decider;
  uint64_t executions = 0;
  uint64_t failed = 0;
  const auto run = [&](void (*body)()) {
    Plan plan;
    plan.index = executions++;
    plan.seed = MixSeed(1, plan.index);
    decider.Begin(plan);
    detectors.Begin(&counts);
    failed += engine.Run(Program{body}, decider).end == EngineEnd::kFailed;
    detectors.End();
  };

  Usage early;
  for (uint64_t round = 0; round < kRounds; ++round) {
    for (int i = 0; i < 6; ++i) run(Counter);
    for (int i = 0; i < 2; ++i) run(HandOver);
    run(round % kAbandonEvery == 0 ? CannotUnwind : AbBa);
    run(FailedAssertion);
    if (round == kRounds / 10) early = Measure();
  }
  const Usage late = Measure();

  EXPECT_EQ(executions, 10 * kRounds);
  EXPECT_EQ(failed, 2 * kRounds);
  EXPECT_EQ(counts.Of(FindingKind::kAssertion), kRounds);
  EXPECT_EQ(counts.Of(FindingKind::kDeadlock), kRounds);
  EXPECT_EQ(late.threads, early.threads);
  EXPECT_EQ(late.descriptors, early.descriptors);
  // Sanitizers keep what was freed, to recognise its use.
  if (!kSanitizer) {
    constexpr size_t kSlackKib = 1024;  // a byte for each execution
    EXPECT_LE(late.resident_kib, early.resident_kib + kSlackKib);
  }
}

}  // namespace
}  // namespace heddle::testing
