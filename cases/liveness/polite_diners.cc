// Livelock of two polite threads: each gives way to the other, for ever.
//
// A couple shares one spoon. Whoever holds it looks whether the other is hungry too and, if so,
// passes it on first. Both are busy, nobody eats, and no schedule helps: unlike a deadlock, all
// threads run. The Java tutorial tells it as two people who step aside for each other in a
// corridor; try-lock and back-off without a random pause, network stations that resend after a
// collision after equal times and transactions that abort each other are the same thing.
//
// The twin gives way once: who has passed the spoon on and got it back eats.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

using heddle::Atomic;
using heddle::Thread;

struct Table {
  Atomic<int> spoon{0};  // whose it is
  Atomic<bool> hungry[2] = {true, true};
};

void Dine(Table& table, int me) {
  const int other = 1 - me;
  while (table.hungry[me].load()) {
    if (table.spoon.load() != me) {
      heddle::Yield();
    } else if (table.hungry[other].load()) {
      table.spoon.store(other);  // after you
    } else {
      table.hungry[me].store(false);
      table.spoon.store(other);
    }
  }
}

void DineGivingWayOnce(Table& table, int me) {
  const int other = 1 - me;
  bool gave_way = false;
  while (table.hungry[me].load()) {
    if (table.spoon.load() != me) {
      heddle::Yield();
    } else if (!gave_way && table.hungry[other].load()) {
      gave_way = true;  // fix
      table.spoon.store(other);
    } else {
      table.hungry[me].store(false);
      table.spoon.store(other);
    }
  }
}

template <void (*kDine)(Table&, int)>
void Dinner() {
  Table table;
  Thread spouse([&] { kDine(table, 1); });
  kDine(table, 0);
  spouse.join();
}

const heddle::RegisterCase kBug{{.name = "liveness/polite_diners",
                                 .body = Dinner<Dine>,
                                 .expect = {heddle::FindingKind::kLivelock},
                                 .limits = {.steps = 1'000},
                                 .about = "two threads pass one spoon to each other for ever"}};
const heddle::RegisterCase kFixed{{.name = "liveness/polite_diners_fixed",
                                   .body = Dinner<DineGivingWayOnce>,
                                   .limits = {.steps = 1'000},
                                   .about = "each gives way only once"}};

}  // namespace
