// Fences: [atomics.fences].
//
// An acquire fence joins what earlier relaxed loads of the thread have seen; a release fence leaves
// a clock that later relaxed stores of the thread carry.
#ifndef HEDDLE_HARNESS_MODEL_FENCE_H_
#define HEDDLE_HARNESS_MODEL_FENCE_H_

#include "harness/model/sync_model.h"

namespace heddle {

inline void ApplyFence(MemoryOrder order, ThreadId thread, ModelContext& context) {
  FenceState& fences = context.FencesOf(thread);
  ThreadClock& clock = context.ClockOf(thread);
  if (IsAcquire(order)) clock.Acquire(fences.pending_acquire, context.arena());
  if (IsRelease(order)) clock.Release(&fences.released);
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_FENCE_H_
