// Peterson's lock with its first two lines swapped: both threads get in.
//
// Peterson (1981) guards a critical section of two threads with two flags and a turn: raise your
// flag, give the turn away, then wait while the other's flag is up and the turn is the other's.
// With the turn given away before the flag is raised there is a moment when a thread has already
// yielded its turn but does not show yet that it is there. The other walks past the lowered flag,
// the first then finds the turn given back to it, and both are inside. A compiler or processor that
// reorders the two stores makes the same bug of the correct text.
//
// The twin raises the flag first.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Atomic;
using heddle::Thread;
using heddle::Var;

struct PetersonLock {
  void EnterTurnFirst(int me) {
    const int other = 1 - me;
    turn.store(other);
    wants[me].store(true);
    while (wants[other].load() && turn.load() == other) heddle::Yield();
  }

  void Enter(int me) {
    const int other = 1 - me;
    wants[me].store(true);  // fix
    turn.store(other);
    while (wants[other].load() && turn.load() == other) heddle::Yield();
  }

  void Leave(int me) { wants[me].store(false); }

  Atomic<bool> wants[2] = {false, false};
  Atomic<int> turn{0};
};

template <void (PetersonLock::*kEnter)(int)>
void CountTo2() {
  PetersonLock lock;
  Var<int> count = 0;
  const auto add = [&](int me) {
    (lock.*kEnter)(me);
    ++count;
    lock.Leave(me);
  };
  Thread other(add, 1);
  add(0);
  other.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/peterson_lock",
     .body = CountTo2<&PetersonLock::EnterTurnFirst>,
     .expect = {heddle::FindingKind::kDataRace},
     .preemptions = 2,
     .limits = {.steps = 1'000},
     .about = "Peterson's lock gives the turn away before it raises its flag"}};
const heddle::RegisterCase kFixed{{.name = "liveness/peterson_lock_fixed",
                                   .body = CountTo2<&PetersonLock::Enter>,
                                   .limits = {.steps = 1'000},
                                   .about = "the flag is raised first"}};

}  // namespace
