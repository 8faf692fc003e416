#include "tests/support/random_program.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "harness/runtime/heap/malloc_interpose.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/barrier.h"
#include "primitives/choose.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/once.h"
#include "primitives/semaphore.h"
#include "primitives/shared_mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/timed_mutex.h"

namespace heddle::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kMaxInstructions = 16;

RandomProgram program;
int patience = 0;

// What an execution of it did. In fixed storage: the heap of a body is the execution's.
struct Effects {
  int registers[kMaxThreads][kMaxInstructions];
  int values[2];
  // Accesses in the order in which they were made: thread, instruction, succeeded.
  std::array<std::array<uint8_t, 3>, 64> accesses;
  size_t access_count;
  // What a thread that gave up awaited to be other than 0, as a set; 4: a lock.
  uint8_t awaited[kMaxThreads];
};
Effects effects;

// Threads that nothing orders take turns here: the schedule does.
__attribute__((no_sanitize("thread"))) void NoteAccess(int thread, int index, bool succeeded) {
  std::array<uint8_t, 3>& access = effects.accesses[effects.access_count++];
  access[0] = static_cast<uint8_t>(thread);
  access[1] = static_cast<uint8_t>(index);
  access[2] = succeeded;
}

struct Objects {
  Atomic<int> atomics[2] = {{0}, {0}};
  TimedMutex mutexes[2];
  Mutex monitors[2];
  CondVar conditions[2];
  CountingSemaphore<> semaphores[2] = {CountingSemaphore<>{0}, CountingSemaphore<>{1}};
  Barrier<> barriers[2] = {Barrier<>{2}, Barrier<>{2}};
  SharedMutex shared[2];
  RecursiveMutex recursive[2];
  OnceFlag once[2];
  Atomic<char*> given[2] = {{nullptr}, {nullptr}};
};
Objects* objects;

// A thread of the program and what it holds.
class Interpreter {
 public:
  explicit Interpreter(int id) : id_(id) {}

  void Run() {
    int index = 0;
    for (const Instruction& instruction : program.threads[id_]) {
      effects.registers[id_][index] = Execute(instruction, index);
      NoteAccess(id_, index, succeeded_);
      ++index;
      if (effects.awaited[id_] != 0) break;
    }
    for (int i = 0; i < 2; ++i) {
      if (held_[i]) objects->mutexes[i].unlock();
      if (shared_[i] > 0) objects->shared[i].unlock_shared();
      if (exclusive_[i]) objects->shared[i].unlock();
      for (; recursive_[i] > 0; --recursive_[i]) objects->recursive[i].unlock();
      block_[i].reset();
    }
  }

 private:
  int Execute(const Instruction& instruction, int index) {
    const int i = instruction.object;
    Atomic<int>& atomic = objects->atomics[i];
    succeeded_ = true;
    switch (instruction.what) {
      case Do::kLoad:
        return atomic.load();
      case Do::kStore:
        atomic.store(10 * (id_ + 1) + index);
        return 0;
      case Do::kAdd:
        return atomic.fetch_add(100);
      case Do::kExchange: {
        int expected = 0;
        succeeded_ = atomic.compare_exchange_strong(expected, id_ + 1);
        return expected;
      }
      case Do::kLock:
        if (!held_[i]) objects->mutexes[i].lock();
        held_[i] = true;
        return 0;
      case Do::kUnlock:
        if (held_[i]) objects->mutexes[i].unlock();
        held_[i] = false;
        return 0;
      case Do::kTryLock:
        if (held_[i]) return 2;
        return held_[i] = objects->mutexes[i].try_lock();
      case Do::kTryLockFor:
        if (held_[i]) return 2;
        return held_[i] = objects->mutexes[i].try_lock_for(5ms);
      case Do::kYield:
        Yield();
        return 0;
      case Do::kSpin: {
        int seen = 0;
        for (int k = 0; k < 6 && seen == 0; ++k) seen = atomic.load();
        return seen;
      }
      case Do::kChoose:
        return static_cast<int>(Choose(i == 0 ? 2 : 3));
      case Do::kSpawn: {
        Thread child([&atomic, this] { atomic.store(70 + id_); });
        child.join();
        return 0;
      }
      default:
        return ExecuteMore(instruction);
    }
  }

