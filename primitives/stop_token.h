// heddle::StopSource, heddle::StopToken and heddle::StopCallback: std::stop_token and its family
// under control.
//
// Contract as of [thread.stoptoken]. A request_stop that returns true synchronises with every
// stop_requested that returns true and with every callback. A callback runs in the thread that
// requests the stop, or in the one that registers it if that comes later; the destructor of a
// StopCallback waits for a run in another thread, not for one in its own. An exception that leaves
// a callback calls std::terminate. Copying a token is no scheduling point and orders nothing. How
// many sources there are can be seen (stop_possible), so copying a source and ending one are steps,
// relaxed ones. Cost: stop_requested is one atomic load (a scheduling step); registering, removing
// and requesting take a mutex. One allocation for each StopSource.
#ifndef HEDDLE_PRIMITIVES_STOP_TOKEN_H_
#define HEDDLE_PRIMITIVES_STOP_TOKEN_H_

#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"

namespace heddle {

namespace internal {

// A registered callback: a member of its StopState's list until it is run or removed.
class StopEntry {
 public:
  virtual void Run() noexcept = 0;

 protected:
  ~StopEntry() = default;

 private:
  friend class StopState;
  // Guarded by the state's mutex.
  StopEntry* next_ = nullptr;
  StopEntry* previous_ = nullptr;
  bool registered_ = false;
};

// What sources, tokens and callbacks share.
class StopState {
 public:
  bool Requested() const { return requested_.load(MemoryOrder::acquire); }
  bool Possible() const { return sources_.load(MemoryOrder::relaxed) > 0 || Requested(); }
  void AddSource() { sources_.fetch_add(1, MemoryOrder::relaxed); }
  void RemoveSource() { sources_.fetch_sub(1, MemoryOrder::relaxed); }

  // False: it had been requested before.
  bool Request() {
    std::unique_lock lock(mutex_);
    if (requested_.load(MemoryOrder::relaxed)) return false;
    requested_.store(true, MemoryOrder::release);
    requester_ = this_thread::get_id();
    while (first_ != nullptr) {
      StopEntry* const entry = first_;
      Unlink(*entry);
      running_ = entry;
      lock.unlock();
      entry->Run();  // may destroy the entry
      lock.lock();
      running_ = nullptr;
      finished_.notify_all();
    }
    return true;
  }

  // False: the stop has been requested already, and the caller is to run it.
  bool Register(StopEntry& entry) {
    std::unique_lock lock(mutex_);
    if (requested_.load(MemoryOrder::relaxed)) return false;
    entry.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &entry;
    first_ = &entry;
    entry.registered_ = true;
    return true;
  }

  // After this the entry does not run and is not running, except in the calling thread.
  void Remove(StopEntry& entry) {
    std::unique_lock lock(mutex_);
    if (entry.registered_) {
      Unlink(entry);
      return;
    }
    if (running_ != &entry) return;
    if (requester_ == this_thread::get_id()) {
      running_ = nullptr;  // a later entry at the same address is another one
      return;
    }
    finished_.wait(lock, [&] { return running_ != &entry; });
  }

 private:
  void Unlink(StopEntry& entry) {
    if (entry.next_ != nullptr) entry.next_->previous_ = entry.previous_;
    (entry.previous_ != nullptr ? entry.previous_->next_ : first_) = entry.next_;
    entry.next_ = entry.previous_ = nullptr;
    entry.registered_ = false;
  }

  Mutex mutex_{"stop state"};
  CondVar finished_{"stop callback finished"};
  Atomic<bool> requested_{false, "stop requested"};  // written with mutex_ held
  Atomic<int> sources_{1, "stop sources"};
  // The rest is guarded by mutex_.
  StopEntry* first_ = nullptr;    // newest first
  StopEntry* running_ = nullptr;  // at work in requester_, without the mutex
  Thread::id requester_;
};

}  // namespace internal

using NoStopState = std::nostopstate_t;
inline constexpr NoStopState kNoStopState{};

template <typename Callback>
class StopCallback;

class StopToken {
 public:
  StopToken() noexcept = default;

  bool stop_requested() const { return state_ != nullptr && state_->Requested(); }
  bool stop_possible() const { return state_ != nullptr && state_->Possible(); }
  void swap(StopToken& other) noexcept { state_.swap(other.state_); }
  friend bool operator==(const StopToken&, const StopToken&) = default;

 private:
  friend class StopSource;
  template <typename Callback>
  friend class StopCallback;
  explicit StopToken(std::shared_ptr<internal::StopState> state) : state_(std::move(state)) {}

  std::shared_ptr<internal::StopState> state_;
};

class StopSource {
 public:
  StopSource() : state_(std::make_shared<internal::StopState>()) {}
  explicit StopSource(NoStopState) noexcept {}
  StopSource(const StopSource& other) : state_(other.state_) {
    if (state_ != nullptr) state_->AddSource();
  }
  StopSource(StopSource&& other) noexcept = default;
  StopSource& operator=(StopSource other) noexcept {
    swap(other);
    return *this;
  }
  ~StopSource() {
    if (state_ != nullptr) state_->RemoveSource();
  }
  void swap(StopSource& other) noexcept { state_.swap(other.state_); }

  StopToken get_token() const { return StopToken(state_); }
  bool stop_possible() const noexcept { return state_ != nullptr; }
  bool stop_requested() const { return state_ != nullptr && state_->Requested(); }
  // Runs the callbacks that are registered. False: without a state, or requested before.
  bool request_stop() const {
    // A callback may destroy the last source.
    const std::shared_ptr<internal::StopState> state = state_;
    return state != nullptr && state->Request();
  }
  friend bool operator==(const StopSource&, const StopSource&) = default;

 private:
  std::shared_ptr<internal::StopState> state_;
};

template <typename Callback>
class [[nodiscard]] StopCallback final : private internal::StopEntry {
 public:
  using callback_type = Callback;

  template <typename Function>
    requires std::constructible_from<Callback, Function>
  explicit StopCallback(StopToken token, Function&& function)
      : callback_(std::forward<Function>(function)), state_(std::move(token.state_)) {
    if (state_ != nullptr && !state_->Register(*this)) {
      state_.reset();
      Run();
    }
  }
  ~StopCallback() {
    if (state_ != nullptr) state_->Remove(*this);
  }
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  void Run() noexcept override { std::forward<Callback>(callback_)(); }

  Callback callback_;
  std::shared_ptr<internal::StopState> state_;  // null: nothing to remove
};

template <typename Callback>
StopCallback(StopToken, Callback) -> StopCallback<Callback>;

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_STOP_TOKEN_H_
