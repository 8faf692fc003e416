// Reference count with relaxed decrements: the count itself is right, and exactly one owner deletes
// the object, but nothing orders the other owners' last accesses before the deletion.
//
// Where: home-made shared pointers. Raising a count may be relaxed, so that lowering it is often
// made relaxed, too; the documentation of Boost.Atomic shows the pattern and why it may not be.
//
// In the twin each decrement releases what its owner did, and the last owner acquires it.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

struct Orders {
  heddle::MemoryOrder drop = heddle::MemoryOrder::relaxed;
  heddle::MemoryOrder last = heddle::MemoryOrder::relaxed;
};

class Message {
 public:
  heddle::Var<int> reads[2] = {0, 0};

  void Release(Orders orders) {
    if (references_.fetch_sub(1, orders.drop) != 1) return;
    heddle::atomic_thread_fence(orders.last);  // does nothing when relaxed
    delete this;
  }

 private:
  heddle::Atomic<int> references_{2, "references"};
};

void ShareMessage(Orders orders) {
  auto* const message = new Message;
  const auto use = [=](int owner) {
    ++message->reads[owner];
    message->Release(orders);
  };
  heddle::Thread other(use, 1);
  use(0);
  other.join();
}

void RelaxedReferenceCount() { ShareMessage({}); }

void RelaxedReferenceCountFixed() {
  ShareMessage({
      .drop = heddle::MemoryOrder::release,  // fix
      .last = heddle::MemoryOrder::acquire,  // fix
  });
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/relaxed_reference_count",
    .body = RelaxedReferenceCount,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "references are dropped relaxed before the deletion",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/relaxed_reference_count_fixed",
    .body = RelaxedReferenceCountFixed,
    .about = "drops release, the last one acquires",
}};

}  // namespace
