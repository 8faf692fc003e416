// heddle::Thread, this_thread and what one may do to oneself: std::thread under control.
//
// Contract as of [thread.thread.class]. The start synchronises with the new thread's first step,
// its last with join. Starting a thread is an event; its first step and join are scheduling points.
// A joinable Thread that is destroyed is a finding (thread-leak at the end of the execution; the
// standard calls std::terminate). Sleeping takes virtual time only.
#ifndef HEDDLE_PRIMITIVES_THREAD_H_
#define HEDDLE_PRIMITIVES_THREAD_H_

#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"
#include "primitives/thread_id.h"

namespace heddle {

template <typename Function>
class SymmetricThreads;

class Thread {
 public:
  using id = internal::ThreadIdentity;

  Thread() noexcept = default;
  template <typename Function, typename... Arguments>
    requires(!std::is_same_v<std::remove_cvref_t<Function>, Thread>)
  HEDDLE_DOOR explicit Thread(Function&& function, Arguments&&... arguments) {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) {
      native_ = std::thread(std::forward<Function>(function),
                            std::forward<Arguments>(arguments)...);
      return;
    }
    using Call = std::tuple<std::decay_t<Function>, std::decay_t<Arguments>...>;
    static_assert(alignof(Call) <= 64);
    Call* const call = new (runtime->SpawnStorage(sizeof(Call)))
        Call(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
    thread_ = runtime->Spawn(&Run<Call>, call, nullptr);
  }
  Thread(Thread&& other) noexcept
      : native_(std::move(other.native_)), thread_(std::exchange(other.thread_, kNoThread)) {}
  Thread& operator=(Thread&& other) noexcept {
    if (this == &other) return *this;
    Abandon();
    native_ = std::move(other.native_);
    thread_ = std::exchange(other.thread_, kNoThread);
    return *this;
  }
  // A thread that is still joinable here is reported, where std::thread calls std::terminate.
  ~Thread() { Abandon(); }

  bool joinable() const noexcept { return thread_ != kNoThread || native_.joinable(); }
  id get_id() const noexcept {
    return thread_ != kNoThread ? id(thread_) : id(native_.get_id());
  }
  HEDDLE_DOOR void join() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kJoin);
    } else {
      native_.join();
    }
  }
  HEDDLE_DOOR void detach() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kDetach);
    } else {
      native_.detach();
    }
  }
  static unsigned hardware_concurrency() noexcept { return std::thread::hardware_concurrency(); }

 private:
  template <typename Function>
  friend class SymmetricThreads;

  template <typename Call>
  static void Run(void* argument) {
    struct Destroy {
      void operator()(Call* call) const { call->~Call(); }
    };
    const std::unique_ptr<Call, Destroy> call(static_cast<Call*>(argument));
    std::apply(
        [](auto&&... parts) { std::invoke(std::forward<decltype(parts)>(parts)...); },
        std::move(*call));
  }

  void Abandon() noexcept {
    if (thread_ == kNoThread) return;
    if (Runtime* runtime = Runtime::Current()) runtime->AbandonThread(thread_);
  }

  HEDDLE_DOOR void Do(Runtime& runtime, OpKind kind) {
    if (thread_ == kNoThread) {
      runtime.Fail(FindingKind::kMisuse, kind == OpKind::kJoin
                                             ? "join of a Thread that is not joinable"
                                             : "detach of a Thread that is not joinable");
      return;
    }
    Operation op{.kind = kind, .object = runtime.ThreadObject(thread_),
                 .operand = Index(thread_)};
    runtime.Perform(op);
    thread_ = kNoThread;
  }

  std::thread native_;
  ThreadId thread_ = kNoThread;
};

// Lets other threads go first: not run again until another thread has made a step, if any can.
HEDDLE_DOOR inline void Yield() {
  if (Runtime* runtime = Runtime::Current()) {
    Operation op{.kind = OpKind::kYield, .object = runtime->CurrentThreadObject()};
    runtime->Perform(op);
  } else {
    std::this_thread::yield();
  }
}

namespace this_thread {

inline Thread::id get_id() noexcept { return Thread::id::OfCaller(); }
HEDDLE_DOOR inline void yield() { Yield(); }

}  // namespace this_thread

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_THREAD_H_
