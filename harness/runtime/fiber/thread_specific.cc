#include "harness/runtime/fiber/thread_specific.h"

#include <limits.h>
#include <pthread.h>

#include "harness/runtime/fiber/c_library.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

namespace internal {

constinit std::atomic<bool> thread_specific_used{false};

}  // namespace internal

namespace {

using Destructor = void (*)(void*);

struct Key {
  std::atomic<Destructor> destructor{nullptr};
  std::atomic<bool> used{false};  // program code has set a value
};
constinit Key keys[PTHREAD_KEYS_MAX];

}  // namespace

// The C library gives a key that has been deleted no value, so a destructor of an earlier key of
// the same number is not met.
void internal::EndThreadSpecificSlow() {
  bool found = true;
  for (int round = 0; found && round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
    found = false;
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; ++key) {
      if (!keys[key].used.load(std::memory_order_relaxed)) continue;
      void* const value = pthread_getspecific(key);
      if (value == nullptr) continue;
      pthread_setspecific(key, nullptr);
      const Destructor destructor = keys[key].destructor.load(std::memory_order_relaxed);
      if (destructor == nullptr) continue;
      found = true;
      destructor(value);
    }
  }
  DropThreadSpecificSlow();
}

void internal::DropThreadSpecificSlow() {
  for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; ++key) {
    if (keys[key].used.load(std::memory_order_relaxed)) pthread_setspecific(key, nullptr);
  }
}

}  // namespace heddle

#if !defined(HEDDLE_ASAN) && !defined(HEDDLE_TSAN)

extern "C" {

__attribute__((visibility("default"))) int pthread_key_create(pthread_key_t* key,
                                                              void (*destructor)(void*)) noexcept {
  static constinit heddle::CLibrary<int(pthread_key_t*, void (*)(void*))> create(
      "pthread_key_create");
  const int error = create(key, destructor);
  if (error == 0) heddle::keys[*key].destructor.store(destructor, std::memory_order_relaxed);
  return error;
}

__attribute__((visibility("default"))) int pthread_setspecific(pthread_key_t key,
                                                               const void* value) noexcept {
  static constinit heddle::CLibrary<int(pthread_key_t, const void*)> set("pthread_setspecific");
  if (heddle::InProgram() && key < PTHREAD_KEYS_MAX) {
    heddle::keys[key].used.store(true, std::memory_order_relaxed);
    heddle::internal::thread_specific_used.store(true, std::memory_order_relaxed);
  }
  return set(key, value);
}

}  // extern "C"

#endif
