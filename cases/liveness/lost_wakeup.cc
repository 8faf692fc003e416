// Lost wakeup: the notification comes before the wait, and a condition variable remembers nothing.
//
// The consumer waits to be told, whatever has happened so far. If the producer was faster, it told
// nobody, and the consumer sleeps for ever. A condition variable is not an event with a memory: the
// memory is a variable that the waiter looks at. Sleep and wakeup of early Unix kernels had this
// race (Tanenbaum tells it), Linux has prepare_to_wait() because of it, and C++'s Core Guidelines
// say "don't wait without a condition" (CP.42).
//
// The twin waits only while there is something to wait for.
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

struct Event {
  void Raise() {
    std::lock_guard hold(mutex);
    raised = true;
    changed.notify_one();
  }

  void AwaitNotification() {
    std::unique_lock hold(mutex);
    changed.wait(hold);
  }

  void Await() {
    std::unique_lock hold(mutex);
    while (!raised)  // fix
      changed.wait(hold);
  }

  Mutex mutex{"mutex"};
  CondVar changed;
  Var<bool> raised = false;
};

template <void (Event::*kAwait)()>
void OneEvent() {
  Event event;
  Thread producer([&] { event.Raise(); });
  (event.*kAwait)();
  producer.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/lost_wakeup",
     .body = OneEvent<&Event::AwaitNotification>,
     .expect = {heddle::FindingKind::kStuck},
     .preemptions = 1,
     .about = "a wait without a condition misses an earlier notification"}};
const heddle::RegisterCase kFixed{{.name = "liveness/lost_wakeup_fixed",
                                   .body = OneEvent<&Event::Await>,
                                   .about = "the wait is skipped when the event has been raised"}};

}  // namespace
