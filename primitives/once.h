// heddle::OnceFlag and heddle::CallOnce: std::once_flag and std::call_once under control.
//
// Contract as of [thread.once.callonce]: the function returns once; when it throws, the exception
// leaves the call and the next call runs it. The end of the run that returned synchronises with
// every call that finds it done. A call inside the function is a deadlock of the thread with
// itself. Entering is a scheduling point, the end of the function an event. Without an engine
// they are the standard ones. Cost under control: one scheduling step a call.
#ifndef HEDDLE_PRIMITIVES_ONCE_H_
#define HEDDLE_PRIMITIVES_ONCE_H_

#include <functional>
#include <mutex>
#include <utility>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle {

class OnceFlag {
 public:
  constexpr OnceFlag() noexcept = default;
  // The name appears in reports and must outlive the flag.
  explicit constexpr OnceFlag(const char* name) noexcept : name_(name) {}
  ~OnceFlag() {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Destroy(handle_, ObjectKind::kOnce);
    }
  }
  OnceFlag(const OnceFlag&) = delete;
  OnceFlag& operator=(const OnceFlag&) = delete;

 private:
  template <typename Function, typename... Arguments>
  friend void CallOnce(OnceFlag& flag, Function&& function, Arguments&&... arguments);

  ObjectId Id(Runtime& runtime) {
    return runtime.Resolve(handle_, [this] {
      return ObjectInit{.kind = ObjectKind::kOnce,
                        .address = this,
                        .size = sizeof(*this),
                        .name = name_};
    });
  }

  // Ends a run, also when the function throws.
  struct Run {
    HEDDLE_DOOR ~Run() noexcept(false) {
      Operation op{.kind = OpKind::kOnceDone, .object = object, .operand = returned ? 1u : 0u};
      runtime.Perform(op);
    }
    Runtime& runtime;
    ObjectId object;
    bool returned = false;
  };

  std::once_flag native_;
  ObjectHandle handle_;
  const char* name_ = nullptr;
};

template <typename Function, typename... Arguments>
HEDDLE_DOOR inline void CallOnce(OnceFlag& flag, Function&& function, Arguments&&... arguments) {
  Runtime* runtime = Runtime::Current();
  if (runtime == nullptr) {
    std::call_once(flag.native_, std::forward<Function>(function),
                   std::forward<Arguments>(arguments)...);
    return;
  }
  Operation op{.kind = OpKind::kOnceEnter, .object = flag.Id(*runtime)};
  if (runtime->Perform(op).value == 0) return;
  OnceFlag::Run run{*runtime, op.object};
  std::invoke(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
  run.returned = true;
}

template <typename Function, typename... Arguments>
HEDDLE_DOOR inline void call_once(OnceFlag& flag, Function&& function, Arguments&&... arguments) {
  CallOnce(flag, std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_ONCE_H_
