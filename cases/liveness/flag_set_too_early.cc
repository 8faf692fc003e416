// A flag that is set and reset before the thread that waits for it has looked.
//
// The master raises `go` for the slave and takes it back as soon as it has done so, to be ready for
// the next round. A slave that is not running at that moment never sees the pulse and spins for
// ever. Level taken for edge: Win32's PulseEvent has this bug by design and its documentation
// advises against its use; hardware drivers that clear an interrupt's status bit too early lose the
// interrupt alike.
//
// The twin waits until the slave has acknowledged before it takes the flag back.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

using heddle::Atomic;
using heddle::Thread;

struct Signal {
  Atomic<bool> go{false};
  Atomic<bool> seen{false};
};

void AwaitGo(Signal& signal) {
  while (!signal.go.load()) heddle::Yield();
  signal.seen.store(true);
}

void Pulse() {
  Signal signal;
  Thread slave([&] { AwaitGo(signal); });
  signal.go.store(true);
  signal.go.store(false);
  slave.join();
}

void PulseUntilSeen() {
  Signal signal;
  Thread slave([&] { AwaitGo(signal); });
  signal.go.store(true);
  while (!signal.seen.load()) heddle::Yield();  // fix
  signal.go.store(false);
  slave.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/flag_set_too_early",
     .body = Pulse,
     .expect = {heddle::FindingKind::kLivelock},
     .limits = {.steps = 1'000},
     .about = "a flag is reset before the spinning thread has seen it"}};
const heddle::RegisterCase kFixed{
    {.name = "liveness/flag_set_too_early_fixed",
     .body = PulseUntilSeen,
     .limits = {.steps = 1'000},
     .about = "the flag is reset after the spinning thread's answer"}};

}  // namespace
