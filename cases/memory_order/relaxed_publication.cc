// Relaxed publication: data is written, then a flag is set; the reader sees the flag, then reads
// the data. With relaxed orders the flag orders nothing: compiler and processor may make the data
// visible after the flag, and do so on ARM and POWER.
//
// Where: "the flag is atomic, so it is fine"; code that has only ever run on x86, whose stores stay
// in order, and fails when it is ported to a phone.
//
// The twin stores with release and loads with acquire; either alone is not enough.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

struct Orders {
  heddle::MemoryOrder publish = heddle::MemoryOrder::relaxed;
  heddle::MemoryOrder observe = heddle::MemoryOrder::relaxed;
};

void PassMessage(Orders orders) {
  heddle::Var<int> data = 0;
  heddle::Atomic<bool> ready(false, "ready");
  heddle::Thread reader([&] {
    if (ready.load(orders.observe)) static_cast<void>(data.load());
  });
  data = 42;
  ready.store(true, orders.publish);
  reader.join();
}

void RelaxedPublication() { PassMessage({}); }

void RelaxedPublicationFixed() {
  PassMessage({
      .publish = heddle::MemoryOrder::release,  // fix
      .observe = heddle::MemoryOrder::acquire,  // fix
  });
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/relaxed_publication",
    .body = RelaxedPublication,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "a flag that publishes data is stored and loaded relaxed",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/relaxed_publication_fixed",
    .body = RelaxedPublicationFixed,
    .about = "stored with release, loaded with acquire",
}};

}  // namespace
