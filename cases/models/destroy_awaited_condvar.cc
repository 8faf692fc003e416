// A condition variable destroyed while a thread waits on it.
//
// The owner sees that no work is left and goes away, together with the mutex and the condition
// variable on which its worker sleeps. Undefined behaviour by the standard; glibc's
// pthread_cond_destroy waits for the sleepers and hangs, others crash the worker later, when it
// wakes in memory that is something else by then.
//
// The twin ends the worker before anything that it uses goes away.
#include <memory>
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::CondVar;
using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

class Service {
 public:
  void Run() {
    std::unique_lock hold(mutex_);
    while (!stopping_) {
      work_ = 0;
      changed_.wait(hold);
    }
  }
  bool Idle() {
    std::lock_guard hold(mutex_);
    return work_ == 0;
  }
  void Stop() {
    std::lock_guard hold(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }

 private:
  Mutex mutex_{"service"};
  CondVar changed_{"changed"};
  Var<bool> stopping_ = false;
  Var<int> work_ = 1;
};

void DestroyWhenIdle() {
  auto service = std::make_unique<Service>();
  Thread worker([running = service.get()] { running->Run(); });
  if (service->Idle()) {
    service.reset();
  } else {
    service->Stop();
  }
  worker.join();
}

void StopThenDestroy() {
  auto service = std::make_unique<Service>();
  Thread worker([running = service.get()] { running->Run(); });
  service->Stop();  // fix
  worker.join();
  service.reset();
}

const heddle::RegisterCase kBug{{.name = "models/destroy_awaited_condvar",
                                 .body = DestroyWhenIdle,
                                 .expect = {heddle::FindingKind::kMisuse},
                                 .tolerate = {heddle::FindingKind::kStuck,
                                              heddle::FindingKind::kUseAfterFree},
                                 .preemptions = 1,
                                 .about = "a service goes away under its sleeping worker"}};
const heddle::RegisterCase kFixed{{.name = "models/destroy_awaited_condvar_fixed",
                                   .body = StopThenDestroy,
                                   .about = "the worker is stopped and joined first"}};

}  // namespace
