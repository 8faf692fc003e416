// A mutex unlocked by another thread than the one that locked it.
//
// The main thread locks, starts a worker and lets it unlock when the work is done: a mutex used as
// a signal. It seems to work where the implementation is a bare word in memory; the standard calls
// it undefined, POSIX's error-checking mutexes return EPERM, and priority inheritance, which lends
// the owner the waiter's priority, lends it to the wrong thread.
//
// In the twin each thread unlocks what it has locked; the signal is the join that was there
// already.
#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

void WorkerUnlocks() {
  Mutex busy("busy");
  Var<int> result = 0;
  busy.lock();
  Thread worker([&] {
    result = 42;
    busy.unlock();
  });
  worker.join();
}

void OwnerUnlocks() {
  Mutex busy("busy");
  Var<int> result = 0;
  busy.lock();
  Thread worker([&] { result = 42; });
  worker.join();
  busy.unlock();  // fix
}

const heddle::RegisterCase kBug{{.name = "models/unlock_by_wrong_thread",
                                 .body = WorkerUnlocks,
                                 .expect = {heddle::FindingKind::kMisuse},
                                 .about = "a mutex used as a signal: locked here, unlocked there"}};
const heddle::RegisterCase kFixed{{.name = "models/unlock_by_wrong_thread_fixed",
                                   .body = OwnerUnlocks,
                                   .about = "the thread that locked it unlocks it"}};

}  // namespace
