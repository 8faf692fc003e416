// Dining philosophers: a ring of threads, each holding what its neighbour waits for.
//
// Every philosopher takes the fork on the left, then the one on the right. When all have taken
// their left one, each waits for the next: a cycle of as many threads as there are seats, which no
// pair of them shows. Dijkstra posed it in 1965 for tape drives shared by computers; it is the
// shape of every deadlock over a ring of resources (buffers of a network of switches, rows of a
// table, shards).
//
// The twin orders the forks and takes the lower one first: only the philosopher at the end of the
// table reaches for the other hand first, and the ring is cut.
#include <array>
#include <mutex>
#include <utility>

#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"

namespace {

using heddle::Mutex;
using heddle::Thread;

constexpr int kSeats = 3;
using Forks = std::array<Mutex, kSeats>;

void Dine(Forks& forks, int seat) {
  const int left = seat;
  const int right = (seat + 1) % kSeats;
  std::lock_guard hold_left(forks[left]);
  std::lock_guard hold_right(forks[right]);
}

void DineInOrder(Forks& forks, int seat) {
  int first = seat;
  int second = (seat + 1) % kSeats;
  if (first > second) std::swap(first, second);  // fix
  std::lock_guard hold_first(forks[first]);
  std::lock_guard hold_second(forks[second]);
}

template <void (*kDine)(Forks&, int)>
void Dinner() {
  Forks forks;
  Thread plato([&] { kDine(forks, 0); });
  Thread kant([&] { kDine(forks, 1); });
  kDine(forks, 2);
  plato.join();
  kant.join();
}

const heddle::RegisterCase kBug{
    {.name = "deadlock/dining_philosophers",
     .body = Dinner<Dine>,
     .expect = {heddle::FindingKind::kDeadlock},
     .tolerate = {heddle::FindingKind::kLockOrder},
     .preemptions = 1,
     .about = "three threads in a ring, each takes its left fork first"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/dining_philosophers_fixed",
                                   .body = Dinner<DineInOrder>,
                                   .about = "the lower fork first"}};

}  // namespace
