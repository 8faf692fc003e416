// A stack on an array whose push moves the top and then fills the cell. A pop in between takes the
// cell before it is filled, or gets what was in it before.
//
// Where: stacks and free lists on arrays made "lock-free" by replacing the index with an atomic.
//
// In the twin a lock is held over both steps of a push, and of a pop.
#include <mutex>
#include <optional>
#include <vector>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/linearizable.h"
#include "primitives/mutex.h"

namespace {

class ArrayStack {
 public:
  void Push(int value) { cells_[top_.fetch_add(1)].store(value); }
  std::optional<int> Pop() {
    int top = top_.load();
    while (top > 0) {
      if (top_.compare_exchange_strong(top, top - 1)) return cells_[top - 1].load();
    }
    return std::nullopt;
  }

  void PushFixed(int value) {
    const std::lock_guard lock(mutex_);  // fix
    Push(value);
  }
  std::optional<int> PopFixed() {
    const std::lock_guard lock(mutex_);  // fix
    return Pop();
  }

 private:
  heddle::Atomic<int> top_{0, "top"};
  heddle::Atomic<int> cells_[6] = {0, 0, 0, 0, 0, 0};
  heddle::Mutex mutex_{"whole"};
};

struct StackSpec {
  void Push(int value) { items.push_back(value); }
  std::optional<int> Pop() {
    if (items.empty()) return std::nullopt;
    const int value = items.back();
    items.pop_back();
    return value;
  }
  void PushFixed(int value) { Push(value); }
  std::optional<int> PopFixed() { return Pop(); }
  bool operator==(const StackSpec&) const = default;
  std::vector<int> items;
};

void TwoStepStack() {
  ArrayStack stack;
  heddle::Linearizable<StackSpec>(stack)
      .Operation("push", [](auto& s, int value) { s.Push(value); }, {1, 2})
      .Operation("pop", [](auto& s) { return s.Pop(); })
      .Run({.threads = 2, .calls = 2});
}

void TwoStepStackFixed() {
  ArrayStack stack;
  heddle::Linearizable<StackSpec>(stack)
      .Operation("push", [](auto& s, int value) { s.PushFixed(value); }, {1, 2})
      .Operation("pop", [](auto& s) { return s.PopFixed(); })
      .Run({.threads = 2, .calls = 2});
}

const heddle::RegisterCase kBug{{
    .name = "linearizability/two_step_stack",
    .body = TwoStepStack,
    .expect = {heddle::FindingKind::kNotLinearizable},
    .preemptions = 1,
    .about = "a pop takes a cell between the two steps of a push",
}};
const heddle::RegisterCase kTwin{{
    .name = "linearizability/two_step_stack_fixed",
    .body = TwoStepStackFixed,
    .about = "a lock is held over both steps",
}};

}  // namespace
