// Spin lock that is given back relaxed: only one thread at a time is inside, and still the next one
// need not see what the last one wrote.
//
// Where: hand-written spin locks. Taking and giving back are the same atomic operations whatever
// the order, so that no test of mutual exclusion shows the difference.
//
// The twin takes the lock with acquire and gives it back with release.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

struct Orders {
  heddle::MemoryOrder take = heddle::MemoryOrder::relaxed;
  heddle::MemoryOrder give_back = heddle::MemoryOrder::relaxed;
};

void CountUnderSpinLock(Orders orders) {
  heddle::AtomicFlag taken("taken");
  heddle::Var<int> count = 0;
  const auto add = [&] {
    while (taken.test_and_set(orders.take)) heddle::Yield();
    ++count;
    taken.clear(orders.give_back);
  };
  heddle::Thread other(add);
  add();
  other.join();
}

void RelaxedSpinLock() { CountUnderSpinLock({}); }

void RelaxedSpinLockFixed() {
  CountUnderSpinLock({
      .take = heddle::MemoryOrder::acquire,       // fix
      .give_back = heddle::MemoryOrder::release,  // fix
  });
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/relaxed_spin_lock",
    .body = RelaxedSpinLock,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "a spin lock with relaxed orders",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/relaxed_spin_lock_fixed",
    .body = RelaxedSpinLockFixed,
    .about = "taken with acquire, given back with release",
}};

}  // namespace
