// Calls of the C library by which a program thread leaves the engine's control: pthread_create
// (which std::thread and std::async call) and pthread_exit.
//
// A thread that the program starts so would run beside the controlled ones; a pthread_exit would
// unwind into the donor that sleeps on the same stack. This file defines both functions (as
// thread_exit.h says of another): calls of program threads go to the engine, all others, the
// engine's own among them, to the C library. Under sanitizers, which bring definitions of their
// own, the program's calls are not seen.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_CALLS_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_CALLS_H_

#include <cstdint>

namespace heddle {

// Called as the program, on its thread.
class ThreadCallSink {
 public:
  // Returns the error for the program. `pc`: in the caller.
  virtual int OnThreadCreate(uintptr_t pc) = 0;
  [[noreturn]] virtual void OnThreadExit() = 0;

 protected:
  ~ThreadCallSink() = default;
};

// Null (the initial state): all calls go to the C library.
void SetThreadCallSink(ThreadCallSink* sink);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_CALLS_H_
