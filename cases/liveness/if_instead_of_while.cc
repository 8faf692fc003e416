// `if` around a wait: what was true when the notification was sent is not true any more.
//
// Two consumers take from one queue. The first waits and is notified; before it has the lock again
// the second, which never waited, comes in and takes the item. The first goes on and takes from an
// empty queue. Condition variables since Mesa (Lampson and Redell, 1980) only hint that the
// condition may hold; Hoare's monitors, in older textbooks, promised it. Spurious wakeups break
// such code, too.
//
// The twin looks again after every wakeup.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::CondVar;
using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

class Queue {
 public:
  void Put() {
    std::lock_guard hold(mutex_);
    ++items_;
    filled_.notify_one();
  }

  void TakeIf() {
    std::unique_lock hold(mutex_);
    if (items_ == 0) filled_.wait(hold);
    Remove();
  }

  void TakeWhile() {
    std::unique_lock hold(mutex_);
    while (items_ == 0)  // fix
      filled_.wait(hold);
    Remove();
  }

 private:
  void Remove() {
    heddle::Assert(items_ > 0, "taken from a queue that holds something");
    --items_;
  }

  Mutex mutex_{"queue"};
  CondVar filled_;
  Var<int> items_ = 0;
};

template <void (Queue::*kTake)()>
void TwoConsumers() {
  Queue queue;
  Thread first([&] { (queue.*kTake)(); });
  Thread second([&] { (queue.*kTake)(); });
  queue.Put();
  queue.Put();
  first.join();
  second.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/if_instead_of_while",
     .body = TwoConsumers<&Queue::TakeIf>,
     .expect = {heddle::FindingKind::kAssertion},
     .preemptions = 2,
     .about = "another consumer is faster than the one that was notified"}};
const heddle::RegisterCase kFixed{{.name = "liveness/if_instead_of_while_fixed",
                                   .body = TwoConsumers<&Queue::TakeWhile>,
                                   .about = "the condition is looked at again after the wakeup"}};

}  // namespace
