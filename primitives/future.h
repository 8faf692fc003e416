// heddle::Promise, heddle::Future and heddle::SharedFuture: a result that one thread hands to
// others.
//
// Contract as of [futures], for results of type T, T& and void. Setting the result synchronises
// with every wait that returns ready and with get. What breaks the rules throws the
// std::future_error that the standard says and, under control, is also a finding (misuse): a
// promise satisfied twice, a second get_future, get or wait without a state (a second get), and a
// broken promise, that is a Promise destroyed without a result while a thread waits for it or
// before one asks for it. A broken promise that nobody asks is no finding. Timeouts are in virtual
// time under control. Not offered: set_value_at_thread_exit, std::packaged_task, std::async. Cost:
// one allocation for each Promise; every operation takes a mutex.
#ifndef HEDDLE_PRIMITIVES_FUTURE_H_
#define HEDDLE_PRIMITIVES_FUTURE_H_

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "primitives/internal/future_state.h"
#include "primitives/internal/misuse.h"

namespace heddle {

template <typename T>
class Promise;
template <typename T>
class SharedFuture;

namespace internal {

// What Future and SharedFuture have in common.
template <typename T>
class FutureBase {
 public:
  bool valid() const noexcept { return state_ != nullptr; }
  void wait() const { Shared("wait on a Future without a state")->Wait(); }
  template <typename Rep, typename Period>
  std::future_status wait_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return Shared("wait on a Future without a state")->WaitFor(timeout);
  }
  template <typename Clock, typename Duration>
  std::future_status wait_until(const std::chrono::time_point<Clock, Duration>& time) const {
    return Shared("wait on a Future without a state")->WaitUntil(time);
  }

 protected:
  using State = std::shared_ptr<FutureState<T>>;

  FutureBase() noexcept = default;
  explicit FutureBase(State state) noexcept : state_(std::move(state)) {}

  // A reference of the caller's own: the future may be destroyed as soon as the result is seen.
  State Shared(const char* misuse) const {
    if (state_ == nullptr) {
      Misuse(misuse);
      ThrowFutureError(std::future_errc::no_state);
    }
    return state_;
  }

  State state_;
};

}  // namespace internal

template <typename T>
class Future : public internal::FutureBase<T> {
  using Base = internal::FutureBase<T>;

 public:
  Future() noexcept = default;
  Future(Future&&) noexcept = default;
  Future& operator=(Future&&) noexcept = default;

  // Waits, and gives the result away: the Future has no state afterwards.
  T get() {
    const typename Base::State state =
        this->Shared("get of a Future without a state: its result has been taken already");
    this->state_.reset();
    auto& stored = state->Get();
    if constexpr (std::is_void_v<T>) {
      static_cast<void>(stored);
    } else if constexpr (std::is_reference_v<T>) {
      return *stored;
    } else {
      return std::move(stored);
    }
  }
  SharedFuture<T> share() noexcept { return SharedFuture<T>(std::move(*this)); }

 private:
  friend class Promise<T>;
  friend class SharedFuture<T>;
  explicit Future(typename Base::State state) noexcept : Base(std::move(state)) {}
};

template <typename T>
class SharedFuture : public internal::FutureBase<T> {
  using Base = internal::FutureBase<T>;
  using Reference = std::conditional_t<std::is_void_v<T> || std::is_reference_v<T>, T,
                                       std::add_lvalue_reference_t<const T>>;

 public:
  SharedFuture() noexcept = default;
  SharedFuture(Future<T>&& future) noexcept  // NOLINT: converts as std::shared_future does
      : Base(std::move(future.state_)) {}

  // The result stays; the reference is valid while any SharedFuture of it is.
  Reference get() const {
    const typename Base::State state = this->Shared("get of a SharedFuture without a state");
    auto& stored = state->Get();
    if constexpr (std::is_void_v<T>) {
      static_cast<void>(stored);
    } else if constexpr (std::is_reference_v<T>) {
      return *stored;
    } else {
      return stored;
    }
  }
};

template <typename T>
class Promise {
  using State = internal::FutureState<T>;
  using Referred = std::conditional_t<std::is_reference_v<T>, T, std::monostate&>;

 public:
  Promise() : state_(std::make_shared<State>()) {}
  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&& other) noexcept {
    Promise(std::move(other)).swap(*this);
    return *this;
  }
  // Breaks the promise, unless it was kept.
  ~Promise() {
    if (state_ != nullptr) state_->Break();
  }
  void swap(Promise& other) noexcept { state_.swap(other.state_); }

  Future<T> get_future() {
    const std::shared_ptr<State> state = Shared();
    state->Retrieve();
    return Future<T>(state);
  }

  void set_value()
    requires std::is_void_v<T>
  {
    Shared()->SetValue();
  }
  template <typename Value = typename State::Stored>
    requires(!std::is_reference_v<T> && std::is_constructible_v<typename State::Stored, Value &&>)
  void set_value(Value&& value) {
    Shared()->SetValue(std::forward<Value>(value));
  }
  void set_value(Referred referred)
    requires std::is_reference_v<T>
  {
    Shared()->SetValue(std::addressof(referred));
  }
  void set_exception(std::exception_ptr error) { Shared()->SetException(std::move(error)); }

 private:
  // A reference of the caller's own: a thread that sees the result may destroy the Promise.
  std::shared_ptr<State> Shared() const {
    if (state_ == nullptr) {
      internal::Misuse("use of a Promise that has been moved from");
      internal::ThrowFutureError(std::future_errc::no_state);
    }
    return state_;
  }

  std::shared_ptr<State> state_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_FUTURE_H_
