#include "harness/runtime/shared_count.h"

#include <cstdint>

#include "harness/runtime/heap/program_context.h"
#include "harness/runtime/runtime.h"

namespace heddle::internal {
namespace {

// Null where harness code or nobody controlled owns what is counted.
Runtime* Controlling() {
  Runtime* const runtime = Runtime::Current();
  return runtime != nullptr && InProgram() ? runtime : nullptr;
}

}  // namespace

void SharedCountFalls(const int* count) {
  if (Runtime* const runtime = Controlling()) {
    runtime->OnSharedCountFalls(count, reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  }
}

void SharedCountIsGone(const int* count) {
  if (Runtime* const runtime = Controlling()) runtime->OnSharedCountIsGone(count);
}

}  // namespace heddle::internal
