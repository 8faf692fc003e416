// heddle::AtomicBlock: a scope that must be serializable, whatever the other threads do meanwhile.
//
//   void Transfer(...) {
//     heddle::AtomicBlock atomic;   // the two withdrawals and deposits are one step to everybody
//     ...
//   }
//
// It is a claim, not a mechanism: it locks nothing and orders nothing. The atomicity detector
// reports an execution in which the block's accesses cannot be moved together, that is, in which
// another thread could see or cause a state that no serial order of the blocks has. Nested blocks
// are part of the outermost. Threads that are started inside the block belong to it. Not a
// scheduling point. Without an engine it does nothing.
#ifndef HEDDLE_PRIMITIVES_ATOMIC_BLOCK_H_
#define HEDDLE_PRIMITIVES_ATOMIC_BLOCK_H_

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle {

class [[nodiscard]] AtomicBlock {
 public:
  HEDDLE_DOOR AtomicBlock() { Annotate(Annotation::kAtomicBlockBegin); }
  HEDDLE_DOOR ~AtomicBlock() { Annotate(Annotation::kAtomicBlockEnd); }
  AtomicBlock(const AtomicBlock&) = delete;
  AtomicBlock& operator=(const AtomicBlock&) = delete;

 private:
  HEDDLE_DOOR static void Annotate(Annotation what) {
    if (Runtime* runtime = Runtime::Current()) runtime->Annotate(what, kNoObject, 0);
  }
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_ATOMIC_BLOCK_H_
