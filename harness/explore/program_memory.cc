#include "harness/explore/program_memory.h"

#include <algorithm>

namespace heddle {

bool ProgramMemory::Find(uintptr_t address, RecordedMemory* memory) const {
  const Arena* const heap = engine_.arena_heap();
  if (heap != nullptr && heap->Contains(reinterpret_cast<void*>(address))) {
    const auto block = heap->Describe(reinterpret_cast<void*>(address));
    if (!block) return false;
    memory->begin = reinterpret_cast<uintptr_t>(block->start);
    // A block of no bytes still has an address.
    memory->end = memory->begin + std::max<size_t>({block->size, block->offset + 1, 1});
    memory->thread = ThreadId{block->allocated_by.thread};
    memory->size = block->size;
    memory->serial = block->serial;
    memory->allocated_at = {block->allocated_by.pc};
    return true;
  }
  for (uint32_t i = 0; i < engine_.thread_count(); ++i) {
    const StackBounds stack = engine_.StackOf(ThreadId{i});
    if (address < stack.lowest || address >= stack.highest) continue;
    memory->begin = stack.lowest;
    memory->end = stack.highest;
    memory->stack = true;
    memory->thread = ThreadId{i};
    return true;
  }
  return false;
}

}  // namespace heddle
