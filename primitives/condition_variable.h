// heddle::CondVar and heddle::CondVarAny: std::condition_variable and std::condition_variable_any
// under control.
//
// Contract as of [thread.condition.condvar] and [thread.condition.condvarany]; breaking it
// (waiting without the mutex, with two mutexes at once, destruction while a thread waits that
// nobody has notified) is a finding (misuse). A condition variable orders nothing by itself: what
// a waiting thread sees of the notifying one, it sees through the mutex. Which waiter notify_one
// wakes is a choice of the search; spurious wakeups are, too, as many as its options allow
// (--spurious).
//
// Scheduling points: the begin of a wait, its end, each notification. Timeouts take virtual time
// only; a wait that was notified before it timed out has not timed out. Without an engine they
// are the standard ones. Cost under control: two steps a wait, one a notification.
#ifndef HEDDLE_PRIMITIVES_CONDITION_VARIABLE_H_
#define HEDDLE_PRIMITIVES_CONDITION_VARIABLE_H_

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "harness/runtime/runtime.h"
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
      runtime->Destroy(handle_, ObjectKind::kCondVar, this);
    }
  }
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void notify_one() {
    if (Runtime* runtime = Runtime::Current()) {
      Notify(*runtime, OpKind::kNotifyOne);
    } else {
      native_.notify_one();
    }
  }
  void notify_all() {
    if (Runtime* runtime = Runtime::Current()) {
      Notify(*runtime, OpKind::kNotifyAll);
    } else {
      native_.notify_all();
    }
  }

  void wait(std::unique_lock<Mutex>& lock) {
    if (Runtime* runtime = Runtime::Current()) {
      Wait(*runtime, lock, kNoDeadline);
    } else {
      NativeLock native(lock);
      native_.wait(native.get());
    }
  }
  template <typename Predicate>
  void wait(std::unique_lock<Mutex>& lock, Predicate predicate) {
    while (!predicate()) wait(lock);
  }

  template <typename Clock, typename Duration>
  std::cv_status wait_until(std::unique_lock<Mutex>& lock,
                            const std::chrono::time_point<Clock, Duration>& time) {
    if (Runtime* runtime = Runtime::Current()) {
      return Wait(*runtime, lock, internal::DeadlineAt(*runtime, time));
    }
    NativeLock native(lock);
    return native_.wait_until(native.get(), time);
  }
  template <typename Clock, typename Duration, typename Predicate>
  bool wait_until(std::unique_lock<Mutex>& lock,
                  const std::chrono::time_point<Clock, Duration>& time, Predicate predicate) {
    if (Runtime* runtime = Runtime::Current()) {
      return WaitUntil(*runtime, lock, internal::DeadlineAt(*runtime, time), predicate);
    }
    while (!predicate()) {
      if (wait_until(lock, time) == std::cv_status::timeout) return predicate();
    }
    return true;
  }

  template <typename Rep, typename Period>
  std::cv_status wait_for(std::unique_lock<Mutex>& lock,
                          const std::chrono::duration<Rep, Period>& timeout) {
    if (Runtime* runtime = Runtime::Current()) {
      return Wait(*runtime, lock, internal::DeadlineIn(*runtime, timeout));
    }
    NativeLock native(lock);
    return native_.wait_for(native.get(), timeout);
  }
  template <typename Rep, typename Period, typename Predicate>
  bool wait_for(std::unique_lock<Mutex>& lock, const std::chrono::duration<Rep, Period>& timeout,
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

  ObjectId Id(Runtime& runtime) {
    return runtime.Resolve(handle_, [this] {
      return ObjectInit{.kind = ObjectKind::kCondVar,
                        .address = this,
                        .size = sizeof(*this),
                        .name = name_};
    });
  }
  void Notify(Runtime& runtime, OpKind kind) {
    Operation op{.kind = kind, .object = Id(runtime)};
    runtime.Perform(op);
  }
  // Does not touch the condition variable once woken: it may be gone by then.
  std::cv_status Wait(Runtime& runtime, std::unique_lock<Mutex>& lock, VirtualTime deadline) {
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
  bool WaitUntil(Runtime& runtime, std::unique_lock<Mutex>& lock, VirtualTime deadline,
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

// Composed of a CondVar and a mutex of its own, so that a notification cannot fall between the
// unlock of the caller's lock and the wait.
class CondVarAny {
 public:
  CondVarAny() = default;
  explicit CondVarAny(const char* name) : condition_(name) {}

  void notify_one() {
    std::lock_guard guard(*mutex_);
    condition_.notify_one();
  }
  void notify_all() {
    std::lock_guard guard(*mutex_);
    condition_.notify_all();
  }

  template <typename Lock>
  void wait(Lock& lock) {
    Unlocked unlocked(*this, lock);
    condition_.wait(unlocked.inner());
  }
  template <typename Lock, typename Predicate>
  void wait(Lock& lock, Predicate predicate) {
    while (!predicate()) wait(lock);
  }

  template <typename Lock, typename Clock, typename Duration>
  std::cv_status wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& time) {
    Unlocked unlocked(*this, lock);
    return condition_.wait_until(unlocked.inner(), time);
  }
  template <typename Lock, typename Clock, typename Duration, typename Predicate>
  bool wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& time,
                  Predicate predicate) {
    while (!predicate()) {
      if (wait_until(lock, time) == std::cv_status::timeout) return predicate();
    }
    return true;
  }

  template <typename Lock, typename Rep, typename Period>
  std::cv_status wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& timeout) {
    Unlocked unlocked(*this, lock);
    return condition_.wait_for(unlocked.inner(), timeout);
  }
  template <typename Lock, typename Rep, typename Period, typename Predicate>
  bool wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& timeout,
                Predicate predicate) {
    return wait_until(lock, internal::TimeAfter(timeout), std::move(predicate));
  }

 private:
  // Holds the inner mutex and not the caller's lock; the other way round when it ends. Keeps the
  // inner mutex: the condition variable may be destroyed as soon as all waiters are notified.
  template <typename Lock>
  class Unlocked {
   public:
    Unlocked(CondVarAny& condition, Lock& lock)
        : lock_(lock), mutex_(condition.mutex_), inner_(*mutex_) {
      lock_.unlock();
    }
    ~Unlocked() noexcept(false) {
      inner_.unlock();
      lock_.lock();
    }
    std::unique_lock<Mutex>& inner() { return inner_; }

   private:
    Lock& lock_;
    const std::shared_ptr<Mutex> mutex_;
    std::unique_lock<Mutex> inner_;
  };
  template <typename Lock>
  Unlocked(CondVarAny&, Lock&) -> Unlocked<Lock>;

  CondVar condition_;
  const std::shared_ptr<Mutex> mutex_ = std::make_shared<Mutex>();
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_CONDITION_VARIABLE_H_
