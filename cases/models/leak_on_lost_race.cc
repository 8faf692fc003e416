// A node leaked by the thread that loses the race to install it.
//
// Lazily made singletons and caches make the object first and publish it with one compare-exchange;
// the thread whose exchange fails uses the winner's object and must delete its own. Forgetting that
// leaks once per lost race: invisible in single-threaded tests and in leak checkers run on one
// thread.
//
// The twin deletes the loser's node.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

using heddle::Atomic;
using heddle::Thread;

struct Table {
  int entries[16] = {};
};

Table* Install(Atomic<Table*>& slot) {
  Table* table = slot.load();
  if (table != nullptr) return table;
  Table* const mine = new Table;
  if (slot.compare_exchange_strong(table, mine)) return mine;
  return table;
}

Table* InstallOrDelete(Atomic<Table*>& slot) {
  Table* table = slot.load();
  if (table != nullptr) return table;
  Table* const mine = new Table;
  if (slot.compare_exchange_strong(table, mine)) return mine;
  delete mine;  // fix
  return table;
}

template <Table* (*kInstall)(Atomic<Table*>&)>
void TwoFirstUsers() {
  Atomic<Table*> slot{nullptr};
  Thread other([&] { kInstall(slot); });
  kInstall(slot);
  other.join();
  delete slot.load();
}

const heddle::RegisterCase kBug{
    {.name = "models/leak_on_lost_race",
     .body = TwoFirstUsers<Install>,
     .expect = {heddle::FindingKind::kLeak},
     .preemptions = 1,
     .about = "the loser of a race to install an object keeps its own"}};
const heddle::RegisterCase kFixed{{.name = "models/leak_on_lost_race_fixed",
                                   .body = TwoFirstUsers<InstallOrDelete>,
                                   .about = "the loser deletes its object"}};

}  // namespace
