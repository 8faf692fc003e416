// A queue whose push takes a slot and then fills it. A pop that finds the first slot not yet filled
// says that the queue is empty; but a later push may have filled its own and returned: what it
// pushed has been lost for as long as the first takes.
//
// Where: queues on arrays with an index for producers, whose authors allow it or did not know.
// Herlihy and Wing's own queue (TOPLAS 1990) has the same two steps, and pops around them.
//
// In the twin a lock is held from taking to filling, so that slots are filled in order.
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/linearizable.h"
#include "primitives/mutex.h"

namespace {

constexpr int kEmpty = 0;

class SlotQueue {
 public:
  void Push(int value) {
    const size_t slot = tail_.fetch_add(1);
    slots_[slot].store(value);
  }
  void PushFixed(int value) {
    const std::lock_guard lock(filling_);  // fix
    Push(value);
  }
  std::optional<int> Pop() {
    size_t head = head_.load();
    while (head < tail_.load()) {
      const int value = slots_[head].load();
      if (value == kEmpty) return std::nullopt;
      if (head_.compare_exchange_strong(head, head + 1)) return value;
    }
    return std::nullopt;
  }

 private:
  heddle::Atomic<size_t> head_{0, "head"};
  heddle::Atomic<size_t> tail_{0, "tail"};
  heddle::Atomic<int> slots_[6] = {kEmpty, kEmpty, kEmpty, kEmpty, kEmpty, kEmpty};
  heddle::Mutex filling_{"filling"};
};

struct QueueSpec {
  void Push(int value) { items.push_back(value); }
  void PushFixed(int value) { Push(value); }
  std::optional<int> Pop() {
    if (items.empty()) return std::nullopt;
    const int value = items.front();
    items.pop_front();
    return value;
  }
  bool operator==(const QueueSpec&) const = default;
  std::deque<int> items;
};

void ReservedSlotQueue() {
  SlotQueue queue;
  heddle::Linearizable<QueueSpec>(queue)
      .Operation("push", [](auto& q, int value) { q.Push(value); }, {1, 2})
      .Operation("pop", [](auto& q) { return q.Pop(); })
      .Run({.threads = 2, .calls = 3});
}

void ReservedSlotQueueFixed() {
  SlotQueue queue;
  heddle::Linearizable<QueueSpec>(queue)
      .Operation("push", [](auto& q, int value) { q.PushFixed(value); }, {1, 2})
      .Operation("pop", [](auto& q) { return q.Pop(); })
      .Run({.threads = 2, .calls = 3});
}

const heddle::RegisterCase kBug{{
    .name = "linearizability/reserved_slot_queue",
    .body = ReservedSlotQueue,
    .expect = {heddle::FindingKind::kNotLinearizable},
    .preemptions = 1,
    .about = "a pop sees a slot that is taken but not filled, and calls the queue empty",
}};
const heddle::RegisterCase kTwin{{
    .name = "linearizability/reserved_slot_queue_fixed",
    .body = ReservedSlotQueueFixed,
    .about = "slots are taken and filled under a lock",
}};

}  // namespace
