// A ticket lock whose tickets are not drawn atomically.
//
// As at a bakery's counter: draw a number, wait until it is shown. Linux used such spin locks from
// 2.6.25 on, for their fairness. Here the number is read and written back in two steps, so two
// threads can draw the same one. Both are then served at once, and what the lock guards is raced
// for; or the second to write makes the counter repeat itself, and its own number has been passed
// when it looks.
//
// The twin draws with fetch_add: one indivisible step.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Atomic;
using heddle::Thread;
using heddle::Var;

class TicketLock {
 public:
  int DrawInTwoSteps() {
    const int ticket = next_.load();
    next_.store(ticket + 1);
    return ticket;
  }

  int Draw() {
    int ticket = 0;
    ticket = next_.fetch_add(1);  // fix
    return ticket;
  }

  void Await(int ticket) {
    while (serving_.load() != ticket) heddle::Yield();
  }
  void Leave(int ticket) { serving_.store(ticket + 1); }

 private:
  Atomic<int> next_{0};
  Atomic<int> serving_{0};
};

template <int (TicketLock::*kDraw)()>
void CountTo2() {
  TicketLock lock;
  Var<int> count = 0;
  const auto add = [&] {
    const int ticket = (lock.*kDraw)();
    lock.Await(ticket);
    ++count;
    lock.Leave(ticket);
  };
  Thread other(add);
  add();
  other.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/ticket_lock",
     .body = CountTo2<&TicketLock::DrawInTwoSteps>,
     .expect = {heddle::FindingKind::kDataRace},
     .tolerate = {heddle::FindingKind::kLivelock},
     .preemptions = 2,
     .limits = {.steps = 1'000},
     .about = "two threads draw the same ticket and are served at once"}};
const heddle::RegisterCase kFixed{{.name = "liveness/ticket_lock_fixed",
                                   .body = CountTo2<&TicketLock::Draw>,
                                   .limits = {.steps = 1'000},
                                   .about = "tickets are drawn with fetch_add"}};

}  // namespace