  // Looks until it sees something, or as long as its patience lasts. Who waits for ever does not
  // count: its state must come back.
  // With patience, nothing of its schedules is left out, so that there is nothing between looks.
  enum class Between : uint8_t { kNothing, kYield, kFence };
  template <typename Look>
  int Await(uint8_t awaited, Between between, const Look& look) {
    for (int left = patience;;) {
      if (const int seen = look(); seen != 0) return seen;
      if (left > 0 && --left == 0) break;
      if (patience > 0) continue;
      if (between == Between::kYield) Yield();
      if (between == Between::kFence) heddle::atomic_thread_fence(MemoryOrder::acquire);
    }
    effects.awaited[id_] = awaited;
    return 0;
  }

  int ExecuteMore(const Instruction& instruction) {
    const int i = instruction.object;
    switch (instruction.what) {
      case Do::kAwait:
      case Do::kAwaitYielding:
        return Await(static_cast<uint8_t>(1 << i),
                     instruction.what == Do::kAwait ? Between::kNothing : Between::kYield,
                     [&] { return objects->atomics[i].load(); });
      case Do::kAwaitFencing:
        return Await(static_cast<uint8_t>(1 << i), Between::kFence,
                     [&] { return objects->atomics[i].load(); });
      case Do::kAwaitEither:
        return Await(3, Between::kNothing, [] {
          const int first = objects->atomics[0].load();
          return first != 0 ? first : objects->atomics[1].load();
        });
      case Do::kAwaitTaking:
        return Await(static_cast<uint8_t>(1 << i), Between::kNothing,
                     [&] { return objects->atomics[i].exchange(0); });
      case Do::kCasAdd: {
        int seen = objects->atomics[i].load();
        while (!objects->atomics[i].compare_exchange_strong(seen, seen + 100)) {
        }
        return seen;
      }
      case Do::kLockTrying:
        if (held_[i]) return 2;
        return held_[i] = Await(4, Between::kNothing,
                                [&] { return objects->mutexes[i].try_lock() ? 1 : 0; });
      case Do::kWait:
      case Do::kWaitFor: {
        std::unique_lock<Mutex> lock(objects->monitors[i]);
        if (instruction.what == Do::kWait) {
          objects->conditions[i].wait(lock);
          return 0;
        }
        return objects->conditions[i].wait_for(lock, 5ms) == std::cv_status::timeout;
      }
      case Do::kSleep:
        SleepFor(3ms);
        return 0;
      case Do::kNotifyOne:
        objects->conditions[i].notify_one();
        return 0;
      case Do::kNotifyAll:
        objects->conditions[i].notify_all();
        return 0;
      case Do::kAcquire:
        objects->semaphores[i].acquire();
        return 0;
      case Do::kTryAcquire:
        return objects->semaphores[i].try_acquire();
      case Do::kRelease:
        objects->semaphores[i].release();
        return 0;
      case Do::kArrive:
        objects->barriers[i].arrive_and_wait();
        return 0;
      case Do::kLockShared:
        if (exclusive_[i] || shared_[i] > 0) return 2;
        objects->shared[i].lock_shared();
        return ++shared_[i];
      case Do::kTryLockShared:
        if (exclusive_[i] || shared_[i] > 0) return 2;
        return shared_[i] += objects->shared[i].try_lock_shared() ? 1 : 0;
      case Do::kUnlockShared:
        if (shared_[i] > 0) objects->shared[i].unlock_shared();
        return shared_[i] = 0;
      case Do::kLockExclusive:
        if (exclusive_[i] || shared_[i] > 0) return 2;
        objects->shared[i].lock();
        return exclusive_[i] = true;
      case Do::kTryLockExclusive:
        if (exclusive_[i] || shared_[i] > 0) return 2;
        return exclusive_[i] = objects->shared[i].try_lock();
      case Do::kUnlockExclusive:
        if (exclusive_[i]) objects->shared[i].unlock();
        return exclusive_[i] = false;
      case Do::kLockRecursive:
        objects->recursive[i].lock();
        return ++recursive_[i];
      case Do::kTryLockRecursive:
        return recursive_[i] += objects->recursive[i].try_lock() ? 1 : 0;
      case Do::kUnlockRecursive:
        if (recursive_[i] == 0) return 0;
        objects->recursive[i].unlock();
        return --recursive_[i];
      case Do::kOnce: {
        bool first = false;
        CallOnce(objects->once[i], [&] { first = true; });
        return first;
      }
      case Do::kAtomicWait:
        objects->atomics[i].wait(0);
        return 0;
      case Do::kAtomicNotify:
        objects->atomics[i].notify_all();
        return 0;
      case Do::kAllocate:
        block_[i].reset();
        block_[i] = std::make_unique<char[]>(48);
        return CodeOf(block_[i].get());
      case Do::kFree:
        block_[i].reset();
        return 0;
      case Do::kGive: {
        const std::unique_ptr<char[]> former(objects->given[i].exchange(block_[i].release()));
        return CodeOf(former.get());
      }
      case Do::kTake:
        block_[i].reset(objects->given[i].exchange(nullptr));
        return CodeOf(block_[i].get());
      case Do::kFreeGiven: {
        char* const block = objects->given[i].load();
        delete[] block;
        return CodeOf(block);
      }
      case Do::kAssert:
        Assert(objects->atomics[i].load() < 200, "a value below 200");
        return 0;
      default:
        return 0;
    }
  }

