// heddle::Latch: std::latch under control.
//
// Contract as of [thread.latch.class]; counting below zero is a finding (misuse). Every
// count_down synchronises with the waits and successful tries that return after it. All
// operations are scheduling points; try_wait fails only while the count is not zero, or where the
// search's options allow it (--spurious). Without an engine it is the standard one. For the
// engine it is a barrier of one phase. Cost under control: one scheduling step an operation, two
// for arrive_and_wait.
#ifndef HEDDLE_PRIMITIVES_LATCH_H_
#define HEDDLE_PRIMITIVES_LATCH_H_

#include <cstddef>
#include <cstdint>
#include <latch>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle {

class Latch {
 public:
  // The name appears in reports and must outlive the latch.
  constexpr explicit Latch(std::ptrdiff_t expected, const char* name = nullptr)
      : native_(expected), expected_(expected), name_(name) {}
  ~Latch() {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Destroy(handle_, ObjectKind::kBarrier);
    }
  }
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  static constexpr std::ptrdiff_t max() noexcept { return std::latch::max(); }

  HEDDLE_DOOR void count_down(std::ptrdiff_t update = 1) {
    if (Runtime* runtime = Runtime::Current()) {
      CountDown(*runtime, update);
    } else {
      native_.count_down(update);
    }
  }
  HEDDLE_DOOR bool try_wait() const {
    // A wait whose time is up at once.
    if (Runtime* runtime = Runtime::Current()) return Wait(*runtime, 0);
    return native_.try_wait();
  }
  HEDDLE_DOOR void wait() const {
    if (Runtime* runtime = Runtime::Current()) {
      Wait(*runtime, kNoDeadline);
    } else {
      native_.wait();
    }
  }
  HEDDLE_DOOR void arrive_and_wait(std::ptrdiff_t update = 1) {
    if (Runtime* runtime = Runtime::Current()) {
      CountDown(*runtime, update);
      Wait(*runtime, kNoDeadline);
    } else {
      native_.arrive_and_wait(update);
    }
  }

 private:
  ObjectId Id(Runtime& runtime) const {
    return runtime.Resolve(handle_, [this] {
      return ObjectInit{.kind = ObjectKind::kBarrier,
                        .address = this,
                        .size = sizeof(*this),
                        .initial = static_cast<uint64_t>(expected_),
                        .noun = "latch",
                        .name = name_};
    });
  }
  HEDDLE_DOOR void CountDown(Runtime& runtime, std::ptrdiff_t update) {
    if (update < 0) {
      runtime.Fail(FindingKind::kMisuse, "count_down of a latch by a negative number");
      return;
    }
    // Every arrival drops: nothing is expected of a next phase.
    Operation op{.kind = OpKind::kArriveDrop,
                 .object = Id(runtime),
                 .operand = static_cast<uint64_t>(update)};
    runtime.Perform(op);
  }
  HEDDLE_DOOR bool Wait(Runtime& runtime, VirtualTime deadline) const {
    Operation op{.kind = OpKind::kPhaseWait, .object = Id(runtime), .deadline = deadline};
    return runtime.Perform(op).outcome == Outcome::kDone;
  }

  std::latch native_;
  mutable ObjectHandle handle_;
  const std::ptrdiff_t expected_;
  const char* const name_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_LATCH_H_
