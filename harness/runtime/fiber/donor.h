// A donor: an OS thread that lends its stack and its thread-local storage to a fiber.
//
// The thread itself sleeps in a futex at the top of its stack, where it touches neither. The fiber
// runs a little below on the same stack, with the donor's FS base, so that stack bounds,
// pthread_self, errno, `thread_local` variables, exceptions and sanitizers see an ordinary thread.
// (The space between is for the C library's own signals, those of setuid and pthread_cancel, which
// cannot be blocked and run on the sleeping thread; it saves each donor a second mapping.)
//
// What a fiber must not do: return from its entry function; call the C library's pthread_exit,
// which would unwind into the sleeping thread (see thread_calls.h). What differs from a thread:
// gettid names the carrier, and so do signals sent to it; pthread_kill reaches the sleeping donor,
// where all signals are blocked; signal mask and alternate signal stack are the carrier's; values
// of pthread_setspecific stay with the donor (see thread_specific.h, which ends them with the
// fiber).
//
// Donors do not survive fork: make them in the process that uses them.
//
// Threading: one thread at a time may call the methods of a donor, and none while its fiber runs.
// Cost: Start 60 us and three pages of memory, Retire 30 us, Reset 5 ns.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_DONOR_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_DONOR_H_

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "harness/runtime/fiber/context_x86_64.h"

namespace heddle {

class TlsImage;

struct DonorOptions {
  // What a fiber may use; the rest of the thread is added to it. Rounded up to whole pages.
  size_t stack_size = 256 << 10;
  // Inaccessible memory below it. Larger than a page, so that a function with a large frame does
  // not jump over it.
  size_t guard_size = 64 << 10;
};

// An overflow is an access in [guard, lowest). The stack grows down from `highest`.
struct StackBounds {
  uintptr_t guard = 0;
  uintptr_t lowest = 0;
  uintptr_t highest = 0;

  bool Contains(uintptr_t address) const { return lowest <= address && address < highest; }
  bool IsOverflow(uintptr_t address) const { return guard <= address && address < lowest; }
};

class alignas(64) Donor {
 public:
  Donor() = default;
  ~Donor();  // retires
  Donor(const Donor&) = delete;
  Donor& operator=(const Donor&) = delete;

  // Makes the thread and waits until it sleeps. Returns 0, or an errno value: EAGAIN if the system
  // has no more threads, ENOMEM if it has no more memory or mappings. Allocates: to be called as
  // harness code, not as the program under test.
  int Start(const DonorOptions& options);

  // Makes the next switch to context() call entry(argument) at the top of the stack, with fresh
  // thread-local storage and errno 0. `entry` must not return. What was on the stack is forgotten
  // without being unwound.
  // A `reserved` address within the stack lowers the top to it: what lies above belongs to the
  // fiber.
  void Reset(void (*entry)(void*), void* argument, void* reserved = nullptr);

  // Whether Reset may be called more than once. False in a stripped executable that contains a
  // sanitizer; then the donor is to be retired after use. Known once a donor has started.
  bool Reusable() const;

  // Ends the thread and waits for its end, wherever its fiber is. The donor may start again. The
  // destructors of the fiber's thread_local variables and pthread_setspecific values must have run,
  // or been dropped, before.
  void Retire();

  Context* context() { return &context_; }
  const StackBounds& stack() const { return stack_; }
  // It lies in the thread's stack or in its thread-local storage, which is above that.
  bool Owns(uintptr_t address) const {
    return address - reinterpret_cast<uintptr_t>(mapping_) < mapping_size_;
  }
  // The system's name of the sleeping thread, which is what a sanitizer calls the fiber.
  uint64_t os_thread() const { return os_thread_; }
  bool started() const { return mapping_ != nullptr; }

 private:
  enum State : uint32_t { kStarting, kAsleep, kRetiring };

  static void* ThreadMain(void* donor);
  void Sleep();

  Context context_;
  const TlsImage* tls_image_ = nullptr;
  StackBounds stack_;
  std::atomic<uint32_t> state_{kStarting};  // a futex
  pthread_t thread_{};
  uint64_t os_thread_ = 0;
  void* mapping_ = nullptr;  // guard, then stack; null if there is no thread
  size_t mapping_size_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_DONOR_H_
