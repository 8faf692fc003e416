// A lock-free stack that hands one cell out twice, after five switches between three threads at the
// right places. A pop takes the link out of the top cell, so that nobody else can pop it, and then
// moves the top on by compare-and-swap; if that fails it puts the link back. In between the same
// cell can come back to the top, with another link: the comparison succeeds, or the link put back
// is of a former time.
//
// Where: SafeStack, posted by Dmitry Vyukov to the CHESS forum in 2010 as a challenge for model
// checkers; it is in SCTBench (PPoPP 2014), where no technique found it. In the study of SURW
// (ASPLOS 2025) it was found after 368,921 schedules, by SURW only.
//
// It is beside the catalogue and not in it, because the default budget is not meant to find it: see
// ci/run-depth.sh. In the twin a lock is held over pop and push.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"

namespace {

constexpr int kCells = 3;
constexpr int kNone = -1;

class SafeStack {
 public:
  SafeStack() {
    for (int i = 0; i + 1 < kCells; ++i) cells_[i].next.store(i + 1);
  }

  int Pop() {
    while (count_.load() > 1) {
      int top = top_.load();
      const int next = cells_[top].next.exchange(kNone);
      if (next == kNone) continue;
      const int popped = top;
      if (top_.compare_exchange_strong(top, next)) {
        count_.fetch_sub(1);
        return popped;
      }
      cells_[popped].next.exchange(next);
    }
    return kNone;
  }

  void Push(int cell) {
    int top = top_.load();
    do {
      cells_[cell].next.store(top);
    } while (!top_.compare_exchange_strong(top, cell));
    count_.fetch_add(1);
  }

  int PopFixed() {
    const std::lock_guard lock(mutex_);
    return Pop();
  }
  void PushFixed(int cell) {
    const std::lock_guard lock(mutex_);
    Push(cell);
  }

  void Use(int cell, int user) {
    cells_[cell].user.store(user);
    heddle::Assert(cells_[cell].user.load() == user, "a cell has one user at a time");
  }

 private:
  struct Cell {
    heddle::Atomic<int> user = 0;
    heddle::Atomic<int> next = kNone;
  };
  heddle::Mutex mutex_{"whole"};
  heddle::Atomic<int> top_{0, "top"};
  heddle::Atomic<int> count_{kCells, "count"};
  Cell cells_[kCells];
};

template <int (SafeStack::*kPop)(), void (SafeStack::*kPush)(int)>
void ThreeUsers() {
  SafeStack stack;
  const auto use = [&](int user) {
    for (int round = 0; round < 2; ++round) {
      int cell = (stack.*kPop)();
      while (cell == kNone) {
        heddle::Yield();
        cell = (stack.*kPop)();
      }
      stack.Use(cell, user);
      (stack.*kPush)(cell);
    }
  };
  heddle::Thread second([&] { use(1); });
  heddle::Thread third([&] { use(2); });
  use(0);
  second.join();
  third.join();
}

const heddle::RegisterCase kBug{{
    .name = "depth/safe_stack",
    .body = ThreeUsers<&SafeStack::Pop, &SafeStack::Push>,
    .expect = {heddle::FindingKind::kAssertion},
    .limits = {.steps = 1'000},
    .about = "a stack hands a cell to two threads, five switches deep",
}};
const heddle::RegisterCase kTwin{{
    .name = "depth/safe_stack_fixed",
    .body = ThreeUsers<&SafeStack::PopFixed, &SafeStack::PushFixed>,
    .limits = {.steps = 1'000},
    .about = "a lock is held over pop and push",
}};

}  // namespace
