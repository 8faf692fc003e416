// The program's blocks in a sanitizer's heap, which gives other addresses in each execution: told
// apart by what repeats, who allocated them and in which order.
//
// Blocks are counted for each thread and size. In which order a thread makes its own allocations no
// other thread can decide; and what the C library allocates once in a process, within whichever
// call needs it first (the buffer of a stream), does not shift the count of blocks of other sizes.
//
// In other builds, where addresses themselves repeat, there are no definitions behind this: ask
// kHeapIsDeterministic with `if constexpr` first.
// Threading: only program code (one OS thread at a time) is followed. Static, as the sanitizer's
// hooks have no argument.
// Cost: of an allocation or release a search among the live blocks, as of Find.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_SANITIZER_HEAP_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_SANITIZER_HEAP_H_

#include <cstddef>
#include <cstdint>
#include <optional>

namespace heddle {

class SanitizerHeap {
 public:
  // An address in a block.
  struct Place {
    uint32_t thread;  // that allocated it, in the engine's numbering
    size_t size;
    uint32_t ordinal;  // among the thread's blocks of this size, from 1
    size_t offset;
  };

  // Forgets every block, and follows the allocations of program code from now on.
  static void BeginExecution();
  // Nothing if the address is in no live block that this execution's program has allocated.
  static std::optional<Place> Find(const void* address);
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_SANITIZER_HEAP_H_
