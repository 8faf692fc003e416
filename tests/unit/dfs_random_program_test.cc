// Depth-first search of random programs, against an enumeration that knows nothing of sleep sets.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

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

// What an execution of it did. In fixed storage: the heap of a body is the execution's.
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
