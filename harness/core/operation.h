// The vocabulary of operations: what a program thread can be about to do.
//
// The vocabulary is closed and small (docs/architecture.md, "One stream of operations"). Everything
// that users program with (channels, latches, pools, futures ...) is composed of these; composed
// primitives add only annotations, which reports and detectors understand and scheduling ignores.
#ifndef HEDDLE_HARNESS_CORE_OPERATION_H_
#define HEDDLE_HARNESS_CORE_OPERATION_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/core/ids.h"

namespace heddle {

using MemoryOrder = std::memory_order;

enum class ObjectKind : uint8_t {
  kNone,
  kMutex,
  kSharedMutex,
  kCondVar,
  kSemaphore,
  kBarrier,
  kOnce,
  kSharedCount,
  kAtomic,
  kVar,
  kThread,
};
inline constexpr int kObjectKinds = static_cast<int>(ObjectKind::kThread) + 1;

enum class OpKind : uint8_t {
  // Mutex and shared mutex. A deadline makes the acquires timed.
  kLock,
  kTryLock,
  kUnlock,
  kLockShared,
  kTryLockShared,
  kUnlockShared,
  // Condition variable; `second` is the mutex. A wait is two operations: kWait releases the mutex
  // and enqueues, atomically; kWake completes once notified, timed out or spuriously woken, and the
  // mutex is free, which it then holds.
  kWait,
  kWake,
  kNotifyOne,
  kNotifyAll,
  // Semaphore. kRelease adds `operand` permits.
  kAcquire,
  kTryAcquire,
  kRelease,
  // Barrier. kArrive counts `operand` arrivals (value: the phase; see core/arrival.h); kArriveDrop
  // also leaves the barrier; kPhaseWait waits for the end of phase `operand`.
  kArrive,
  kArriveDrop,
  kPhaseWait,
  // Once. kOnceEnter completes with value 1 when the caller must run the function, 0 when it has
  // run; kOnceDone (operand 1: returned, 0: threw) ends it.
  kOnceEnter,
  kOnceDone,
  // Shared counts: an owner lets go of its reference.
  kDisown,
  // Atomics. kRmw computes rmw(old, operand); kCompareExchange compares with `expected` and stores
  // `operand`. Values are the object representation widened to 64 bits.
  kLoad,
  kStore,
  kRmw,
  kCompareExchange,
  kAtomicWait,  // completes once the value differs from `expected` and, if it blocked, notified
  kAtomicNotifyOne,
  kAtomicNotifyAll,
  kFence,
  // Ordinary memory.
  kRead,
  kWrite,
  // Threads. `object` is the child for kSpawn, the target for kJoin and kDetach.
  kSpawn,
  kStart,
  kExit,
  kJoin,
  kDetach,
  kYield,
  kSleep,
  // Any object.
  kCreate,
  kDestroy,
  // The scheduler's answer to heddle::Choose: `operand` is the bound.
  kChoose,
  // Meaning in `operand`, an Annotation.
  kAnnotate,
  kAlloc,
  kFree,
};
inline constexpr int kOpKinds = static_cast<int>(OpKind::kFree) + 1;

// What composed primitives tell reports and detectors; in Operation::operand. `expected` holds the
// annotation's argument.
enum class Annotation : uint64_t {
  kAtomicBlockBegin,
  kAtomicBlockEnd,
  kPoolAcquire,
  kPoolRelease,
  kChannelSend,
  kChannelReceive,
  kChannelClose,
  kTaskBegin,
  kTaskEnd,
  kLeavesQueue,  // of a condition variable, spuriously or by an early timeout, to take its mutex
  kFailure,  // an assertion or rule that failed here; for the report
  kNotJudged,  // whether a history of calls is linearizable would take too long to find out
};

using RmwFunction = uint64_t (*)(uint64_t old_value, uint64_t operand);

// An intent: what a thread is about to do. Doors fill in what the kind needs; the engine fills in
// `pc`. It lives in the door's frame for as long as it is pending.
struct Operation {
  OpKind kind;
  bool weak = false;       // kCompareExchange may fail spuriously
  uint8_t size = 0;        // bytes accessed: atomics and plain memory
  MemoryOrder order = MemoryOrder::seq_cst;
  MemoryOrder failure_order = MemoryOrder::seq_cst;
  ObjectId object = kNoObject;
  ObjectId second = kNoObject;  // a condition variable's mutex
  uint64_t operand = 0;
  uint64_t expected = 0;
  VirtualTime deadline = kNoDeadline;
  RmwFunction rmw = nullptr;
  uintptr_t pc = 0;  // return address into the caller of the door
};

constexpr bool Is(const Operation& op, Annotation what) {
  return op.kind == OpKind::kAnnotate && op.operand == static_cast<uint64_t>(what);
}

// How an operation completes.
enum class Outcome : uint8_t {
  kDone,
  kFailed,    // a try that did not get it; a comparison that failed
  kTimedOut,  // the deadline passed
  kSpurious,  // without a cause: a condition variable's wakeup, the failure of a try or of a weak
              // comparison
};

// A set of outcomes, as bits. Empty: the operation cannot complete now; its thread is blocked.
class OutcomeSet {
 public:
  constexpr OutcomeSet() = default;
  constexpr OutcomeSet(Outcome outcome) : bits_(Bit(outcome)) {}  // NOLINT: a set of one
  constexpr OutcomeSet operator|(OutcomeSet other) const {
    OutcomeSet result;
    result.bits_ = bits_ | other.bits_;
    return result;
  }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool single() const { return (bits_ & (bits_ - 1)) == 0; }
  constexpr int size() const { return __builtin_popcount(bits_); }
  constexpr bool contains(Outcome outcome) const { return (bits_ & Bit(outcome)) != 0; }
  constexpr Outcome first() const { return static_cast<Outcome>(__builtin_ctz(bits_ | 0x100u)); }
  // The n-th member in the order of the enumeration, n < size().
  constexpr Outcome Nth(int n) const {
    unsigned bits = bits_;
    while (n-- > 0) bits &= bits - 1;
    return static_cast<Outcome>(__builtin_ctz(bits));
  }
  constexpr bool operator==(const OutcomeSet&) const = default;

