// heddle::TimedMutex and heddle::RecursiveTimedMutex: std::timed_mutex and
// std::recursive_timed_mutex under control.
//
// Contract as of [thread.timedmutex.class] and [thread.timedmutex.recursive]; breaking it is a
// finding (misuse). An unlock synchronises with the next successful lock; a lock that timed out
// synchronises with nothing. Timeouts take virtual time only: see primitives/time.h. All locks
// are scheduling points, unlock is an event. Without an engine they are the standard ones. Cost
// under control: one scheduling step a lock.
#ifndef HEDDLE_PRIMITIVES_TIMED_MUTEX_H_
#define HEDDLE_PRIMITIVES_TIMED_MUTEX_H_

#include <mutex>

#include "primitives/internal/timed_lock_door.h"

namespace heddle {

class TimedMutex : public internal::TimedLockDoor<std::timed_mutex, ObjectKind::kMutex> {
 public:
  using TimedLockDoor::TimedLockDoor;
};

class RecursiveTimedMutex
    : public internal::TimedLockDoor<std::recursive_timed_mutex, ObjectKind::kMutex, 1> {
 public:
  using TimedLockDoor::TimedLockDoor;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_TIMED_MUTEX_H_
