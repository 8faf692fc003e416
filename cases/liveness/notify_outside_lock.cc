// A condition that changes outside the lock: the wakeup is lost although the waiter checks it.
//
// Stop() sets an atomic flag and notifies; "it is atomic, so no lock is needed". The worker has
// just seen the flag down and is about to wait: flag and notification both fall between its look
// and its sleep. Nothing is a data race, so no race checker complains. Found again and again in
// thread pools' shutdown paths.
//
// The twin changes the flag with the lock held, which cannot be between the worker's look and its
// sleep. (The notification itself may come after the unlock.)
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"

namespace {

using heddle::Atomic;
using heddle::CondVar;
using heddle::Mutex;
using heddle::Thread;

struct Worker {
  void Run() {
    std::unique_lock hold(mutex);
    while (!stopping.load()) changed.wait(hold);
  }

  void Stop() {
    stopping.store(true);
    changed.notify_one();
  }

  void StopLocked() {
    std::lock_guard hold(mutex);  // fix
    stopping.store(true);
    changed.notify_one();
  }

  Mutex mutex{"mutex"};
  CondVar changed;
  Atomic<bool> stopping{false};
};

template <void (Worker::*kStop)()>
void StartAndStop() {
  Worker worker;
  Thread thread([&] { worker.Run(); });
  (worker.*kStop)();
  thread.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/notify_outside_lock",
     .body = StartAndStop<&Worker::Stop>,
     .expect = {heddle::FindingKind::kStuck},
     .preemptions = 2,
     .about = "flag and notification fall between the look and the sleep"}};
const heddle::RegisterCase kFixed{{.name = "liveness/notify_outside_lock_fixed",
                                   .body = StartAndStop<&Worker::StopLocked>,
                                   .about = "the flag changes with the waiter's lock held"}};

}  // namespace
