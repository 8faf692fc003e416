#include "harness/runtime/heap/sanitizer_heap.h"

#if defined(HEDDLE_ASAN) || defined(HEDDLE_TSAN)

#include <map>
#include <utility>

#include "harness/core/check.h"
#include "harness/runtime/heap/program_context.h"

// As in sanitizer/allocator_interface.h, which not every compiler brings.
extern "C" int __sanitizer_install_malloc_and_free_hooks(
    void (*on_malloc)(const volatile void* block, size_t size),
    void (*on_free)(const volatile void* block));

namespace heddle {
namespace {

struct Block {
  uint32_t thread;
  size_t size;
  uint32_t ordinal;
};

struct Followed {
  std::map<uintptr_t, Block> blocks;  // by address
  std::map<std::pair<uint32_t, size_t>, uint32_t> counts;
};

// Outlives static destructors, which free.
Followed& TheFollowed() {
  static auto& followed = *new Followed;
  return followed;
}

void OnMalloc(const volatile void* block, size_t size) {
  if (block == nullptr || !InProgram()) return;
  const uint32_t thread = program_context.thread;
  HarnessScope scope;  // the tables allocate, too
  Followed& followed = TheFollowed();
  const uint32_t ordinal = ++followed.counts[{thread, size}];
  followed.blocks[reinterpret_cast<uintptr_t>(block)] = {thread, size, ordinal};
}

void OnFree(const volatile void* block) {
  if (!InProgram()) return;
  HarnessScope scope;
  TheFollowed().blocks.erase(reinterpret_cast<uintptr_t>(block));
}

}  // namespace

void SanitizerHeap::BeginExecution() {
  static const bool installed = __sanitizer_install_malloc_and_free_hooks(&OnMalloc, &OnFree) != 0;
  HEDDLE_CHECK(installed, "the sanitizer takes no more hooks for its heap");
  TheFollowed().blocks.clear();
  TheFollowed().counts.clear();
}

std::optional<SanitizerHeap::Place> SanitizerHeap::Find(const void* address) {
  const auto& blocks = TheFollowed().blocks;
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  auto block = blocks.upper_bound(wanted);
  if (block == blocks.begin()) return std::nullopt;
  --block;
  const auto& [start, of] = *block;
  if (wanted - start >= of.size) return std::nullopt;
  return Place{of.thread, of.size, of.ordinal, wanted - start};
}

}  // namespace heddle

#endif  // HEDDLE_ASAN || HEDDLE_TSAN
