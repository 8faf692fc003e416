// heddle::Barrier: std::barrier under control.
//
// Contract as of [thread.barrier.class]; more arrivals in a phase than it expects are a finding
// (misuse). All arrivals of a phase are ordered before its completion function, which the last
// thread to arrive runs, and that before every return from a wait for the phase. Arrivals and
// waits are scheduling points, so is the end of the completion function. Without an engine it is
// the standard one. Cost under control: one scheduling step an operation, two for
// arrive_and_wait.
#ifndef HEDDLE_PRIMITIVES_BARRIER_H_
#define HEDDLE_PRIMITIVES_BARRIER_H_

#include <barrier>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "harness/core/arrival.h"
#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle {

namespace internal {

struct NoCompletion {
  void operator()() noexcept {}
};

}  // namespace internal

template <typename Completion = internal::NoCompletion>
  requires std::invocable<Completion&>
class Barrier {
  static constexpr bool kHasCompletion = !std::is_same_v<Completion, internal::NoCompletion>;

  struct RunCompletion {
    Barrier* barrier;
    void operator()() noexcept { barrier->completion_(); }
  };
  using Native = std::barrier<RunCompletion>;

 public:
  // Movable; of one phase of one barrier.
  class arrival_token {
   public:
    arrival_token(arrival_token&&) = default;
    arrival_token& operator=(arrival_token&&) = default;

   private:
    friend class Barrier;
    explicit arrival_token(uint64_t phase) : phase_(phase) {}
    explicit arrival_token(typename Native::arrival_token&& native) : native_(std::move(native)) {}

    uint64_t phase_ = 0;
    std::optional<typename Native::arrival_token> native_;
  };

  // The name appears in reports and must outlive the barrier.
  explicit Barrier(std::ptrdiff_t expected, Completion completion = Completion(),
                   const char* name = nullptr)
      : completion_(std::move(completion)),
        native_(expected, RunCompletion{this}),
        expected_(expected),
        name_(name) {}
  Barrier(std::ptrdiff_t expected, const char* name)
    requires std::same_as<Completion, internal::NoCompletion>
      : Barrier(expected, Completion(), name) {}
  ~Barrier() {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Destroy(handle_, ObjectKind::kBarrier);
    }
  }
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  static constexpr std::ptrdiff_t max() noexcept { return Native::max(); }

  HEDDLE_DOOR [[nodiscard]] arrival_token arrive(std::ptrdiff_t update = 1) {
    if (Runtime* runtime = Runtime::Current()) {
      return arrival_token(Arrive(*runtime, OpKind::kArrive, update));
    }
    return arrival_token(native_.arrive(update));
  }
  HEDDLE_DOOR void wait(arrival_token&& arrival) const {
    if (Runtime* runtime = Runtime::Current()) {
      Wait(*runtime, arrival.phase_);
    } else {
      native_.wait(*std::move(arrival.native_));
    }
  }
  HEDDLE_DOOR void arrive_and_wait() {
    if (Runtime* runtime = Runtime::Current()) {
      Wait(*runtime, Arrive(*runtime, OpKind::kArrive, 1));
    } else {
      native_.arrive_and_wait();
    }
  }
  HEDDLE_DOOR void arrive_and_drop() {
    if (Runtime* runtime = Runtime::Current()) {
      Arrive(*runtime, OpKind::kArriveDrop, 1);
    } else {
      native_.arrive_and_drop();
    }
  }

 private:
  ObjectId Id(Runtime& runtime) const {
    return runtime.Resolve(handle_, [this] {
      return ObjectInit{.kind = ObjectKind::kBarrier,
                        .address = this,
                        .size = sizeof(*this),
                        .initial = static_cast<uint64_t>(expected_),
                        .limit = kHasCompletion ? 1u : 0u,
                        .name = name_};
    });
  }
  // Returns the phase that it arrived in.
  HEDDLE_DOOR uint64_t Arrive(Runtime& runtime, OpKind kind, std::ptrdiff_t update) {
    if (update <= 0) {
      runtime.Fail(FindingKind::kMisuse, "arrival at a barrier of less than one");
      return 0;
    }
    Operation op{.kind = kind, .object = Id(runtime), .operand = static_cast<uint64_t>(update)};
    const uint64_t value = runtime.Perform(op).value;
    if constexpr (kHasCompletion) {
      if ((value & kLastArrival) != 0) {
        completion_();
        Operation end{.kind = OpKind::kArrive, .object = Id(runtime), .operand = 0};
        runtime.Perform(end);
      }
    }
    return value & ~kLastArrival;
  }
  HEDDLE_DOOR void Wait(Runtime& runtime, uint64_t phase) const {
    Operation op{.kind = OpKind::kPhaseWait, .object = Id(runtime), .operand = phase};
    runtime.Perform(op);
  }

  Completion completion_;
  Native native_;
  mutable ObjectHandle handle_;
  const std::ptrdiff_t expected_;
  const char* const name_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_BARRIER_H_
