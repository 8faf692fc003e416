// What the arena tells about a block and about a misuse of the heap. Plain data; reports are made
// from it elsewhere.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_HEAP_FAULT_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_HEAP_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <optional>

namespace heddle {

// Who calls the heap, and from where.
struct HeapSite {
  uint32_t thread = 0;
  uintptr_t pc = 0;
};

enum class BlockState : uint8_t { kLive, kFreed };

struct BlockInfo {
  char* start = nullptr;
  size_t size = 0;    // as asked for
  size_t offset = 0;  // of the address that was looked up; may be in the slack past `size`
  BlockState state = BlockState::kLive;
  uint32_t number =
      0;  // names the block's place in this execution; a reused place keeps its number
  uint32_t serial = 0;            // position in the order of all allocations of this execution
  uint32_t allocation_index = 0;  // position among the allocations of allocated_by.thread
  HeapSite allocated_by;
  HeapSite freed_by;  // meaningful if state is kFreed
};

enum class HeapFaultKind : uint8_t {
  kDoubleFree,      // free or realloc of a block that is freed already
  kInvalidFree,     // free or realloc of an address in the arena that is not the start of a block
  kWriteAfterFree,  // a freed block was written to; seen when it is reused or when the execution
                    // ends
  kMemoryLimit,     // the limit on bytes in use, or the arena's address space, is exhausted
  kSizeTooLarge,    // a size that no arena could hold, or a size computation that overflowed
};

struct HeapFault {
  HeapFaultKind kind = HeapFaultKind::kInvalidFree;
  const void* address =
      nullptr;      // freed address; first byte that was overwritten; null for the last two kinds
  size_t size = 0;  // the size asked for, for the last two kinds
  HeapSite site;    // who made the call; for kWriteAfterFree, the call that noticed (the writer is
                    // unknown)
  std::optional<BlockInfo> block;  // the block that `address` is in, as it was before the call
};

// Receives faults as they are noticed. The program goes on after each, so OnHeapFault must return.
// It runs as harness code: what it allocates does not come from the arena. It must not allocate
// from or free to the arena itself.
class HeapFaultSink {
 public:
  virtual ~HeapFaultSink() = default;
  virtual void OnHeapFault(const HeapFault& fault) = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_HEAP_FAULT_H_
