// What a pool runs: a call whose result goes to a Future.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_TASK_H_
#define HEDDLE_PRIMITIVES_INTERNAL_TASK_H_

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include "primitives/future.h"

namespace heddle::internal {

class Task {
 public:
  virtual ~Task() = default;
  virtual void Run() = 0;
};

template <typename Function, typename... Arguments>
using TaskResult = std::invoke_result_t<std::decay_t<Function>, std::decay_t<Arguments>...>;

template <typename Result, typename Function, typename... Arguments>
class CallTask final : public Task {
 public:
  template <typename... Parts>
  explicit CallTask(Parts&&... parts) : call_(std::forward<Parts>(parts)...) {}

  Future<Result> GetFuture() { return promise_.get_future(); }

  void Run() override {
    try {
      const auto invoke = [](auto&&... parts) -> Result {
        return std::invoke(std::forward<decltype(parts)>(parts)...);
      };
      if constexpr (std::is_void_v<Result>) {
        std::apply(invoke, std::move(call_));
        promise_.set_value();
      } else {
        promise_.set_value(std::apply(invoke, std::move(call_)));
      }
    } catch (...) {
      // The exception by which the engine ends an execution comes back from the next operation.
      promise_.set_exception(std::current_exception());
    }
  }

 private:
  std::tuple<Function, Arguments...> call_;
  Promise<Result> promise_;
};

template <typename Function, typename... Arguments>
auto MakeTask(Function&& function, Arguments&&... arguments) {
  using Made = CallTask<TaskResult<Function, Arguments...>, std::decay_t<Function>,
                        std::decay_t<Arguments>...>;
  return std::make_unique<Made>(std::forward<Function>(function),
                                std::forward<Arguments>(arguments)...);
}

// The future of a task that a pool did not take.
template <typename Result>
Future<Result> RejectedFuture() {
  Promise<Result> promise;
  Future<Result> future = promise.get_future();
  promise.set_exception(std::make_exception_ptr(std::runtime_error("the pool has been shut down")));
  return future;
}

}  // namespace heddle::internal

#endif  // HEDDLE_PRIMITIVES_INTERNAL_TASK_H_
