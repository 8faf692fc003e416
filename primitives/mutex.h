// heddle::Mutex and heddle::RecursiveMutex: std::mutex and std::recursive_mutex under control.
//
// Contract as of [thread.mutex.class] and [thread.mutex.recursive]; breaking it is a finding
// (misuse) instead of undefined behaviour. An unlock synchronises with the next successful lock.
// Without an engine they are the standard ones. std::lock_guard, std::unique_lock and
// std::scoped_lock work on them. lock and try_lock are scheduling points, unlock is an event.
#ifndef HEDDLE_PRIMITIVES_MUTEX_H_
#define HEDDLE_PRIMITIVES_MUTEX_H_

#include <mutex>

#include "primitives/internal/lock_door.h"

namespace heddle {

class Mutex : public internal::LockDoor<std::mutex, ObjectKind::kMutex> {
 public:
  using LockDoor::LockDoor;
};

class RecursiveMutex : public internal::LockDoor<std::recursive_mutex, ObjectKind::kMutex, 1> {
 public:
  using LockDoor::LockDoor;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_H_
