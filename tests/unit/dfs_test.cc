// Depth-first search: the exact set of executions of small programs, by hand; and of random
// programs, against an enumeration that knows nothing of sleep sets.
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/strategy/dfs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/semaphore.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

// What the bodies tell the tests, without allocating: their heap is the execution's. Unordered on
// purpose, which is no business of ThreadSanitizer's.
struct Trace {
  void Clear() { size = 0; }
  __attribute__((no_sanitize("thread"))) void Add(char c) {
    if (size < sizeof(text)) text[size++] = c;
  }
  std::string Take() {
    std::string taken(text, size);
    Clear();
    return taken;
  }
  char text[256];
  size_t size = 0;
};
Trace trace;

struct Outcome {
  uint64_t executions = 0;
  uint64_t redundant = 0;
  bool exhausted = false;
  std::multiset<std::string> traces;  // of the executions that were not redundant
  std::set<std::string> distinct;     // of all

  uint64_t useful() const { return executions - redundant; }
};

Outcome Search(void (*body)(), bool sleep_sets, ExecutionOptions options = {},
               uint64_t limit = 200'000) {
  Exploration exploration(options);
  Dfs dfs({.sleep_sets = sleep_sets});
  Outcome outcome;
  trace.Clear();
  outcome.executions = exploration.Explore(body, dfs, limit, [&] {
    const std::string taken = trace.Take();
    outcome.distinct.insert(taken);
    if (!exploration.record().redundant) outcome.traces.insert(taken);
    EXPECT_FALSE(exploration.record().diverged);
  });
  outcome.redundant = dfs.redundant();
  outcome.exhausted = dfs.Progress().exhausted;
  return outcome;
}

void TwoThreads(void (*first)(), void (*second)()) {
  Thread a(first);
  Thread b(second);
  a.join();
  b.join();
}

Atomic<int>* x;
Atomic<int>* y;

// ---- Two threads that store twice ----

void TwoStoresEach(bool same) {
  Atomic<int> one{0};
  Atomic<int> two{0};
  x = &one;
  y = same ? &one : &two;
  TwoThreads(
      [] {
        x->store(1), trace.Add('a');
        x->store(2), trace.Add('b');
      },
      [] {
        y->store(3), trace.Add('c');
        y->store(4), trace.Add('d');
      });
}

const std::set<std::string> kSixInterleavings = {"abcd", "acbd", "acdb", "cabd", "cadb", "cdab"};

TEST(DfsTest, WithoutSleepSetsEveryInterleavingIsExecuted) {
  // The threads' steps are start, store, store; main's are its joins, the second of which is last.
  // So the executions are the interleavings of (start a b join) and (start c d): 7 over 3.
  const Outcome outcome = Search([] { TwoStoresEach(false); }, false);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.executions, 35u);
  EXPECT_EQ(outcome.redundant, 0u);
  EXPECT_EQ(outcome.distinct, kSixInterleavings);
}

TEST(DfsTest, IndependentStoresAreOneTrace) {
  const Outcome outcome = Search([] { TwoStoresEach(false); }, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.useful(), 1u);
  EXPECT_LT(outcome.executions, 35u);
}

TEST(DfsTest, StoresToOneLocationAreSixTraces) {
  const Outcome outcome = Search([] { TwoStoresEach(true); }, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.traces,
            std::multiset<std::string>(kSixInterleavings.begin(), kSixInterleavings.end()));
}

TEST(DfsTest, TheFirstExecutionHasNoPreemption) {
  Exploration exploration;
  Dfs dfs;
  exploration.Explore([] { TwoStoresEach(true); }, dfs, 1);
  EXPECT_EQ(trace.Take(), "abcd");
  EXPECT_EQ(exploration.Picks(), "0g 1g 1S 1S 2g 2S 2S 0j 0j");
}

// ---- Store buffering ----

