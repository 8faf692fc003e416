// Michael-Scott queue with a missing step: the node is linked into the queue before its value is
// written. From the moment of the compare-and-swap that links it, any consumer may take it.
//
// Where: rewrites of the queue of Michael and Scott (PODC 1996) that allocate, link and fill in the
// wrong order; the same happens in ring buffers whose index is advanced before the slot is written,
// as in the reservation step of a multi-producer log.
//
// The twin writes the value first. The nodes are not freed while the case runs, so that memory
// reclamation, a problem of its own, does not come into it.
#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

struct Node {
  heddle::Var<int> value = 0;
  heddle::Atomic<Node*> next{nullptr};
};

class Queue {
 public:
  void Link(Node* node) {
    for (;;) {
      Node* last = tail_.load();
      Node* next = last->next.load();
      if (next != nullptr) {
        tail_.compare_exchange_strong(last, next);  // helps the producer that has not yet
      } else if (last->next.compare_exchange_strong(next, node)) {
        tail_.compare_exchange_strong(last, node);
        return;
      }
    }
  }

  // Null when the queue is empty.
  Node* Unlink() {
    for (;;) {
      Node* first = head_.load();
      Node* last = tail_.load();
      Node* const next = first->next.load();
      if (next == nullptr) return nullptr;
      if (first == last) {
        tail_.compare_exchange_strong(last, next);
      } else if (head_.compare_exchange_strong(first, next)) {
        return next;
      }
    }
  }

 private:
  Node dummy_;
  heddle::Atomic<Node*> head_{&dummy_, "head"};
  heddle::Atomic<Node*> tail_{&dummy_, "tail"};
};

void Consume(Queue& queue) {
  if (Node* const node = queue.Unlink()) {
    heddle::Assert(node->value == 7, "a value that is taken is one that was put in");
  }
}

void MichaelScottQueue() {
  Node node;
  Queue queue;
  heddle::Thread producer([&] {
    queue.Link(&node);
    node.value = 7;
  });
  Consume(queue);
  producer.join();
}

void MichaelScottQueueFixed() {
  Node node;
  Queue queue;
  heddle::Thread producer([&] {
    node.value = 7;  // fix
    queue.Link(&node);
  });
  Consume(queue);
  producer.join();
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/michael_scott_queue",
    .body = MichaelScottQueue,
    .expect = {heddle::FindingKind::kDataRace},
    .tolerate = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "a node is linked into a lock-free queue before it is filled",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/michael_scott_queue_fixed",
    .body = MichaelScottQueueFixed,
    .about = "filled, then linked",
}};

}  // namespace
