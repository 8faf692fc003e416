// Dekker's lock without stepping back: both threads wait for the other's flag for ever.
//
// The first correct lock for two threads (Dekker; told by Dijkstra in 1965): raise your flag; while
// the other's is up, and it is not your turn, take your flag down until it is. Whoever leaves that
// part out, because "the turn decides anyway", gets a lock that is exclusive but stops when both
// arrive together: the one without the turn keeps its flag up, so the one with the turn waits for
// it, and spins.
//
// The twin takes its flag down while it waits for its turn, and raises it again after.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Atomic;
using heddle::Thread;
using heddle::Var;

struct DekkerLock {
  void EnterStubbornly(int me) {
    const int other = 1 - me;
    wants[me].store(true);
    while (wants[other].load()) {
      while (turn.load() != me) heddle::Yield();
    }
  }

  void Enter(int me) {
    const int other = 1 - me;
    wants[me].store(true);
    while (wants[other].load()) {
      if (turn.load() == me) {
        heddle::Yield();
        continue;
      }
      wants[me].store(false);  // fix
      while (turn.load() != me) heddle::Yield();
      wants[me].store(true);  // fix
    }
  }

  void Leave(int me) {
    turn.store(1 - me);
    wants[me].store(false);
  }

  Atomic<bool> wants[2] = {false, false};
  Atomic<int> turn{0};
};

template <void (DekkerLock::*kEnter)(int)>
void CountTo3() {
  DekkerLock lock;
  Var<int> count = 0;
  const auto add = [&](int me) {
    (lock.*kEnter)(me);
    ++count;
    lock.Leave(me);
  };
  Thread other(add, 1);
  add(0);
  add(0);
  other.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/dekker_lock",
     .body = CountTo3<&DekkerLock::EnterStubbornly>,
     .expect = {heddle::FindingKind::kLivelock},
     .preemptions = 1,
     .limits = {.steps = 1'000},
     .about = "Dekker's lock keeps its flag up while it waits for its turn"}};
const heddle::RegisterCase kFixed{{.name = "liveness/dekker_lock_fixed",
                                   .body = CountTo3<&DekkerLock::Enter>,
                                   .limits = {.steps = 1'000},
                                   .about = "the flag comes down while it is the other's turn"}};

}  // namespace