  // Where a block lies, in builds where that repeats.
  static int CodeOf(const char* block) {
    if constexpr (!kHeapIsDeterministic) return 0;
    return static_cast<int>(reinterpret_cast<uintptr_t>(block) >> 4);
  }

  const int id_;
  bool succeeded_ = true;
  bool held_[2] = {};
  int shared_[2] = {};
  bool exclusive_[2] = {};
  int recursive_[2] = {};
  std::unique_ptr<char[]> block_[2];
};

bool FreesTwice() {
  return std::any_of(
      std::begin(program.threads), std::end(program.threads), [](const auto& thread) {
        return std::any_of(thread.begin(), thread.end(), [](const Instruction& instruction) {
          return instruction.what == Do::kFreeGiven;
        });
      });
}

void RunThread(int id) { Interpreter(id).Run(); }

}  // namespace

RandomProgram MakeProgram(Random& random, std::span<const Do> kinds, int max_length) {
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
  static constexpr const char* kNames[] = {
      "load",        "store",         "add",           "exchange",       "lock",
      "unlock",      "try_lock",      "try_for",       "yield",          "spin",
      "choose",      "spawn",         "wait",          "wait_for",       "notify_one",
      "notify_all",  "acquire",       "try_acquire",   "release",        "arrive",
      "lock_shared", "unlock_shared", "try_shared",    "lock_exclusive", "unlock_exclusive",
      "once",        "atomic_wait",   "atomic_notify", "allocate",       "free",
      "give",        "take",          "free_given",
      "assert",      "await",         "await_yielding", "await_fencing", "await_either",
      "cas_add",     "lock_trying",   "await_taking",  "try_exclusive",  "lock_recursive",
      "try_recursive", "unlock_recursive", "sleep"};
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

void SetProgram(const RandomProgram& chosen) { program = chosen; }

void SetPatience(int looks) { patience = looks; }

bool NobodyGaveUp() {
  return std::all_of(std::begin(effects.awaited), std::end(effects.awaited),
                     [](uint8_t awaited) { return awaited == 0; });
}

bool WouldWaitForEver() {
  return !NobodyGaveUp() &&
         std::all_of(std::begin(effects.awaited), std::end(effects.awaited), [](uint8_t awaited) {
           return awaited < 4 && ((awaited & 1) == 0 || effects.values[0] == 0) &&
                  ((awaited & 2) == 0 || effects.values[1] == 0);
         });
}

void RunProgram() {
  std::memset(static_cast<void*>(&effects), 0, sizeof(effects));
  Objects own;
  objects = &own;
  Thread threads[kMaxThreads];
  for (int i = 0; i < kMaxThreads; ++i) {
    if (!program.threads[i].empty()) threads[i] = Thread(RunThread, i);
  }
  for (Thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
  for (int i = 0; i < 2; ++i) {
    effects.values[i] = own.atomics[i].load();
    if (!FreesTwice()) delete[] own.given[i].load();
  }
}

std::string FinalState() {
  std::string state(reinterpret_cast<const char*>(effects.registers), sizeof(effects.registers));
  state.append(reinterpret_cast<const char*>(effects.values), sizeof(effects.values));
  return state;
}

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
        if (instruction.what == Do::kLoad || (instruction.what == Do::kExchange && !succeeded)) {
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

}  // namespace heddle::testing
