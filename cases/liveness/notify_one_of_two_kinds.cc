// notify_one where threads wait for different things: the one that is woken is not the one that can
// go.
//
// A buffer of one slot with a single condition variable, on which producers wait for "free" and
// consumers for "filled". A consumer that has taken the item notifies one waiter and hits the other
// consumer, which looks, finds nothing and sleeps again; the producer is never told that the slot
// is free. The reason for the rule to prefer notifyAll in Java, whose every object has just one
// such queue.
//
// The twin notifies all after taking. (Two condition variables, one per condition, would do as
// well; so would one kind of waiter only.)
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

class Slot {
 public:
  // Only consumers can be waiting while the slot is free and there is one producer.
  void Put() {
    std::unique_lock hold(mutex_);
    while (filled_) changed_.wait(hold);
    filled_ = true;
    changed_.notify_one();
  }

  void TakeNotifyOne() {
    std::unique_lock hold(mutex_);
    while (!filled_) changed_.wait(hold);
    filled_ = false;
    changed_.notify_one();
  }

  void TakeNotifyAll() {
    std::unique_lock hold(mutex_);
    while (!filled_) changed_.wait(hold);
    filled_ = false;
    changed_.notify_all();  // fix
  }

 private:
  Mutex mutex_{"slot"};
  CondVar changed_;
  Var<bool> filled_ = false;
};

template <void (Slot::*kTake)()>
void OneProducerTwoConsumers() {
  Slot slot;
  Thread first([&] { (slot.*kTake)(); });
  Thread second([&] { (slot.*kTake)(); });
  slot.Put();
  slot.Put();
  first.join();
  second.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/notify_one_of_two_kinds",
     .body = OneProducerTwoConsumers<&Slot::TakeNotifyOne>,
     .expect = {heddle::FindingKind::kStuck},
     .preemptions = 1,
     .about = "the notification reaches a consumer instead of the producer"}};
const heddle::RegisterCase kFixed{{.name = "liveness/notify_one_of_two_kinds_fixed",
                                   .body = OneProducerTwoConsumers<&Slot::TakeNotifyAll>,
                                   .about = "all waiters look for themselves"}};

}  // namespace
