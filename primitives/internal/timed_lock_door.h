// A LockDoor that can also be waited for until a deadline.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_TIMED_LOCK_DOOR_H_
#define HEDDLE_PRIMITIVES_INTERNAL_TIMED_LOCK_DOOR_H_

#include <chrono>
#include <cstdint>

#include "primitives/internal/door.h"
#include "primitives/internal/lock_door.h"
#include "primitives/time.h"

namespace heddle::internal {

template <typename Native, ObjectKind kKind, uint64_t kInitial = 0>
class TimedLockDoor : public LockDoor<Native, kKind, kInitial> {
 public:
  using LockDoor<Native, kKind, kInitial>::LockDoor;

  template <typename Rep, typename Period>
  HEDDLE_DOOR bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    if (Runtime* runtime = Runtime::Current()) {
      return this->Do(*runtime, OpKind::kLock, DeadlineIn(*runtime, timeout));
    }
    return this->native().try_lock_for(timeout);
  }
  template <typename Clock, typename Duration>
  HEDDLE_DOOR bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    if (Runtime* runtime = Runtime::Current()) {
      return this->Do(*runtime, OpKind::kLock, DeadlineAt(*runtime, time));
    }
    return this->native().try_lock_until(time);
  }
};

}  // namespace heddle::internal

#endif  // HEDDLE_PRIMITIVES_INTERNAL_TIMED_LOCK_DOOR_H_
