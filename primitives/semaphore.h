// heddle::CountingSemaphore, Semaphore and BinarySemaphore: std::counting_semaphore under
// control.
//
// Contract as of [thread.sema.cnt]; a release beyond max() is a finding (misuse). A release
// synchronises with the acquires that come after it. acquire, the tries and release are
// scheduling points; timeouts take virtual time only. Without an engine it is the standard one.
// Cost under control: one scheduling step an operation.
#ifndef HEDDLE_PRIMITIVES_SEMAPHORE_H_
#define HEDDLE_PRIMITIVES_SEMAPHORE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <semaphore>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"
#include "primitives/time.h"

namespace heddle {

template <std::ptrdiff_t kLeastMax = std::counting_semaphore<>::max()>
class CountingSemaphore {
 public:
  // The name appears in reports and must outlive the semaphore.
  constexpr explicit CountingSemaphore(std::ptrdiff_t desired, const char* name = nullptr)
      : native_(desired), initial_(desired), name_(name) {}
  ~CountingSemaphore() {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Destroy(handle_, ObjectKind::kSemaphore);
    }
  }
  CountingSemaphore(const CountingSemaphore&) = delete;
  CountingSemaphore& operator=(const CountingSemaphore&) = delete;

  static constexpr std::ptrdiff_t max() noexcept { return kLeastMax; }

  HEDDLE_DOOR void release(std::ptrdiff_t update = 1) {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) return native_.release(update);
    if (update < 0) {
      runtime->Fail(FindingKind::kMisuse, "release of a semaphore by a negative number");
      return;
    }
    Operation op{
        .kind = OpKind::kRelease, .object = Id(*runtime), .operand = static_cast<uint64_t>(update)};
    runtime->Perform(op);
  }

  HEDDLE_DOOR void acquire() {
    if (Runtime* runtime = Runtime::Current()) {
      Acquire(*runtime, OpKind::kAcquire, kNoDeadline);
    } else {
      native_.acquire();
    }
  }
  HEDDLE_DOOR bool try_acquire() {
    if (Runtime* runtime = Runtime::Current()) {
      return Acquire(*runtime, OpKind::kTryAcquire, kNoDeadline);
    }
    return native_.try_acquire();
  }
  template <typename Rep, typename Period>
  HEDDLE_DOOR bool try_acquire_for(const std::chrono::duration<Rep, Period>& timeout) {
    if (Runtime* runtime = Runtime::Current()) {
      return Acquire(*runtime, OpKind::kAcquire, internal::DeadlineIn(*runtime, timeout));
    }
    return native_.try_acquire_for(timeout);
  }
  template <typename Clock, typename Duration>
  HEDDLE_DOOR bool try_acquire_until(const std::chrono::time_point<Clock, Duration>& time) {
    if (Runtime* runtime = Runtime::Current()) {
      return Acquire(*runtime, OpKind::kAcquire, internal::DeadlineAt(*runtime, time));
    }
    return native_.try_acquire_until(time);
  }

 private:
  ObjectId Id(Runtime& runtime) {
    return runtime.Resolve(handle_, [this] {
      return ObjectInit{.kind = ObjectKind::kSemaphore,
                        .address = this,
                        .size = sizeof(*this),
                        .initial = static_cast<uint64_t>(initial_),
                        .limit = static_cast<uint64_t>(kLeastMax),
                        .name = name_};
    });
  }
  HEDDLE_DOOR bool Acquire(Runtime& runtime, OpKind kind, VirtualTime deadline) {
    Operation op{.kind = kind, .object = Id(runtime), .deadline = deadline};
    return runtime.Perform(op).outcome == Outcome::kDone;
  }

  std::counting_semaphore<kLeastMax> native_;
  ObjectHandle handle_;
  const std::ptrdiff_t initial_;
  const char* const name_;
};

using Semaphore = CountingSemaphore<>;
using BinarySemaphore = CountingSemaphore<1>;

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SEMAPHORE_H_
