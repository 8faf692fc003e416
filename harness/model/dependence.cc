#include "harness/model/dependence.h"

namespace heddle {
namespace {

constexpr uint8_t kState = Footprint::kState;
constexpr uint8_t kQueue = Footprint::kQueue;
constexpr uint8_t kAll = Footprint::kAll;

constexpr Footprint kNothing = {};
constexpr Footprint kReadsState = {kState, 0};
constexpr Footprint kChangesState = {kState, kState};
constexpr Footprint kChangesQueue = {kQueue, kQueue};
constexpr Footprint kReadsAll = {kAll, 0};
constexpr Footprint kChangesAll = {kAll, kAll};
constexpr Footprint kShares = {kState, 0, Footprint::kSharers};

}  // namespace

Footprint FootprintOf(const Operation& op, bool succeeds) {
  switch (op.kind) {
    // An acquire takes what another acquire wants. One that failed or timed out has only looked: at
    // who shares the lock, too.
    case OpKind::kLock:
    case OpKind::kTryLock:
      return succeeds ? kChangesAll : kReadsAll;
    case OpKind::kUnlock:
      return kChangesAll;
    case OpKind::kAcquire:
    case OpKind::kTryAcquire:
      return succeeds ? kChangesState : kReadsState;
    case OpKind::kRelease:
      return kChangesState;
    // Readers do not exclude each other; a reader's clock takes from writers only, and what it
    // gives is joined.
    case OpKind::kLockShared:
    case OpKind::kTryLockShared:
      return succeeds ? kShares : kReadsState;
    case OpKind::kUnlockShared:
      return kShares;
    // Which waiters there are decides whom a notification wakes. The mutex is `second`, below.
    case OpKind::kWait:
    case OpKind::kWake:
    case OpKind::kNotifyOne:
    case OpKind::kNotifyAll:
      return kChangesAll;
    // Arrivals count, and the last one is told so; waits for a phase only look.
    case OpKind::kArrive:
    case OpKind::kArriveDrop:
      return kChangesState;
    case OpKind::kPhaseWait:
      return kReadsState;
    // The first to enter runs the function.
    case OpKind::kOnceEnter:
    case OpKind::kOnceDone:
      return kChangesState;
    // The last one is to be told.
    case OpKind::kDisown:
      return kChangesState;
    case OpKind::kLoad:
    case OpKind::kRead:
      return kReadsState;
    case OpKind::kStore:
    case OpKind::kRmw:
    case OpKind::kWrite:
      return kChangesState;
    // A comparison that fails is a load.
    case OpKind::kCompareExchange:
      return succeeds ? kChangesState : kReadsState;
    // Looks at the value, joins or leaves the queue.
    case OpKind::kAtomicWait:
      return {kAll, kQueue};
    case OpKind::kAtomicNotifyOne:
    case OpKind::kAtomicNotifyAll:
      return kChangesQueue;
    // The thread's own clock only.
    case OpKind::kFence:
    case OpKind::kYield:
    case OpKind::kSleep:
    case OpKind::kChoose:
    case OpKind::kAnnotate:
      return kNothing;
    // The object is the thread itself, which has no operation pending while it can be spawned or
    // joined; spawns in different threads only swap two numbers. Joins and detaches of one thread
    // compete: the second is a misuse.
    case OpKind::kSpawn:
    case OpKind::kStart:
      return kReadsState;
    case OpKind::kExit:
    case OpKind::kJoin:
    case OpKind::kDetach:
      return kChangesState;
    case OpKind::kCreate:
    case OpKind::kDestroy:
      return kChangesAll;
    // Dependent on each other whatever the object: see Dependent.
    case OpKind::kAlloc:
    case OpKind::kFree:
      return kChangesAll;
  }
  return kChangesAll;
}

namespace {

bool IsHeap(OpKind kind) { return kind == OpKind::kAlloc || kind == OpKind::kFree; }

bool DependentWith(const Operation& a, bool a_succeeds, const Operation& b, bool b_succeeds) {
  // The mutex of a wait is released or taken with it.
  const bool a_has_second = a.second != kNoObject;
  const bool b_has_second = b.second != kNoObject;
  if (a.object != b.object) [[likely]] {
    if (a_has_second && (a.second == b.object || a.second == b.second)) return true;
    if (b_has_second && b.second == a.object) return true;
    return IsHeap(a.kind) && IsHeap(b.kind);
  }
  if (IsHeap(a.kind) && IsHeap(b.kind)) return true;
  if (a.object == kNoObject) return false;
  if (a_has_second && a.second == b.second) return true;
  return Conflict(FootprintOf(a, a_succeeds), FootprintOf(b, b_succeeds));
}

}  // namespace

bool Dependent(const Operation& a, Outcome a_outcome, const Operation& b, Outcome b_outcome) {
  return DependentWith(a, a_outcome == Outcome::kDone, b, b_outcome == Outcome::kDone);
}

bool Dependent(const Operation& a, const Operation& b) { return DependentWith(a, true, b, true); }

}  // namespace heddle
