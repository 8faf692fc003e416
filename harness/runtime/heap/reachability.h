// Tells, at the end of an execution, the blocks that are lost from those that static storage still
// leads to.
//
// A block is still reachable if some 8-byte aligned word of a module's .data or .bss, or of a block
// that is still reachable, holds an address in it (its start or any other byte). Everything else
// that is live is leaked. The scan is conservative: a number that looks like an address can hide a
// leak, but a block that is really in use through static storage is never called leaked, except
// where the only way to it leads through memory outside of the arena (a static container whose
// nodes were made before the execution, mapped files) or through a pointer that is not stored as
// one. Stacks and thread_local storage are no roots: when this is asked, the program's threads have
// ended.
//
// Threading: harness code, between EndExecution and BeginExecution.
// Cost: a nanosecond per word of static storage (microseconds in a usual process) and per
// word of reachable blocks; to be called only if Arena::live_blocks() is not 0.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_REACHABILITY_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_REACHABILITY_H_

#include <vector>

#include "harness/runtime/heap/arena.h"
#include "harness/runtime/heap/loaded_modules.h"

namespace heddle {

struct LiveBlockClasses {
  std::vector<BlockInfo> leaked;           // in the order of allocation
  std::vector<BlockInfo> still_reachable;  // in the order of allocation
};

// `skip` holds ranges of static storage that are not the program's: tables of the harness that
// mention its blocks.
LiveBlockClasses ClassifyLiveBlocks(const Arena& arena, const std::vector<AddressRange>& skip);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_REACHABILITY_H_
