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

#include <chrono>
#include <mutex>

#include "primitives/mutex.h"
#include "primitives/time.h"

namespace heddle {

namespace internal {

template <typename Native, bool kRecursive>
class BasicTimedMutex : public BasicMutex<Native, kRecursive> {
 public:
  using BasicMutex<Native, kRecursive>::BasicMutex;

  template <typename Rep, typename Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    if (Runtime* runtime = Runtime::Current()) {
      return LockUntil(*runtime, DeadlineIn(*runtime, timeout));
    }
    return this->native().try_lock_for(timeout);
  }
  template <typename Clock, typename Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    if (Runtime* runtime = Runtime::Current()) {
      return LockUntil(*runtime, DeadlineAt(*runtime, time));
    }
    return this->native().try_lock_until(time);
  }

 private:
  bool LockUntil(Runtime& runtime, VirtualTime deadline) {
    return this->Do(runtime, OpKind::kLock, deadline).outcome == Outcome::kDone;
  }
};

}  // namespace internal

class TimedMutex : public internal::BasicTimedMutex<std::timed_mutex, false> {
 public:
  using BasicTimedMutex::BasicTimedMutex;
};

class RecursiveTimedMutex : public internal::BasicTimedMutex<std::recursive_timed_mutex, true> {
 public:
  using BasicTimedMutex::BasicTimedMutex;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_TIMED_MUTEX_H_
