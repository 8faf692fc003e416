// Work-stealing deque with a missing step: the owner takes from the bottom, thieves from the top.
// Only for the last item can they meet, and then the owner must win it by the same compare-and-swap
// as a thief. Here it only moves the top on, and both can take the item.
//
// Where: schedulers that implement the deque of Chase and Lev (SPAA 2005). Even its published C11
// form (Le and others, PPoPP 2013) had an error, which Norris and Demsky's CDSChecker found (2013).
//
// The twin has the compare-and-swap. All atomics are sequentially consistent: the orders that the
// algorithm needs are not what this case is about.
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

constexpr int kNothing = -1;

// Two tasks, numbered 0 and 1, pushed before the case begins. `taken_` says which have been taken.
class Deque {
 public:
  void Take() {
    const int bottom = bottom_.load() - 1;
    bottom_.store(bottom);
    const int top = top_.load();
    int task = bottom;
    if (top > bottom) task = kNothing;
    if (top == bottom) top_.store(top + 1);
    if (top >= bottom) bottom_.store(bottom + 1);
    Run(task);
  }

  void TakeFixed() {
    const int bottom = bottom_.load() - 1;
    bottom_.store(bottom);
    int top = top_.load();
    int task = bottom;
    if (top > bottom) task = kNothing;
    if (top == bottom && !top_.compare_exchange_strong(top, top + 1)) task = kNothing;  // fix
    if (top >= bottom) bottom_.store(bottom + 1);
    Run(task);
  }

  void Steal() {
    int top = top_.load();
    if (top >= bottom_.load()) return;
    const int task = top;
    if (top_.compare_exchange_strong(top, top + 1)) Run(task);
  }

 private:
  void Run(int task) {
    if (task == kNothing) return;
    heddle::Assert(!taken_[task].exchange(true), "each task is run once");
  }

  heddle::Atomic<int> top_{0, "top"};
  heddle::Atomic<int> bottom_{2, "bottom"};
  heddle::Atomic<bool> taken_[2] = {false, false};
};

void WorkStealingDeque() {
  Deque deque;
  heddle::Thread thief([&] { deque.Steal(); });
  deque.Take();
  deque.Take();
  thief.join();
}

void WorkStealingDequeFixed() {
  Deque deque;
  heddle::Thread thief([&] { deque.Steal(); });
  deque.TakeFixed();
  deque.TakeFixed();
  thief.join();
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/work_stealing_deque",
    .body = WorkStealingDeque,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 3,
    .about = "owner and thief both take the last task",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/work_stealing_deque_fixed",
    .body = WorkStealingDequeFixed,
    .about = "the owner takes it by compare-and-swap",
}};

}  // namespace
