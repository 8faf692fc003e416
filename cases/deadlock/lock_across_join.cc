// A lock held across a join: the joined thread needs it to end.
//
// Stop() takes the lock that guards the service's state, asks the worker to stop and joins it; the
// worker takes the same lock once more to look at the state. If Stop is first, neither goes on. A
// join is a wait as much as a lock is, but nobody writes it into the lock order. Linux knows the
// same bug as cancel_work_sync() or flush_work() under a lock that the work function takes.
//
// The twin releases the lock before it joins.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

class Service {
 public:
  Service() : worker_([this] { Work(); }) {}

  void Stop() {
    std::unique_lock hold(mutex_);
    stopping_ = true;
    worker_.join();
  }

  void StopUnlocked() {
    std::unique_lock hold(mutex_);
    stopping_ = true;
    hold.unlock();  // fix
    worker_.join();
  }

 private:
  void Work() {
    std::lock_guard hold(mutex_);
    if (!stopping_) ++items_;
  }

  Mutex mutex_{"service"};
  Var<bool> stopping_ = false;
  Var<int> items_ = 0;
  Thread worker_;
};

template <void (Service::*kStop)()>
void StartAndStop() {
  Service service;
  (service.*kStop)();
}

const heddle::RegisterCase kBug{
    {.name = "deadlock/lock_across_join",
     .body = StartAndStop<&Service::Stop>,
     .expect = {heddle::FindingKind::kDeadlock},
     .about = "Stop joins the worker while it holds the worker's lock"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/lock_across_join_fixed",
                                   .body = StartAndStop<&Service::StopUnlocked>,
                                   .about = "the lock is released before the join"}};

}  // namespace
