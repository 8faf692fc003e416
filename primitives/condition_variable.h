// heddle::CondVar: std::condition_variable under control.
//
// Contract as of [thread.condition.condvar]; breaking it (waiting without the mutex, with two
// mutexes at once, destruction while a thread waits that nobody has notified) is a finding
// (misuse). A condition variable orders nothing by itself: what a waiting thread sees of the
// notifying one, it sees through the mutex. Which waiter notify_one wakes is a choice of the
// search; spurious wakeups are, too, as many as its options allow (--spurious).
//
// Scheduling points: the begin of a wait, its end, each notification. Timeouts take virtual time
// only; a wait that was notified before it timed out has not timed out. Without an engine they
// are the standard ones. Cost under control: two steps a wait, one a notification.
#ifndef HEDDLE_PRIMITIVES_CONDITION_VARIABLE_H_
#define HEDDLE_PRIMITIVES_CONDITION_VARIABLE_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"
#include "primitives/mutex.h"
#include "primitives/time.h"

namespace heddle {

class CondVar {
 public:
  CondVar() = default;
  // The name appears in reports and must outlive the condition variable.
  explicit CondVar(const char* name) : name_(name) {}
  ~CondVar() {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Destroy(handle_, ObjectKind::kCondVar);
    }
  }
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  HEDDLE_DOOR void notify_one() {
    if (Runtime* runtime = Runtime::Current()) {
      Notify(*runtime, OpKind::kNotifyOne);
    } else {
      native_.notify_one();
    }
  }
  HEDDLE_DOOR void notify_all() {
    if (Runtime* runtime = Runtime::Current()) {
      Notify(*runtime, OpKind::kNotifyAll);
    } else {
      native_.notify_all();
    }
  }

  HEDDLE_DOOR void wait(std::unique_lock<Mutex>& lock) {
    if (Runtime* runtime = Runtime::Current()) {
      Wait(*runtime, lock, kNoDeadline);
    } else {
      NativeLock native(lock);
      native_.wait(native.get());
    }
  }
  template <typename Predicate>
  HEDDLE_DOOR void wait(std::unique_lock<Mutex>& lock, Predicate predicate) {
    while (!predicate()) wait(lock);
  }

  template <typename Clock, typename Duration>
  HEDDLE_DOOR std::cv_status wait_until(std::unique_lock<Mutex>& lock,
                                        const std::chrono::time_point<Clock, Duration>& time) {
    if (Runtime* runtime = Runtime::Current()) {
      return Wait(*runtime, lock, internal::DeadlineAt(*runtime, time));
    }
    NativeLock native(lock);
    return native_.wait_until(native.get(), time);
  }
  template <typename Clock, typename Duration, typename Predicate>
  HEDDLE_DOOR bool wait_until(std::unique_lock<Mutex>& lock,
                              const std::chrono::time_point<Clock, Duration>& time,
                              Predicate predicate) {
    if (Runtime* runtime = Runtime::Current()) {
      return WaitUntil(*runtime, lock, internal::DeadlineAt(*runtime, time), predicate);
    }
    while (!predicate()) {
      if (wait_until(lock, time) == std::cv_status::timeout) return predicate();
    }
    return true;
  }

  template <typename Rep, typename Period>
  HEDDLE_DOOR std::cv_status wait_for(std::unique_lock<Mutex>& lock,
                                      const std::chrono::duration<Rep, Period>& timeout) {
    if (Runtime* runtime = Runtime::Current()) {
      return Wait(*runtime, lock, internal::DeadlineIn(*runtime, timeout));
    }
    NativeLock native(lock);
    return native_.wait_for(native.get(), timeout);
  }
  template <typename Rep, typename Period, typename Predicate>
  HEDDLE_DOOR bool wait_for(std::unique_lock<Mutex>& lock,
                            const std::chrono::duration<Rep, Period>& timeout,
                            Predicate predicate) {
    if (Runtime* runtime = Runtime::Current()) {
      return WaitUntil(*runtime, lock, internal::DeadlineIn(*runtime, timeout), predicate);
    }
    using Clock = std::chrono::steady_clock;
    return wait_until(lock, Clock::now() + std::chrono::ceil<Clock::duration>(timeout),
                      std::move(predicate));
  }

 private:
  // The native lock for the time of one native wait; ownership stays with the caller's lock.
  class NativeLock {
   public:
    explicit NativeLock(std::unique_lock<Mutex>& lock)
        : native_(CondVar::NativeOf(*lock.mutex()), std::adopt_lock) {}
    ~NativeLock() { native_.release(); }
    std::unique_lock<std::mutex>& get() { return native_; }

   private:
    std::unique_lock<std::mutex> native_;
  };
  static std::mutex& NativeOf(Mutex& mutex) { return mutex.native(); }

  friend class CondVarAny;
  // A lock of a mutex that excludes, but orders nothing (model/mutex_model.h). To be used for every
  // lock of that mutex.
  static std::unique_lock<Mutex> LockWithoutOrder(Mutex& mutex) {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Resolve(mutex.handle_, [&mutex] {
        return ObjectInit{.kind = ObjectKind::kMutex,
                          .address = &mutex,
                          .size = sizeof(mutex),
                          .initial = kOrdersNothing};
      });
    }
    return std::unique_lock(mutex);
  }
  static constexpr uint64_t kOrdersNothing = 2;

  ObjectId Id(Runtime& runtime) {
    return runtime.Resolve(handle_, [this] {
      return ObjectInit{.kind = ObjectKind::kCondVar,
                        .address = this,
                        .size = sizeof(*this),
                        .name = name_};
    });
  }
  HEDDLE_DOOR void Notify(Runtime& runtime, OpKind kind) {
    Operation op{.kind = kind, .object = Id(runtime)};
    runtime.Perform(op);
  }
  // Does not touch the condition variable once woken: it may be gone by then.
  HEDDLE_DOOR std::cv_status Wait(Runtime& runtime, std::unique_lock<Mutex>& lock,
                                  VirtualTime deadline) {
    if (lock.mutex() == nullptr) {
      runtime.Fail(FindingKind::kMisuse, "wait on a condition variable with a lock of no mutex");
      return std::cv_status::no_timeout;
    }
    Operation op{.kind = OpKind::kWait, .object = Id(runtime), .second = lock.mutex()->Id(runtime)};
    if (runtime.Perform(op).outcome != Outcome::kDone) return std::cv_status::no_timeout;
    op.kind = OpKind::kWake;
    op.deadline = deadline;
    return runtime.Perform(op).outcome == Outcome::kTimedOut ? std::cv_status::timeout
                                                             : std::cv_status::no_timeout;
  }
  template <typename Predicate>
  HEDDLE_DOOR bool WaitUntil(Runtime& runtime, std::unique_lock<Mutex>& lock, VirtualTime deadline,
                             Predicate& predicate) {
    while (!predicate()) {
      if (Wait(runtime, lock, deadline) == std::cv_status::timeout) return predicate();
    }
    return true;
  }

  std::condition_variable native_;
  ObjectHandle handle_;
  const char* name_ = nullptr;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_CONDITION_VARIABLE_H_