void StoreBuffering() {
  Atomic<int> one{0};
  Atomic<int> two{0};
  x = &one;
  y = &two;
  static int r1;
  static int r2;
  TwoThreads(
      [] {
        x->store(1);
        r1 = y->load();
      },
      [] {
        y->store(1);
        r2 = x->load();
      });
  trace.Add(static_cast<char>('0' + r1));
  trace.Add(static_cast<char>('0' + r2));
}

TEST(DfsTest, StoreBufferingHasThreeOutcomesAndAsManyTraces) {
  const Outcome outcome = Search(StoreBuffering, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.traces, (std::multiset<std::string>{"01", "10", "11"}));
}

// ---- Locks ----

Mutex* lock_a;
Mutex* lock_b;

template <int kThreads>
void LockedCounter() {
  Mutex mutex;
  lock_a = &mutex;
  Thread threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    threads[i] = Thread(
        [](int id) {
          lock_a->lock();
          trace.Add(static_cast<char>('1' + id));
          lock_a->unlock();
        },
        i);
  }
  for (Thread& thread : threads) thread.join();
}

TEST(DfsTest, ALockedCounterHasATracePerOrderOfItsThreads) {
  EXPECT_EQ(Search(LockedCounter<2>, true).traces, (std::multiset<std::string>{"12", "21"}));
  const Outcome three = Search(LockedCounter<3>, true);
  EXPECT_TRUE(three.exhausted);
  EXPECT_EQ(three.traces, (std::multiset<std::string>{"123", "132", "213", "231", "312", "321"}));
}

void AbBa() {
  Mutex a;
  Mutex b;
  lock_a = &a;
  lock_b = &b;
  TwoThreads(
      [] {
        lock_a->lock();
        lock_b->lock();
        trace.Add('1');
        lock_b->unlock();
        lock_a->unlock();
      },
      [] {
        lock_b->lock();
        lock_a->lock();
        trace.Add('2');
        lock_a->unlock();
        lock_b->unlock();
      });
}

TEST(DfsTest, LocksTakenInOppositeOrdersAreTwoTracesAndADeadlock) {
  const Outcome outcome = Search(AbBa, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.traces, (std::multiset<std::string>{"", "12", "21"}));
}

// The unlock is an event inside the step of the load: what try_lock returns depends on that step.
void TryLock() {
  Mutex a;
  Atomic<int> one{0};
  lock_a = &a;
  x = &one;
  TwoThreads(
      [] {
        lock_a->lock();
        x->load();
        lock_a->unlock();
      },
      [] {
        const bool locked = lock_a->try_lock();
        if (locked) lock_a->unlock();
        trace.Add(locked ? 'y' : 'n');
      });
}

TEST(DfsTest, TryLockIsReorderedWithTheStepThatUnlocks) {
  for (const bool unlock_is_point : {false, true}) {
    const Outcome outcome = Search(TryLock, true, {.unlock_is_point = unlock_is_point});
    EXPECT_TRUE(outcome.exhausted);
    EXPECT_EQ(outcome.distinct, (std::set<std::string>{"y", "n"}));
    // Before the lock, while it is held, after the unlock.
    EXPECT_GE(outcome.useful(), 3u);
  }
}

// ---- Values ----

void Chooses() {
  TwoThreads([] { trace.Add(static_cast<char>('a' + Runtime::Current()->Choose(3))); },
             [] { trace.Add(static_cast<char>('A' + Runtime::Current()->Choose(2))); });
}

TEST(DfsTest, ValuesAreEnumerated) {
  // The choices are inside independent steps, so one order of the threads is enough.
  EXPECT_EQ(Search(Chooses, true).traces,
            (std::multiset<std::string>{"aA", "aB", "bA", "bB", "cA", "cB"}));
  EXPECT_EQ(Search(Chooses, false).distinct.size(), 12u);
}

