// ABA on a lock-free stack: a pop reads the top, A, and what is below it, B. Before its
// compare-and-swap, another thread pops A and B and pushes A back. The comparison finds A and
// succeeds, and puts B back on the stack, although the other thread owns it.
//
// Where: free lists of nodes that are used again, here by index, as in allocators and object pools.
// The IBM System/370 manuals already describe the problem, and the remedy: a count beside the
// pointer, which the twin changes with every pop.
#include <cstdint>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

constexpr uint32_t kNone = 0xffffffff;

struct Top {
  uint32_t slot;
  uint32_t count;
};

// The free slots of a pool of two: slot 0 above slot 1. `owned_` says which have been handed out.
class FreeList {
 public:
  uint32_t Pop() {
    Top top = top_.load();
    while (top.slot != kNone) {
      const Top below{next_[top.slot].load(), top.count};
      if (top_.compare_exchange_strong(top, below)) return Own(top.slot);
    }
    return kNone;
  }

  uint32_t PopFixed() {
    Top top = top_.load();
    while (top.slot != kNone) {
      Top below{next_[top.slot].load(), top.count};
      ++below.count;  // fix
      if (top_.compare_exchange_strong(top, below)) return Own(top.slot);
    }
    return kNone;
  }

  void Push(uint32_t slot) {
    owned_[slot].store(false);
    Top top = top_.load();
    do {
      next_[slot].store(top.slot);
    } while (!top_.compare_exchange_strong(top, Top{slot, top.count}));
  }

 private:
  uint32_t Own(uint32_t slot) {
    heddle::Assert(!owned_[slot].exchange(true), "a slot is handed out to one owner at a time");
    return slot;
  }

  heddle::Atomic<Top> top_{Top{0, 0}, "top"};
  heddle::Atomic<uint32_t> next_[2] = {1, kNone};
  heddle::Atomic<bool> owned_[2] = {false, false};
};

void AbaStack() {
  FreeList free_list;
  heddle::Thread other([&] {
    const uint32_t first = free_list.Pop();
    free_list.Pop();
    if (first != kNone) free_list.Push(first);
  });
  free_list.Pop();
  free_list.Pop();
  other.join();
}

void AbaStackFixed() {
  FreeList free_list;
  heddle::Thread other([&] {
    const uint32_t first = free_list.PopFixed();
    free_list.PopFixed();
    if (first != kNone) free_list.Push(first);
  });
  free_list.PopFixed();
  free_list.PopFixed();
  other.join();
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/aba_stack",
    .body = AbaStack,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "a free list's top comes back between look and swap",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/aba_stack_fixed",
    .body = AbaStackFixed,
    .about = "a count beside the top tells the difference",
}};

}  // namespace
