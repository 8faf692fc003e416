#include "harness/runtime/fiber/thread_calls.h"

#include <pthread.h>

#include <atomic>

#include "harness/runtime/fiber/c_library.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {
namespace {

constinit std::atomic<ThreadCallSink*> sink{nullptr};

}  // namespace

void SetThreadCallSink(ThreadCallSink* the_sink) {
  sink.store(the_sink, std::memory_order_release);
}

}  // namespace heddle

#if !defined(HEDDLE_ASAN) && !defined(HEDDLE_TSAN)

namespace heddle {
namespace {

// Null where the call is none of the engine's business.
ThreadCallSink* SinkForCaller() {
  return InProgram() ? sink.load(std::memory_order_acquire) : nullptr;
}

}  // namespace
}  // namespace heddle

extern "C" {

__attribute__((visibility("default"))) int pthread_create(pthread_t* thread,
                                                          const pthread_attr_t* attributes,
                                                          void* (*start)(void*),
                                                          void* argument) noexcept {
  if (heddle::ThreadCallSink* sink = heddle::SinkForCaller()) {
    return sink->OnThreadCreate(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  }
  static constinit heddle::CLibrary<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>
      create("pthread_create");
  return create(thread, attributes, start, argument);
}

__attribute__((visibility("default"), noreturn)) void pthread_exit(void* value) {
  if (heddle::ThreadCallSink* sink = heddle::SinkForCaller()) sink->OnThreadExit();
  static constinit heddle::CLibrary<void(void*)> exit("pthread_exit");
  exit(value);
  __builtin_unreachable();
}

}  // extern "C"

#endif
