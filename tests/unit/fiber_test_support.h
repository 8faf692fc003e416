// A small coroutine on a donor, for the tests of the fiber runtime. Not thread-safe: all fibers of
// a test run on the test's own thread.
#ifndef HEDDLE_TESTS_UNIT_FIBER_TEST_SUPPORT_H_
#define HEDDLE_TESTS_UNIT_FIBER_TEST_SUPPORT_H_

#include <functional>
#include <utility>

#include "harness/runtime/fiber/donor.h"
#include "harness/runtime/fiber/thread_exit.h"

// Present if a sanitizer's runtime is.
extern "C" {
__attribute__((weak)) void __sanitizer_print_stack_trace();
__attribute__((weak)) void __lsan_disable();
__attribute__((weak)) void __tsan_acquire(void* address);
__attribute__((weak)) void __tsan_release(void* address);
}

namespace heddle {

inline bool UnderSanitizer() { return &__sanitizer_print_stack_trace != nullptr; }

// Called on a fiber that is going to be abandoned: what it allocates will be lost.
inline void ExpectLeaks() {
  if (&__lsan_disable != nullptr) __lsan_disable();
}

// To ThreadSanitizer fibers are threads: what happened before a switch happens before what follows.
inline void TellRelease(void* address) {
  if (&__tsan_release != nullptr) __tsan_release(address);
}
inline void TellAcquire(void* address) {
  if (&__tsan_acquire != nullptr) __tsan_acquire(address);
}

// One program thread. Its thread_local variables end with it, as an engine would have it.
class TestFiber {
 public:
  TestFiber(Donor* donor, std::function<void(TestFiber&)> body)
      : donor_(donor), body_(std::move(body)) {
    SetThreadExitListFinder([] { return current_ == nullptr ? nullptr : &current_->exit_list_; });
    donor->Reset(&Main, this);
  }

  // Continues the fiber until it suspends or ends. May be called on another fiber.
  __attribute__((noinline)) void Resume() {
    TestFiber* const resumer = std::exchange(current_, this);
    resumer_ = CarrierContext();
    Context* const fiber = donor_->context();
    TellRelease(this);
    SwitchContext(&resumer_, fiber);
    TellAcquire(this);
    current_ = resumer;
  }

  // Called on the fiber: continues whoever resumed it.
  __attribute__((noinline)) void Suspend() {
    Context* const fiber = donor_->context();
    TellRelease(this);
    SwitchContext(fiber, &resumer_);
    TellAcquire(this);
  }

  bool ended() const { return ended_; }

 private:
  static void Main(void* fiber) {
    auto* self = static_cast<TestFiber*>(fiber);
    TellAcquire(self);
    self->body_(*self);
    self->exit_list_.Run();
    self->ended_ = true;
    self->Suspend();
  }

  static inline TestFiber* current_ = nullptr;

  Donor* const donor_;
  const std::function<void(TestFiber&)> body_;
  Context resumer_;
  ThreadExitList exit_list_;
  bool ended_ = false;
};

// Runs `body` from beginning to end as a program thread on `donor`.
inline void RunOn(Donor* donor, std::function<void()> body) {
  TestFiber fiber(donor, [&](TestFiber&) { body(); });
  fiber.Resume();
}

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_FIBER_TEST_SUPPORT_H_
