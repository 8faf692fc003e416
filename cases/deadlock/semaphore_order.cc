// Two semaphores in the wrong order: the producer waits for a free slot inside the mutual
// exclusion.
//
// The textbook bounded buffer has a semaphore that counts free slots, one that counts items and one
// that admits one thread at a time. Whoever takes the last before it waits for a slot keeps the
// consumer, which alone can free one, outside. Tanenbaum's "Modern Operating Systems" warns of
// exactly this exchange of two lines. A semaphore has no owner, so no tool that looks at locks
// finds a cycle here.
//
// The twin waits for the slot first.
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/semaphore.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Semaphore;
using heddle::Thread;
using heddle::Var;

constexpr int kSlots = 2;
constexpr int kItems = 3;

class Buffer {
 public:
  void PutHoldingAccess() {
    access_.acquire();
    free_.acquire();
    Store();
    access_.release();
    filled_.release();
  }

  void Put() {
    free_.acquire();  // fix
    access_.acquire();
    Store();
    access_.release();
    filled_.release();
  }

  void Take() {
    filled_.acquire();
    access_.acquire();
    --count_;
    access_.release();
    free_.release();
  }

 private:
  void Store() {
    ++count_;
    heddle::Assert(count_ <= kSlots, "no more items than slots");
  }

  Semaphore access_{1};
  Semaphore free_{kSlots};
  Semaphore filled_{0};
  Var<int> count_ = 0;
};

template <void (Buffer::*kPut)()>
void ProduceAndConsume() {
  Buffer buffer;
  Thread producer([&] {
    for (int i = 0; i < kItems; ++i) (buffer.*kPut)();
  });
  for (int i = 0; i < kItems; ++i) buffer.Take();
  producer.join();
}

const heddle::RegisterCase kBug{
    {.name = "deadlock/semaphore_order",
     .body = ProduceAndConsume<&Buffer::PutHoldingAccess>,
     .expect = {heddle::FindingKind::kStuck},
     .about = "the producer waits for a slot and keeps the consumer out"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/semaphore_order_fixed",
                                   .body = ProduceAndConsume<&Buffer::Put>,
                                   .about = "first the slot, then the access"}};

}  // namespace
