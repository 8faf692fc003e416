#include "harness/runtime/shared_count.h"

#include "harness/runtime/heap/program_context.h"
#include "harness/runtime/runtime.h"

namespace heddle::internal {
namespace {

// Null where harness code or nobody controlled owns what is counted.
Runtime* Controlling() noexcept {
  Runtime* const runtime = Runtime::Current();
  return runtime != nullptr && InProgram() ? runtime : nullptr;
}

}  // namespace

void SharedCountFalls(const void* count) noexcept {
  if (Runtime* const runtime = Controlling()) runtime->OnSharedCount(count, /*is_gone=*/false);
}

void SharedCountIsGone(const void* count) noexcept {
  if (Runtime* const runtime = Controlling()) runtime->OnSharedCount(count, /*is_gone=*/true);
}

}  // namespace heddle::internal
