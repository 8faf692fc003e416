// Michael-Scott queue with a plain store where the compare-and-swap belongs: a producer that has
// seen the last node without a successor links its own behind it. Two producers may do so at once,
// and the second overwrites the first, whose node is lost.
//
// Where: linked queues in which "it was null a moment ago" is taken for "it is null". The original
// is Michael and Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent Queue
// Algorithms" (PODC 1996).
//
// The twin links by compare-and-swap and starts again if another producer was first.
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

struct Node {
  heddle::Atomic<Node*> next{nullptr};
};

class Queue {
 public:
  void Enqueue(Node* node) {
    for (;;) {
      Node* last = tail_.load();
      Node* next = last->next.load();
      if (Help(last, next)) continue;
      last->next.store(node);
      tail_.compare_exchange_strong(last, node);
      return;
    }
  }

  void EnqueueFixed(Node* node) {
    for (;;) {
      Node* last = tail_.load();
      Node* next = last->next.load();
      if (Help(last, next)) continue;
      if (!last->next.compare_exchange_strong(next, node)) continue;  // fix
      tail_.compare_exchange_strong(last, node);
      return;
    }
  }

  int Length() {
    int length = 0;
    for (Node* node = dummy_.next.load(); node != nullptr; node = node->next.load()) ++length;
    return length;
  }

 private:
  // Moves the tail on for a producer that has linked its node but not done so yet.
  bool Help(Node* last, Node* next) {
    if (next == nullptr) return false;
    tail_.compare_exchange_strong(last, next);
    return true;
  }

  Node dummy_;
  heddle::Atomic<Node*> tail_{&dummy_, "tail"};
};

void LostQueueNode() {
  Node nodes[2];
  Queue queue;
  heddle::Thread other([&] { queue.Enqueue(&nodes[1]); });
  queue.Enqueue(&nodes[0]);
  other.join();
  heddle::Assert(queue.Length() == 2, "what was put in is in the queue");
}

void LostQueueNodeFixed() {
  Node nodes[2];
  Queue queue;
  heddle::Thread other([&] { queue.EnqueueFixed(&nodes[1]); });
  queue.EnqueueFixed(&nodes[0]);
  other.join();
  heddle::Assert(queue.Length() == 2, "what was put in is in the queue");
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/lost_queue_node",
    .body = LostQueueNode,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "two producers link behind the same node of a lock-free queue",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/lost_queue_node_fixed",
    .body = LostQueueNodeFixed,
    .about = "linked by compare-and-swap",
}};

}  // namespace
