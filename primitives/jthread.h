// heddle::JThread: std::jthread under control, a Thread that stops and joins itself.
//
// Contract as of [thread.jthread.class]: a callable that takes a StopToken first is given one, and
// the destructor and move assignment request a stop and join. The start synchronises with the
// thread's first step, its last with join. request_stop and join are scheduling points; see
// stop_token.h and thread.h. A destructor that waits when the execution is ended early cannot be
// unwound, and its thread is abandoned, which costs the search a few microseconds.
#ifndef HEDDLE_PRIMITIVES_JTHREAD_H_
#define HEDDLE_PRIMITIVES_JTHREAD_H_

#include <functional>
#include <thread>
#include <type_traits>
#include <utility>

#include "primitives/internal/door.h"
#include "primitives/stop_token.h"
#include "primitives/thread.h"

namespace heddle {

class JThread {
 public:
  using id = Thread::id;

  JThread() noexcept : source_(kNoStopState) {}
  template <typename Function, typename... Arguments>
    requires(!std::is_same_v<std::remove_cvref_t<Function>, JThread>)
  HEDDLE_DOOR explicit JThread(Function&& function, Arguments&&... arguments)
      : thread_(Start(source_, std::forward<Function>(function),
                      std::forward<Arguments>(arguments)...)) {}
  JThread(JThread&&) noexcept = default;
  JThread& operator=(JThread&& other) noexcept {
    if (this == &other) return *this;
    StopAndJoin();
    source_ = std::move(other.source_);
    thread_ = std::move(other.thread_);
    return *this;
  }
  ~JThread() { StopAndJoin(); }

  void swap(JThread& other) noexcept {
    source_.swap(other.source_);
    std::swap(thread_, other.thread_);
  }

  id get_id() const noexcept { return thread_.get_id(); }
  bool joinable() const noexcept { return thread_.joinable(); }
  HEDDLE_DOOR void join() { thread_.join(); }
  HEDDLE_DOOR void detach() { thread_.detach(); }
  static unsigned hardware_concurrency() noexcept { return Thread::hardware_concurrency(); }

  StopSource get_stop_source() const { return source_; }
  StopToken get_stop_token() const noexcept { return source_.get_token(); }
  bool request_stop() { return source_.request_stop(); }

 private:
  template <typename Function, typename... Arguments>
  HEDDLE_DOOR static Thread Start(const StopSource& source, Function&& function,
                                  Arguments&&... arguments) {
    if constexpr (std::is_invocable_v<std::decay_t<Function>, StopToken,
                                      std::decay_t<Arguments>...>) {
      return Thread(std::forward<Function>(function), source.get_token(),
                    std::forward<Arguments>(arguments)...);
    } else {
      return Thread(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
    }
  }

  void StopAndJoin() {
    if (!thread_.joinable()) return;
    source_.request_stop();
    thread_.join();
  }

  StopSource source_;
  Thread thread_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_JTHREAD_H_
