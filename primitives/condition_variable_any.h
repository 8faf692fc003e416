// heddle::CondVarAny: std::condition_variable_any under control.
//
// Contract as of [thread.condition.condvarany], the waits that a stop request ends included: see
// condition_variable.h for what it shares with CondVar. Composed of a CondVar and a mutex of its
// own, so that a notification cannot fall between the unlock of the caller's lock and the wait.
// That mutex orders nothing: what the waiter sees of the notifier, it sees through the caller's
// lock. Cost under control: the steps of a CondVar, two for the inner mutex, those of the caller's
// lock; a wait with a stop token also registers a callback.
#ifndef HEDDLE_PRIMITIVES_CONDITION_VARIABLE_ANY_H_
#define HEDDLE_PRIMITIVES_CONDITION_VARIABLE_ANY_H_

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/stop_token.h"
#include "primitives/time.h"

namespace heddle {

class CondVarAny {
 public:
  CondVarAny() = default;
  explicit CondVarAny(const char* name) : condition_(name) {}

  void notify_one() {
    const std::unique_lock guard = CondVar::LockWithoutOrder(*mutex_);
    condition_.notify_one();
  }
  void notify_all() {
    const std::unique_lock guard = CondVar::LockWithoutOrder(*mutex_);
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
    if constexpr (!std::is_same_v<Clock, VirtualClock>) {
      if (Runtime* runtime = Runtime::Current()) {
        return wait_until(lock, internal::VirtualTimeOf(*runtime, time), std::move(predicate));
      }
    }
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

  // The waits that a stop request ends. A request is not lost wherever it falls: it is looked for
  // with the inner mutex held, which the notification of its callback takes.
  template <typename Lock, typename Predicate>
  bool wait(Lock& lock, StopToken stop, Predicate predicate) {
    return WaitUntilStop(lock, stop, predicate, [this](std::unique_lock<Mutex>& inner) {
      condition_.wait(inner);
      return std::cv_status::no_timeout;
    });
  }
  template <typename Lock, typename Clock, typename Duration, typename Predicate>
  bool wait_until(Lock& lock, StopToken stop, const std::chrono::time_point<Clock, Duration>& time,
                  Predicate predicate) {
    if constexpr (!std::is_same_v<Clock, VirtualClock>) {
      if (Runtime* runtime = Runtime::Current()) {
        return wait_until(lock, std::move(stop), internal::VirtualTimeOf(*runtime, time),
                          std::move(predicate));
      }
    }
    return WaitUntilStop(lock, stop, predicate, [&](std::unique_lock<Mutex>& inner) {
      return condition_.wait_until(inner, time);
    });
  }
  template <typename Lock, typename Rep, typename Period, typename Predicate>
  bool wait_for(Lock& lock, StopToken stop, const std::chrono::duration<Rep, Period>& timeout,
                Predicate predicate) {
    return wait_until(lock, std::move(stop), internal::TimeAfter(timeout), std::move(predicate));
  }

 private:
  // What the predicate says once it holds, the stop is requested, or wait_once times out.
  template <typename Lock, typename Predicate, typename WaitOnce>
  bool WaitUntilStop(Lock& lock, const StopToken& stop, Predicate& predicate, WaitOnce wait_once) {
    if (stop.stop_requested()) return predicate();
    const StopCallback notify(stop, [this] { notify_all(); });
    bool ended = false;
    while (!predicate()) {
      if (ended) return false;
      Unlocked unlocked(*this, lock);
      ended = stop.stop_requested() || wait_once(unlocked.inner()) == std::cv_status::timeout;
    }
    return true;
  }

  // Holds the inner mutex and not the caller's lock; the other way round when it ends. Keeps the
  // inner mutex: the condition variable may be destroyed as soon as all waiters are notified.
  template <typename Lock>
  class Unlocked {
   public:
    Unlocked(CondVarAny& condition, Lock& lock)
        : lock_(lock), mutex_(condition.mutex_), inner_(CondVar::LockWithoutOrder(*mutex_)) {
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

#endif  // HEDDLE_PRIMITIVES_CONDITION_VARIABLE_ANY_H_
