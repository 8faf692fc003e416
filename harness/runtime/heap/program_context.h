// Tells the allocation functions whether the code that calls them is the program under test, and on
// which of its threads.
//
// The engine calls EnterProgram when it hands control to program code and LeaveProgram when it
// takes it back; both are inline and cost a store or two. Program code runs on one OS thread at a
// time, but other OS threads (made by a library, or by the program without our primitives) may
// allocate meanwhile. So "in program code" is not a flag but the thread pointer of the thread
// context that program code runs with: every OS thread has its own, the engine's fibers borrow one
// each, and comparing it costs no more than testing a flag. Neither gettid nor a thread_local could
// tell: the first is a system call, the second would follow the borrowed context.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_PROGRAM_CONTEXT_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_PROGRAM_CONTEXT_H_

#include <cstdint>

namespace heddle {

struct ProgramContext {
  uintptr_t thread_pointer =
      0;                // of the context that program code runs with; 0: harness code is running
  uint32_t thread = 0;  // the program's thread, in the engine's numbering
};

extern ProgramContext program_context;

// The calling context's thread pointer. Volatile, because a fiber switch changes it in the middle
// of a function.
inline uintptr_t ThreadPointer() {
  uintptr_t pointer;
#if defined(__x86_64__)
  asm volatile("mov %%fs:0, %0" : "=r"(pointer));
#elif defined(__aarch64__)
  asm volatile("mrs %0, tpidr_el0" : "=r"(pointer));
#else
#error "ThreadPointer is written for x86-64 and AArch64"
#endif
  return pointer;
}

// ThreadSanitizer intercepts the C library's functions also where harness code, which is not
// instrumented, calls them: it is told to look away meanwhile. It counts for each thread context,
// so the calls must pair up in each; a donor is born looking away (fiber/donor.cc).
#if defined(HEDDLE_TSAN)
extern "C" void __tsan_ignore_thread_begin();
extern "C" void __tsan_ignore_thread_end();
inline void SanitizerLooksAway() { __tsan_ignore_thread_begin(); }
inline void SanitizerLooksOn() { __tsan_ignore_thread_end(); }
#else
inline void SanitizerLooksAway() {}
inline void SanitizerLooksOn() {}
#endif

// Program code of `thread` runs from here on, with the thread context that is current now.
inline void EnterProgram(uint32_t thread) {
  program_context.thread = thread;
  program_context.thread_pointer = ThreadPointer();
  SanitizerLooksOn();
}

// The same, for a caller that knows the context's thread pointer: just after a switch, reading it
// back would wait for the processor to finish changing it.
inline void EnterProgram(uint32_t thread, uintptr_t thread_pointer) {
  program_context.thread = thread;
  program_context.thread_pointer = thread_pointer;
  SanitizerLooksOn();
}

// Harness code runs from here on.
inline void LeaveProgram() {
#if defined(HEDDLE_TSAN)
  if (program_context.thread_pointer == 0) return;
#endif
  program_context.thread_pointer = 0;
  SanitizerLooksAway();
}

// Whether the caller is program code (and not harness code, nor another OS thread).
inline bool InProgram() { return program_context.thread_pointer == ThreadPointer(); }

// Whether program code is running, but not on the calling OS thread.
inline bool OnForeignThread() {
  const uintptr_t running = program_context.thread_pointer;
  return running != 0 && running != ThreadPointer();
}

// Makes the rest of a scope harness code, inside a call that program code made; then it is as it
// was.
class HarnessScope {
 public:
  HarnessScope() : saved_(program_context.thread_pointer) { LeaveProgram(); }
  ~HarnessScope() {
    program_context.thread_pointer = saved_;
    if (saved_ != 0) SanitizerLooksOn();
  }
  HarnessScope(const HarnessScope&) = delete;
  HarnessScope& operator=(const HarnessScope&) = delete;

 private:
  const uintptr_t saved_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_PROGRAM_CONTEXT_H_
