// What a Promise and its Futures share: a value or an exception, set once.
//
// Every member function may be called by any thread. Setting synchronises with every wait that sees
// it (both hold the mutex).
#ifndef HEDDLE_PRIMITIVES_INTERNAL_FUTURE_STATE_H_
#define HEDDLE_PRIMITIVES_INTERNAL_FUTURE_STATE_H_

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "primitives/condition_variable.h"
#include "primitives/internal/misuse.h"
#include "primitives/mutex.h"

namespace heddle::internal {

[[noreturn]] inline void ThrowFutureError(std::future_errc error) {
  throw std::future_error(error);
}

// What is kept for a result of type T: itself, the address of what a reference refers to, or
// nothing.
template <typename T>
using FutureStored =
    std::conditional_t<std::is_void_v<T>, std::monostate,
                       std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

template <typename T>
class FutureState {
 public:
  using Stored = FutureStored<T>;

  template <typename... Arguments>
  void SetValue(Arguments&&... arguments) {
    std::lock_guard lock(mutex_);
    CheckUnset();
    value_.emplace(std::forward<Arguments>(arguments)...);
    changed_.notify_all();
  }

  void SetException(std::exception_ptr error) {
    std::lock_guard lock(mutex_);
    CheckUnset();
    error_ = std::move(error);
    changed_.notify_all();
  }

  // A Future now refers to it. Throws when one did already.
  void Retrieve() {
    std::lock_guard lock(mutex_);
    if (retrieved_) {
      Misuse("get_future of a Promise whose future has been taken already");
      ThrowFutureError(std::future_errc::future_already_retrieved);
    }
    retrieved_ = true;
  }

  // The Promise is gone. A promise that nobody asked of may be broken.
  void Break() {
    std::lock_guard lock(mutex_);
    if (Ready() || !retrieved_) return;
    error_ = std::make_exception_ptr(std::future_error(std::future_errc::broken_promise));
    broken_ = true;
    if (waiters_ > 0) ReportBroken();
    changed_.notify_all();
  }

  void Wait() {
    std::unique_lock lock(mutex_);
    WaitReady(lock);
  }

  template <typename Rep, typename Period>
  std::future_status WaitFor(const std::chrono::duration<Rep, Period>& timeout) {
    return WaitTimed(
        [&](auto& lock, auto ready) { return changed_.wait_for(lock, timeout, ready); });
  }
  template <typename Clock, typename Duration>
  std::future_status WaitUntil(const std::chrono::time_point<Clock, Duration>& time) {
    return WaitTimed(
        [&](auto& lock, auto ready) { return changed_.wait_until(lock, time, ready); });
  }

  // Waits for the result. Throws the exception if it is one.
  Stored& Get() {
    std::unique_lock lock(mutex_);
    WaitReady(lock);
    if (error_ == nullptr) return *value_;
    if (broken_) ReportBroken();
    const std::exception_ptr error = error_;
    lock.unlock();
    std::rethrow_exception(error);
  }

 private:
  bool Ready() const { return value_.has_value() || error_ != nullptr; }

  void CheckUnset() {
    if (!Ready()) return;
    Misuse("a Promise is satisfied twice");
    ThrowFutureError(std::future_errc::promise_already_satisfied);
  }

  void WaitReady(std::unique_lock<Mutex>& lock) {
    ++waiters_;
    changed_.wait(lock, [this] { return Ready(); });
    --waiters_;
  }

  // `wait` says for how long.
  template <typename TimedWait>
  std::future_status WaitTimed(TimedWait wait) {
    std::unique_lock lock(mutex_);
    ++waiters_;
    const bool ready = wait(lock, [this] { return Ready(); });
    --waiters_;
    return ready ? std::future_status::ready : std::future_status::timeout;
  }

  // Once: where the promise was destroyed if somebody waited, else where the result was asked for.
  void ReportBroken() {
    if (std::exchange(broken_reported_, true)) return;
    Misuse("broken promise: the Promise was destroyed without a value or exception");
  }

  Mutex mutex_{"future"};
  CondVar changed_{"future ready"};
  // The rest is guarded by mutex_; a value that has been set does not change.
  std::optional<Stored> value_;
  std::exception_ptr error_;
  int waiters_ = 0;
  bool retrieved_ = false;
  bool broken_ = false;
  bool broken_reported_ = false;
};

}  // namespace heddle::internal

#endif  // HEDDLE_PRIMITIVES_INTERNAL_FUTURE_STATE_H_
