// heddle::SharedMutex and heddle::SharedTimedMutex: std::shared_mutex and std::shared_timed_mutex
// under control.
//
// Contract as of [thread.sharedmutex.class] and [thread.sharedtimedmutex.class]; breaking it is a
// finding: an upgrade (lock while the thread holds it shared) is a deadlock of the thread with
// itself or with another that upgrades, a second shared lock in one thread is misuse. An
// exclusive unlock synchronises with every later lock, a shared unlock with later exclusive
// locks: readers are not ordered among each other. Neither readers nor writers are preferred:
// every order is explored. All locks are scheduling points, unlocks are events; timeouts take
// virtual time only. std::shared_lock, std::unique_lock and std::lock_guard work on them. Without
// an engine they are the standard ones. Cost under control: one scheduling step a lock.
#ifndef HEDDLE_PRIMITIVES_SHARED_MUTEX_H_
#define HEDDLE_PRIMITIVES_SHARED_MUTEX_H_

#include <chrono>
#include <shared_mutex>

#include "primitives/internal/door.h"
#include "primitives/internal/lock_door.h"
#include "primitives/internal/timed_lock_door.h"
#include "primitives/time.h"

namespace heddle {

namespace internal {

// Adds the shared lock to a door for the exclusive one.
template <typename Door>
class SharedLockDoor : public Door {
 public:
  using Door::Door;

  HEDDLE_DOOR void lock_shared() {
    if (Runtime* runtime = Runtime::Current()) {
      this->Do(*runtime, OpKind::kLockShared);
    } else {
      this->native().lock_shared();
    }
  }
  HEDDLE_DOOR bool try_lock_shared() {
    if (Runtime* runtime = Runtime::Current()) {
      return this->Do(*runtime, OpKind::kTryLockShared);
    }
    return this->native().try_lock_shared();
  }
  HEDDLE_DOOR void unlock_shared() {
    if (Runtime* runtime = Runtime::Current()) {
      this->Do(*runtime, OpKind::kUnlockShared);
    } else {
      this->native().unlock_shared();
    }
  }
};

}  // namespace internal

class SharedMutex : public internal::SharedLockDoor<
                        internal::LockDoor<std::shared_mutex, ObjectKind::kSharedMutex>> {
 public:
  using SharedLockDoor::SharedLockDoor;
};

class SharedTimedMutex
    : public internal::SharedLockDoor<
          internal::TimedLockDoor<std::shared_timed_mutex, ObjectKind::kSharedMutex>> {
 public:
  using SharedLockDoor::SharedLockDoor;

  template <typename Rep, typename Period>
  HEDDLE_DOOR bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& timeout) {
    if (Runtime* runtime = Runtime::Current()) {
      return Do(*runtime, OpKind::kLockShared, internal::DeadlineIn(*runtime, timeout));
    }
    return native().try_lock_shared_for(timeout);
  }
  template <typename Clock, typename Duration>
  HEDDLE_DOOR bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& time) {
    if (Runtime* runtime = Runtime::Current()) {
      return Do(*runtime, OpKind::kLockShared, internal::DeadlineAt(*runtime, time));
    }
    return native().try_lock_shared_until(time);
  }
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SHARED_MUTEX_H_
