// Nested monitors: a thread waits in the inner one and keeps the lock of the outer.
//
// The office locks itself and asks its mailbox for a letter. The mailbox waits on its condition
// variable, which releases the mailbox's lock but not the office's; whoever brings a letter has to
// go through the office. No cycle of locks, so lock-order checkers see nothing: the waiting thread
// holds what the thread that would wake it needs. Lister described it in 1977 ("The problem of
// nested monitor calls"); it comes with every locked class that has a locked, blocking queue as a
// member.
//
// The twin releases the outer lock before it waits.
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

class Mailbox {
 public:
  void Put() {
    std::lock_guard hold(mutex_);
    ++letters_;
    filled_.notify_one();
  }
  void Take() {
    std::unique_lock hold(mutex_);
    while (letters_ == 0) filled_.wait(hold);
    --letters_;
  }

 private:
  Mutex mutex_{"mailbox"};
  CondVar filled_;
  Var<int> letters_ = 0;
};

class Office {
 public:
  void Deliver() {
    std::lock_guard hold(mutex_);
    ++visitors_;
    mailbox_.Put();
  }

  void Collect() {
    std::unique_lock hold(mutex_);
    ++visitors_;
    mailbox_.Take();
  }

  void CollectUnlocked() {
    std::unique_lock hold(mutex_);
    ++visitors_;
    hold.unlock();  // fix
    mailbox_.Take();
  }

 private:
  Mutex mutex_{"office"};
  Var<int> visitors_ = 0;
  Mailbox mailbox_;
};

template <void (Office::*kCollect)()>
void OneLetter() {
  Office office;
  Thread postman([&] { office.Deliver(); });
  (office.*kCollect)();
  postman.join();
}

const heddle::RegisterCase kBug{
    {.name = "deadlock/nested_monitor",
     .body = OneLetter<&Office::Collect>,
     .expect = {heddle::FindingKind::kStuck},
     .about = "a thread waits in a mailbox and keeps the office's lock"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/nested_monitor_fixed",
                                   .body = OneLetter<&Office::CollectUnlocked>,
                                   .about = "the outer lock is released before the wait"}};

}  // namespace