TEST(DfsTest, AHugeChoiceCostsNoMemory) {
  Exploration exploration;
  Dfs dfs;
  const uint64_t executions =
      exploration.Explore([] { Runtime::Current()->Choose(4'000'000'000); }, dfs, 1'000);
  EXPECT_EQ(executions, 1'000u);
  EXPECT_FALSE(dfs.Progress().exhausted);
  EXPECT_LT(*dfs.Progress().share_done, 1e-6);
}

// ---- The heap: addresses depend on the order of allocations ----

void Allocations() {
  static int* first;
  static int* second;
  TwoThreads([] { first = new int; }, [] { second = new int; });
  trace.Add(first < second ? '<' : '>');
  delete first;
  delete second;
}

TEST(DfsTest, AllocationsInDifferentThreadsAreReordered) {
  if (!kHeapIsDeterministic) GTEST_SKIP() << "sanitizer builds keep the sanitizer's heap";
  const Outcome outcome = Search(Allocations, true);
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_EQ(outcome.distinct, (std::set<std::string>{"<", ">"}));
}

// ---- Completeness is claimed only when it is true ----

// The first to wait wakes spuriously and leaves no budget; the second times out when the sleeper's
// time has come, and only then races with it.
void TimeoutAfterSpuriousWakeup() {
  Mutex mutexes[2];
  CondVar conditions[2];
  Atomic<int> x{0}, y{0};
  bool timed_out = false;
  int seen_x = 0;
  int seen_y = 0;
  Thread first([&] {
    std::unique_lock lock(mutexes[0]);
    conditions[0].wait_for(lock, std::chrono::milliseconds(1));
  });
  Thread sleeper([&] {
    SleepFor(std::chrono::milliseconds(10));
    y.store(1);
    seen_x = x.load();
  });
  {
    std::unique_lock lock(mutexes[1]);
    timed_out = conditions[1].wait_for(lock, std::chrono::milliseconds(10)) ==
                std::cv_status::timeout;
  }
  x.store(1);
  seen_y = y.load();
  first.join();
  sleeper.join();
  trace.Add(timed_out ? 't' : 's');
  trace.Add(static_cast<char>('0' + seen_x));
  trace.Add(static_cast<char>('0' + seen_y));
}

TEST(DfsTest, WhoSleepsWhenTimeMovesIsWoken) {
  const ExecutionOptions options{.spurious = 1};
  const Outcome found = Search(&TimeoutAfterSpuriousWakeup, true, options);
  EXPECT_EQ(found.distinct, Search(&TimeoutAfterSpuriousWakeup, false, options).distinct);
  for (const char* state : {"t01", "t10", "t11"}) {
    EXPECT_TRUE(found.distinct.contains(state)) << state;
  }
}

// A sleep ends early only as long as another thread has not used up the budget.
void EarlySleepAndTimeout() {
  Semaphore semaphore(0);
  Atomic<int> a{0}, b{0};
  Thread waiter([&] {
    semaphore.try_acquire_for(std::chrono::milliseconds(1));
    const bool early = VirtualClock::now().time_since_epoch().count() == 0;
    trace.Add(early ? 'e' : 'l');
    trace.Add(static_cast<char>('0' + a.load()));
    trace.Add(static_cast<char>('0' + b.load()));
  });
  Thread sleeper([&] {
    SleepFor(std::chrono::milliseconds(5));
    a.store(1);
    b.store(1);
  });
  waiter.join();
  sleeper.join();
}

TEST(DfsTest, EarlyTimeoutsAndEarlySleepsShareABudget) {
  for (const uint32_t budget : {1u, 2u}) {
    const ExecutionOptions options{.timeouts = Timeouts::kAny, .early_timeouts = budget};
    const Outcome found = Search(&EarlySleepAndTimeout, true, options);
    EXPECT_EQ(found.distinct, Search(&EarlySleepAndTimeout, false, options).distinct) << budget;
    EXPECT_EQ(found.distinct.contains("e10"), budget == 2) << budget;
  }
}

void CountFar() {
  Atomic<int> one{0};
  for (int i = 0; i < 1'000; ++i) one.store(i);
}

TEST(DfsTest, AnExecutionThatWasCutIsNotACompleteSearch) {
  Exploration exploration({.max_steps = 100});
  Dfs dfs;
  exploration.Explore(CountFar, dfs, 1'000);
  EXPECT_FALSE(dfs.Progress().exhausted);
  EXPECT_NE(dfs.Progress().note.find("not seen to their end"), std::string::npos);
}

TEST(DfsTest, ALostExecutionIsNotACompleteSearch) {
  Dfs dfs;
  Plan plan;
  ASSERT_TRUE(dfs.Next(&plan));
  ExecutionRecord record;
  record.end = ExecutionEnd::kLost;
  dfs.Learn(plan, record);
  EXPECT_FALSE(dfs.Next(&plan));
  EXPECT_FALSE(dfs.Progress().exhausted);
}

int executions_of_hidden_state;

TEST(DfsTest, APrefixThatCannotBeRepeatedIsReported) {
  Exploration exploration;
  Dfs dfs;
  bool diverged = false;
  executions_of_hidden_state = 0;
  exploration.Explore(
      [] {
        // A loop whose length is not a function of the schedule.
        Atomic<int> one{0};
        x = &one;
        ++executions_of_hidden_state;
        TwoThreads(
            [] {
              for (int i = 0; i < executions_of_hidden_state % 3; ++i) x->store(i);
              x->load();
            },
            [] { x->store(7); });
      },
      dfs, 1'000, [&] { diverged |= exploration.record().diverged; });
  EXPECT_TRUE(diverged);
  EXPECT_FALSE(dfs.Progress().exhausted);
}

TEST(DfsTest, TheShareDoneGrowsToOne) {
  Exploration exploration;
  Dfs dfs({.sleep_sets = false});
  double last = 0;
  exploration.Explore([] { TwoStoresEach(true); }, dfs, 1'000,
                      [&] {
                        const double share = dfs.Progress().share_done.value();
                        EXPECT_GE(share, last);
                        EXPECT_LT(share, 1.0);
                        last = share;
                      });
  EXPECT_GT(last, 0.5);
  EXPECT_EQ(dfs.Progress().share_done.value(), 1.0);
}

// ---- Random programs ----

enum class Do : uint8_t { kLoad, kStore, kAdd, kExchange, kLock, kUnlock, kTryLock, kYield, kSpin };

struct Instruction {
  Do what;
  uint8_t object;
};

constexpr int kMaxThreads = 3;
struct RandomProgram {
  std::vector<Instruction> threads[kMaxThreads];
};
RandomProgram program;

// What an execution of it did. Fixed storage: see Trace.
struct Effects {
  int registers[kMaxThreads][16];
  int values[2];
  // Accesses in the order in which they were made: thread, instruction, succeeded.
  std::array<std::array<uint8_t, 3>, 64> accesses;
  size_t access_count;
};
Effects effects;

// Threads that nothing orders take turns here: the schedule does.
__attribute__((no_sanitize("thread"))) void NoteAccess(int thread, int index, bool succeeded) {
  std::array<uint8_t, 3>& access = effects.accesses[effects.access_count++];
  access[0] = static_cast<uint8_t>(thread);
  access[1] = static_cast<uint8_t>(index);
  access[2] = succeeded;
}

Atomic<int>* atomics;
Mutex* mutexes;

void RunThread(int id) {
  bool held[2] = {};
  int index = 0;
  for (const Instruction& instruction : program.threads[id]) {
    Atomic<int>& atomic = atomics[instruction.object];
    Mutex& mutex = mutexes[instruction.object];
    int& result = effects.registers[id][index];
    bool succeeded = true;
    switch (instruction.what) {
      case Do::kLoad:
        result = atomic.load();
        break;
      case Do::kStore:
        atomic.store(10 * (id + 1) + index);
        break;
      case Do::kAdd:
        result = atomic.fetch_add(100);
        break;
      case Do::kExchange: {
        int expected = 0;
        succeeded = atomic.compare_exchange_strong(expected, id + 1);
        result = expected;
        break;
      }
      case Do::kLock:
        mutex.lock();
        held[instruction.object] = true;
        break;
      case Do::kUnlock:
        if (held[instruction.object]) mutex.unlock();
        held[instruction.object] = false;
        break;
      case Do::kTryLock:
        succeeded = mutex.try_lock();
        held[instruction.object] |= succeeded;
        result = succeeded;
        break;
      case Do::kYield:
        Yield();
        break;
      case Do::kSpin:
        for (int i = 0; i < 6 && result == 0; ++i) result = atomic.load();
        break;
    }
    NoteAccess(id, index, succeeded);
    ++index;
  }
  for (int i = 0; i < 2; ++i) {
    if (held[i]) mutexes[i].unlock();
  }
}

void RunProgram() {
  std::memset(&effects, 0, sizeof(effects));
  Atomic<int> own_atomics[2] = {{0}, {0}};
  Mutex own_mutexes[2];
  atomics = own_atomics;
  mutexes = own_mutexes;
  Thread threads[kMaxThreads];
  for (int i = 0; i < kMaxThreads; ++i) {
    if (!program.threads[i].empty()) threads[i] = Thread(RunThread, i);
  }
  for (Thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
  for (int i = 0; i < 2; ++i) effects.values[i] = own_atomics[i].load();
}

std::string FinalState(EngineEnd end) {
  std::string state = end == EngineEnd::kCompleted ? "" : "stuck ";
  state.append(reinterpret_cast<const char*>(effects.registers), sizeof(effects.registers));
  state.append(reinterpret_cast<const char*>(effects.values), sizeof(effects.values));
  return state;
}

// Names the trace: for each object, its accesses in order, those that only read between two that
// write in no order.
std::string Mazurkiewicz() {
  std::string name;
  for (const bool locks : {false, true}) {
    for (uint8_t object = 0; object < 2; ++object) {
      std::vector<std::string> readers;
      const auto flush = [&] {
        std::sort(readers.begin(), readers.end());
        for (const std::string& reader : readers) name += reader;
        readers.clear();
      };
      for (size_t i = 0; i < effects.access_count; ++i) {
        const auto [thread, index, succeeded] = effects.accesses[i];
        const Instruction& instruction = program.threads[thread][index];
        const bool is_lock = instruction.what == Do::kLock || instruction.what == Do::kUnlock;
        if (is_lock != locks || instruction.object != object) continue;
        if (instruction.what == Do::kUnlock) continue;
        const std::string text = {static_cast<char>('A' + thread), static_cast<char>('a' + index)};
        if (instruction.what == Do::kLoad) {
          readers.push_back(text);
        } else {
          flush();
          name += text;
        }
      }
      flush();
      name += '|';
    }
  }
  return name;
}

// Every schedule, by counting through the answers like an odometer.
class NaiveDecider final : public Decider {
 public:
  void Begin(const Plan&) override { position_ = 0; }
  ThreadId Pick(const SchedulingPoint& point) override {
    return point.enabled()[Answer(static_cast<uint32_t>(point.enabled().size()))];
  }
  uint32_t PickValue(const ValueChoice& choice) override { return Answer(choice.bound); }

  bool Advance() {
    while (!answers_.empty() && answers_.back().first + 1 == answers_.back().second) {
      answers_.pop_back();
    }
    if (answers_.empty()) return false;
    ++answers_.back().first;
    return true;
  }

 private:
  uint32_t Answer(uint32_t bound) {
    if (position_ == answers_.size()) answers_.push_back({0, bound});
    return answers_[position_++].first;
  }
  std::vector<std::pair<uint32_t, uint32_t>> answers_;
  size_t position_ = 0;
};

RandomProgram MakeProgram(Random& random, std::vector<Do> kinds, int max_length) {
  RandomProgram made;
  const int threads = 2 + (random.Below(3) == 0 ? 1 : 0);
  for (int i = 0; i < threads; ++i) {
    const uint32_t length = 1 + random.Below(static_cast<uint32_t>(threads == 3 ? 2 : max_length));
    for (uint32_t j = 0; j < length; ++j) {
      made.threads[i].push_back({kinds[random.Below(static_cast<uint32_t>(kinds.size()))],
                                 static_cast<uint8_t>(random.Below(2))});
    }
  }
  return made;
}

std::string Describe(const RandomProgram& described) {
  static constexpr const char* kNames[] = {"load",   "store",    "add",   "exchange", "lock",
                                           "unlock", "try_lock", "yield", "spin"};
  std::string text;
  for (const auto& thread : described.threads) {
    for (const Instruction& instruction : thread) {
      text += std::string(kNames[static_cast<int>(instruction.what)]) +
              std::to_string(instruction.object) + "; ";
    }
    text += "\n";
  }
  return text;
}

struct Comparison {
  uint64_t programs = 0;
  uint64_t naive = 0;
  uint64_t searched = 0;
  uint64_t useful = 0;
};

// With `exact`, the search makes one useful execution per trace.
Comparison CompareWithNaive(std::vector<Do> kinds, int programs, uint64_t seed, bool exact) {
  constexpr uint64_t kTooMany = 20'000;
  Exploration exploration;
  Random random(seed);
  Comparison total;
  for (int i = 0; i < programs; ++i) {
    program = MakeProgram(random, kinds, 4);
    SCOPED_TRACE(Describe(program));
    std::set<std::string> states;
    std::set<std::string> traces;
    NaiveDecider naive;
    uint64_t executions = 0;
    do {
      exploration.Execute(RunProgram, naive, {});
      states.insert(FinalState(exploration.result().end));
      traces.insert(Mazurkiewicz());
    } while (++executions < kTooMany && naive.Advance());
    if (executions == kTooMany) continue;

    Dfs every({.sleep_sets = false});
    EXPECT_EQ(exploration.Explore(RunProgram, every, kTooMany + 1), executions);
    EXPECT_TRUE(every.Progress().exhausted);

    Dfs dfs;
    std::set<std::string> found;
    std::multiset<std::string> found_traces;
    const uint64_t searched = exploration.Explore(RunProgram, dfs, kTooMany + 1, [&] {
      found.insert(FinalState(exploration.result().end));
      if (!exploration.record().redundant) found_traces.insert(Mazurkiewicz());
    });
    EXPECT_TRUE(dfs.Progress().exhausted);
    EXPECT_LE(searched, executions);
    EXPECT_EQ(found, states);
    if (exact) {
      EXPECT_EQ(found_traces, std::multiset<std::string>(traces.begin(), traces.end()));
    }
    ++total.programs;
    total.naive += executions;
    total.searched += searched;
    total.useful += searched - dfs.redundant();
    if (::testing::Test::HasFailure()) break;
  }
  ::testing::Test::RecordProperty("naive", static_cast<int>(total.naive));
  ::testing::Test::RecordProperty("searched", static_cast<int>(total.searched));
  return total;
}

TEST(DfsRandomProgramTest, AtomicsAndLocksGiveOneExecutionPerTrace) {
  const Comparison total = CompareWithNaive(
      {Do::kLoad, Do::kStore, Do::kAdd, Do::kLock, Do::kUnlock}, 150, 1, /*exact=*/true);
  EXPECT_GT(total.programs, 100u);
  EXPECT_LT(total.searched * 3, total.naive);
}

TEST(DfsRandomProgramTest, ComparisonsFindEveryState) {
  CompareWithNaive({Do::kLoad, Do::kStore, Do::kExchange, Do::kLock, Do::kUnlock}, 100, 2, false);
}

TEST(DfsRandomProgramTest, TryLocksFindEveryState) {
  CompareWithNaive({Do::kLoad, Do::kStore, Do::kLock, Do::kUnlock, Do::kTryLock}, 100, 3, false);
}

TEST(DfsRandomProgramTest, YieldsAndSpinsFindEveryState) {
  CompareWithNaive({Do::kLoad, Do::kStore, Do::kYield, Do::kSpin, Do::kLock, Do::kUnlock}, 100, 4,
                   false);
}

}  // namespace
}  // namespace heddle
