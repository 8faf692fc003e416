// Counts of owners that the program's standard library keeps (runtime/shared_count.h): an order of
// their own, without scheduling points. As with unlocks, each is part of the step it is in, and
// steps that have a count in common depend on each other. See engine.h.
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

void ControlledEngine::OnSharedCount(const void* count, bool is_gone) noexcept {
  if (tearing_down_ | checking_) return;
  HarnessScope scope;
  ThreadState& self = *active_;
  SharedCount& shared = shared_counts_[count];
  shared.order.Change(self.order, is_gone ? 1 : 0);
  if (is_gone) {
    self.clock.Acquire(shared.fallen, arena());
    shared_counts_.erase(count);  // another may come to lie there
  } else {
    self.clock.ReleaseJoin(&shared.fallen, arena());
    UpdateEpoch(self);
  }
  if (every_step_) NoteCountUse(count);
}

// The block that a count is in or owns begins just before it. What is not on the heap is the
// library's own (locales), which no program looks at.
void ControlledEngine::NoteCountUse(const void* count) {
  if (heap_ != nullptr && !heap_->Contains(count)) return;
  constexpr uintptr_t kAlignment = 16;  // of blocks
  const uintptr_t block = AddressName(count) & ~(kAlignment - 1);
  HeapUse& use = heap_uses_[current_use_];
  if (use.blocks().empty() || use.blocks().back() != block) use.Note(block);
}

}  // namespace heddle
