// Fence on one side only: a release fence before the flag is set does nothing by itself. It needs
// an acquire fence (or load) on the other side, between seeing the flag and reading the data; a
// barrier has to be paired.
//
// Where: drivers and lock-free queues that were made to work by a barrier on the side where the bug
// showed; "SMP barrier pairing" in the Linux kernel's memory-barriers.txt is about this mistake.
//
// The twin has both fences.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

void UnpairedFence() {
  heddle::Var<int> data = 0;
  heddle::Atomic<bool> ready(false, "ready");
  heddle::Thread reader([&] {
    if (!ready.load(heddle::MemoryOrder::relaxed)) return;
    static_cast<void>(data.load());
  });
  data = 42;
  heddle::atomic_thread_fence(heddle::MemoryOrder::release);
  ready.store(true, heddle::MemoryOrder::relaxed);
  reader.join();
}

void UnpairedFenceFixed() {
  heddle::Var<int> data = 0;
  heddle::Atomic<bool> ready(false, "ready");
  heddle::Thread reader([&] {
    if (!ready.load(heddle::MemoryOrder::relaxed)) return;
    heddle::atomic_thread_fence(heddle::MemoryOrder::acquire);  // fix
    static_cast<void>(data.load());
  });
  data = 42;
  heddle::atomic_thread_fence(heddle::MemoryOrder::release);  // fix
  ready.store(true, heddle::MemoryOrder::relaxed);
  reader.join();
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/unpaired_fence",
    .body = UnpairedFence,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "the writer has a fence, the reader has none",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/unpaired_fence_fixed",
    .body = UnpairedFenceFixed,
    .about = "a release fence and an acquire fence",
}};

}  // namespace