 private:
  static constexpr uint8_t Bit(Outcome outcome) {
    return static_cast<uint8_t>(1u << static_cast<int>(outcome));
  }
  uint8_t bits_ = 0;
};

// What the engine needs to know of a kind, and how it is written in schedules and reports.
struct OpTraits {
  char code;              // its letter in a schedule's text; unique among scheduling points
  std::string_view name;  // in reports and JSON
  // Another thread may run before it. Kinds that are not scheduling points are carried out at once,
  // within the step of the operation before them.
  bool scheduling_point;
  bool may_block;
};

namespace internal {
inline constexpr OpTraits kOpTraits[kOpKinds] = {
    {'l', "lock", true, true},
    {'t', "try_lock", true, false},
    {'u', "unlock", false, false},
    {'s', "lock_shared", true, true},
    {'y', "try_lock_shared", true, false},
    {'v', "unlock_shared", false, false},
    {'w', "wait", true, false},
    {'k', "wake", true, true},
    {'n', "notify_one", true, false},
    {'N', "notify_all", true, false},
    {'a', "acquire", true, true},
    {'A', "try_acquire", true, false},
    {'r', "release", true, false},
    {'b', "arrive", true, false},
    {'B', "arrive_and_drop", true, false},
    {'p', "phase_wait", true, true},
    {'o', "call_once", true, true},
    {'O', "call_once_done", false, false},
    {'x', "disown", true, false},
    {'L', "load", true, false},
    {'S', "store", true, false},
    {'M', "read_modify_write", true, false},
    {'C', "compare_exchange", true, false},
    {'W', "atomic_wait", true, true},
    {'i', "atomic_notify_one", true, false},
    {'I', "atomic_notify_all", true, false},
    {'f', "fence", true, false},
    {'R', "read", false, false},
    {'X', "write", false, false},
    {'P', "spawn", false, false},
    {'g', "start", true, false},
    {'e', "exit", false, false},
    {'j', "join", true, true},
    {'d', "detach", false, false},
    {'Y', "yield", true, false},
    {'z', "sleep", true, true},
    {'c', "create", false, false},
    {'D', "destroy", false, false},
    {'?', "choose", false, false},
    {'#', "annotate", false, false},
    {'+', "alloc", false, false},
    {'-', "free", false, false},
};
}  // namespace internal

constexpr const OpTraits& TraitsOf(OpKind kind) {
  return internal::kOpTraits[static_cast<int>(kind)];
}

std::string_view NameOf(ObjectKind kind);
// "a mutex", "an atomic".
std::string WithArticle(std::string_view noun);
std::string_view NameOf(Outcome outcome);
std::string_view NameOf(MemoryOrder order);
std::string_view NameOf(Annotation annotation);

constexpr bool IsAcquire(MemoryOrder order) {
  return order == MemoryOrder::acquire || order == MemoryOrder::consume ||
         order == MemoryOrder::acq_rel || order == MemoryOrder::seq_cst;
}
constexpr bool IsRelease(MemoryOrder order) {
  return order == MemoryOrder::release || order == MemoryOrder::acq_rel ||
         order == MemoryOrder::seq_cst;
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_OPERATION_H_
