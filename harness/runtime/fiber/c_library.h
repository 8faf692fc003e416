// The C library's own definition of a function that the harness defines in its place.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_C_LIBRARY_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_C_LIBRARY_H_

#include <dlfcn.h>

#include <atomic>

#include "harness/core/check.h"

namespace heddle {

// Constant-initialised, so that it may be used before constructors run, and by any thread. Not a
// function-local static, whose guard a call from within could reach a second time.
template <typename Function>
class CLibrary {
 public:
  explicit constexpr CLibrary(const char* name) : name_(name) {}

  template <typename... Arguments>
  auto operator()(Arguments... arguments) {
    Function* function = function_.load(std::memory_order_relaxed);
    if (function == nullptr) [[unlikely]] {
      function = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name_));
      HEDDLE_CHECK(function != nullptr, name_);
      function_.store(function, std::memory_order_relaxed);
    }
    return function(arguments...);
  }

 private:
  const char* const name_;
  std::atomic<Function*> function_{nullptr};
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_C_LIBRARY_H_
