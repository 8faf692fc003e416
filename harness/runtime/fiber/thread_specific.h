// The values of pthread_setspecific, and their destructors, for fibers.
//
// The C library keeps them with the OS thread: for a fiber, with its donor, from one program thread
// to the next. So this file defines pthread_key_create and pthread_setspecific itself (as
// thread_exit.h says of another function) and hands each call on, having noted the key's destructor
// or that program code sets values for the key. When a program thread ends, the engine asks for
// what the C library would do then. Sanitizers keep the C library's functions, which they use
// themselves.
//
// Threading: any thread may call the C library's functions; the others are called on the fiber.
// Cost: a thread's end pays one load in a program that sets no values.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_SPECIFIC_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_SPECIFIC_H_

#include <atomic>

namespace heddle {

namespace internal {

// Whether program code has ever set a value.
extern std::atomic<bool> thread_specific_used;

void EndThreadSpecificSlow();
void DropThreadSpecificSlow();

}  // namespace internal

// Calls the destructors of the calling thread's values as [POSIX, pthread_key_create] has it: in
// rounds, as long as destructors set new values, at most PTHREAD_DESTRUCTOR_ITERATIONS. No value is
// left after that.
inline void EndThreadSpecific() {
  if (internal::thread_specific_used.load(std::memory_order_relaxed)) [[unlikely]] {
    internal::EndThreadSpecificSlow();
  }
}

// Forgets the values without their destructors, for a fiber that is abandoned.
inline void DropThreadSpecific() {
  if (internal::thread_specific_used.load(std::memory_order_relaxed)) [[unlikely]] {
    internal::DropThreadSpecificSlow();
  }
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_SPECIFIC_H_
