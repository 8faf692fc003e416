// Lock-free stack that frees what it pops: between reading the top and reading what is below it,
// another thread pops the same node and deletes it.
//
// Where: most first attempts at Treiber's stack (IBM, 1986) in a language without garbage
// collection. Michael, "Hazard Pointers" (IEEE TPDS 2004), gives the remedy that the twin uses: a
// thread announces the node that it is about to read, looks again whether it is still the top, and
// whoever pops a node keeps it for later while it is announced. All three are needed.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

struct Node {
  heddle::Atomic<Node*> next{nullptr};
};

class Stack {
 public:
  // Two nodes, for the two threads of the case.
  Stack() {
    for (int i = 0; i < 2; ++i) {
      Node* const node = new Node;
      node->next.store(top_.load());
      top_.store(node);
    }
  }
  ~Stack() {
    for (Node* node : kept_) delete node;
  }

  void Pop() {
    Node* top = top_.load();
    while (top != nullptr) {
      Node* const next = top->next.load();
      if (top_.compare_exchange_strong(top, next)) {
        delete top;
        return;
      }
    }
  }

  void PopFixed(int self) {
    for (;;) {
      Node* top = top_.load();
      if (top == nullptr) return;
      announced_[self].store(top);       // fix
      if (top_.load() != top) continue;  // fix
      Node* const next = top->next.load();
      if (top_.compare_exchange_strong(top, next)) return Retire(self, top);
    }
  }

 private:
  void Retire(int self, Node* node) {
    announced_[self].store(nullptr);
    if (announced_[1 - self].load() == node) return Keep(self, node);  // fix
    delete node;
  }
  // Freed with the stack; a real one would try again after some more pops.
  void Keep(int self, Node* node) { kept_[self] = node; }

  heddle::Atomic<Node*> top_{nullptr, "top"};
  heddle::Atomic<Node*> announced_[2] = {nullptr, nullptr};
  Node* kept_[2] = {nullptr, nullptr};
};

void FreedStackNode() {
  Stack stack;
  heddle::Thread other([&] { stack.Pop(); });
  stack.Pop();
  other.join();
}

void FreedStackNodeFixed() {
  Stack stack;
  heddle::Thread other([&] { stack.PopFixed(1); });
  stack.PopFixed(0);
  other.join();
}

const heddle::RegisterCase kBug{{
    .name = "memory_order/freed_stack_node",
    .body = FreedStackNode,
    .expect = {heddle::FindingKind::kUseAfterFree},
    .tolerate = {heddle::FindingKind::kDataRace},
    .preemptions = 1,
    .about = "a lock-free pop reads a node that another pop has freed",
}};
const heddle::RegisterCase kTwin{{
    .name = "memory_order/freed_stack_node_fixed",
    .body = FreedStackNodeFixed,
    .about = "nodes are protected by hazard pointers",
}};

}  // namespace
