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

#include "harness/runtime/runtime.h"
#include "primitives/time.h"

namespace heddle {

namespace internal {

template <typename Native>
class BasicSharedMutex {
 public:
  BasicSharedMutex() = default;
  // The name appears in reports and must outlive the mutex.
  explicit BasicSharedMutex(const char* name) : name_(name) {}
  ~BasicSharedMutex() {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Destroy(handle_, ObjectKind::kSharedMutex, this);
    }
  }
  BasicSharedMutex(const BasicSharedMutex&) = delete;
  BasicSharedMutex& operator=(const BasicSharedMutex&) = delete;

  void lock() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kLock);
    } else {
      native_.lock();
    }
  }
  bool try_lock() {
    if (Runtime* runtime = Runtime::Current()) return Do(*runtime, OpKind::kTryLock);
    return native_.try_lock();
  }
  void unlock() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kUnlock);
    } else {
      native_.unlock();
    }
  }

  void lock_shared() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kLockShared);
    } else {
      native_.lock_shared();
    }
  }
  bool try_lock_shared() {
    if (Runtime* runtime = Runtime::Current()) return Do(*runtime, OpKind::kTryLockShared);
    return native_.try_lock_shared();
  }
  void unlock_shared() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kUnlockShared);
    } else {
      native_.unlock_shared();
    }
  }

 protected:
  // True when it completed normally.
  bool Do(Runtime& runtime, OpKind kind, VirtualTime deadline = kNoDeadline) {
    Operation op{.kind = kind, .object = Id(runtime), .deadline = deadline};
    return runtime.Perform(op).outcome == Outcome::kDone;
  }
  ObjectId Id(Runtime& runtime) {
    return runtime.Resolve(handle_, [this] {
      return ObjectInit{.kind = ObjectKind::kSharedMutex,
                        .address = this,
                        .size = sizeof(*this),
                        .name = name_};
    });
  }
  Native& native() { return native_; }

 private:
  Native native_;
  ObjectHandle handle_;
  const char* name_ = nullptr;
};

}  // namespace internal

class SharedMutex : public internal::BasicSharedMutex<std::shared_mutex> {
 public:
  using BasicSharedMutex::BasicSharedMutex;
};

class SharedTimedMutex : public internal::BasicSharedMutex<std::shared_timed_mutex> {
 public:
  using BasicSharedMutex::BasicSharedMutex;

  template <typename Rep, typename Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    if (Runtime* runtime = Runtime::Current()) {
      return Do(*runtime, OpKind::kLock, internal::DeadlineIn(*runtime, timeout));
    }
    return native().try_lock_for(timeout);
  }
  template <typename Clock, typename Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    if (Runtime* runtime = Runtime::Current()) {
      return Do(*runtime, OpKind::kLock, internal::DeadlineAt(*runtime, time));
    }
    return native().try_lock_until(time);
  }
  template <typename Rep, typename Period>
  bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& timeout) {
    if (Runtime* runtime = Runtime::Current()) {
      return Do(*runtime, OpKind::kLockShared, internal::DeadlineIn(*runtime, timeout));
    }
    return native().try_lock_shared_for(timeout);
  }
  template <typename Clock, typename Duration>
  bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& time) {
    if (Runtime* runtime = Runtime::Current()) {
      return Do(*runtime, OpKind::kLockShared, internal::DeadlineAt(*runtime, time));
    }
    return native().try_lock_shared_until(time);
  }
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SHARED_MUTEX_H_
