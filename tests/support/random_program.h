// Random small programs for testing searches against each other: threads that do a few operations
// on a few shared objects, and note what they saw.
#ifndef HEDDLE_TESTS_SUPPORT_RANDOM_PROGRAM_H_
#define HEDDLE_TESTS_SUPPORT_RANDOM_PROGRAM_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/core/random.h"

namespace heddle::testing {

// What an instruction does to the object of its number and kind.
enum class Do : uint8_t {
  kLoad,
  kStore,
  kAdd,
  kExchange,  // compare-exchange of 0 with the thread's number
  kLock,
  kUnlock,  // if held
  kTryLock,
  kTryLockFor,
  kYield,
  kSpin,     // a few loads until one is not 0
  kChoose,   // 2 or 3 ways
  kSpawn,    // a child that stores and is joined
  kWait,     // for a condition, without predicate; with its mutex
  kWaitFor,  // the same, timed
  kNotifyOne,
  kNotifyAll,
  kAcquire,
  kTryAcquire,
  kRelease,
  kArrive,  // at a barrier of two
  kLockShared,
  kUnlockShared,
  kTryLockShared,
  kLockExclusive,  // of the shared mutex
  kUnlockExclusive,
  kOnce,
  kAtomicWait,  // until not 0
  kAtomicNotify,
  kAllocate,  // a block of its own of the object's number; its address is what it sees
  kFree,
  kGive,  // its block to everybody, and frees the one that everybody had
  kTake,
  kFreeGiven,  // the block that everybody has, and still has then
  kAssert,  // that a value is less than 200
  kAwait,   // a loop until not 0
  kAwaitYielding,
  kAwaitFencing,  // with a fence after each look
  kAwaitEither,  // a loop until one of both is not 0
  kCasAdd,       // a loop of compare-exchanges
  kLockTrying,   // a loop of try_lock
  kAwaitTaking,  // a loop of exchanges with 0, until not 0
  kTryLockExclusive,  // of the shared mutex
  kLockRecursive,  // once more
  kTryLockRecursive,
  kUnlockRecursive,  // once, if held
  kSleep,
};

struct Instruction {
  Do what;
  uint8_t object;  // 0 or 1
};

inline constexpr int kMaxThreads = 3;
struct RandomProgram {
  std::vector<Instruction> threads[kMaxThreads];
};

// Two or three threads of one to `max_length` instructions, three threads of at most two.
RandomProgram MakeProgram(Random& random, std::span<const Do> kinds, int max_length);
std::string Describe(const RandomProgram& program);

// The program that RunProgram runs as the body of an execution.
void SetProgram(const RandomProgram& program);
void RunProgram();
// The loops that await something look so often at most, then their thread ends; 0: for ever.
void SetPatience(int looks);
// Of the last execution: whether every thread came to its end with all its patience.
bool NobodyGaveUp();
// Whether those who gave up would have waited for ever: what they awaited is still to come.
bool WouldWaitForEver();
// Of the last execution: what each instruction saw, and the values at the end.
std::string FinalState();
// Names its trace, for programs of kLoad, kStore, kAdd, kExchange, kLock and kUnlock: for each
// object, its accesses in order, those that only read between two that write in no order.
std::string Mazurkiewicz();

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_RANDOM_PROGRAM_H_
