// Who is told of every block of the heap that the program allocates or frees.
#ifndef HEDDLE_HARNESS_CORE_HEAP_WATCHER_H_
#define HEDDLE_HARNESS_CORE_HEAP_WATCHER_H_

#include <cstdint>

namespace heddle {

// Called on the stack of whoever allocates or frees, as harness code. `serial` is the block's place
// in the order of all allocations of the execution.
class HeapWatcher {
 public:
  virtual ~HeapWatcher() = default;
  virtual void OnAllocated(uint32_t serial) = 0;
  virtual void OnFreed(uint32_t serial) = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_HEAP_WATCHER_H_
