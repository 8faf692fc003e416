#include "tests/bench/programs.h"

#include <array>
#include <mutex>
#include <vector>

#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace heddle::bench {
namespace {

struct Node {
  explicit Node(int v) : value(v) {}
  Var<int> value;
  Atomic<Node*> next{nullptr};
};

class Treiber {
 public:
  void Push(Node* node) {
    Node* head = head_.load(std::memory_order_relaxed);
    do {
      node->next.store(head, std::memory_order_relaxed);
    } while (!head_.compare_exchange_weak(head, node, std::memory_order_release,
                                          std::memory_order_relaxed));
  }
  Node* Pop() {
    Node* head = head_.load(std::memory_order_acquire);
    while (head != nullptr &&
           !head_.compare_exchange_weak(head, head->next.load(std::memory_order_relaxed),
                                        std::memory_order_acquire, std::memory_order_acquire)) {
    }
    return head;
  }

 private:
  Atomic<Node*> head_{nullptr};
};

// Michael and Scott, PODC 1996. Nodes stay until the queue is gone.
class MichaelScott {
 public:
  explicit MichaelScott(Node* dummy) : head_(dummy), tail_(dummy) {}

  void Enqueue(Node* node) {
    for (;;) {
      Node* tail = tail_.load(std::memory_order_acquire);
      Node* next = tail->next.load(std::memory_order_acquire);
      if (next != nullptr) {
        tail_.compare_exchange_strong(tail, next);
        continue;
      }
      if (tail->next.compare_exchange_strong(next, node)) {
        tail_.compare_exchange_strong(tail, node);
        return;
      }
    }
  }

  bool Dequeue(int* value) {
    for (;;) {
      Node* head = head_.load(std::memory_order_acquire);
      Node* tail = tail_.load(std::memory_order_acquire);
      Node* next = head->next.load(std::memory_order_acquire);
      if (next == nullptr) return false;
      if (head == tail) {
        tail_.compare_exchange_strong(tail, next);
        continue;
      }
      if (head_.compare_exchange_strong(head, next)) {
        *value = next->value;
        return true;
      }
    }
  }

 private:
  Atomic<Node*> head_;
  Atomic<Node*> tail_;
};

template <int kThreads>
void RunMichaelScott() {
  Node dummy(0);
  std::array<Node, 3> nodes = {Node(1), Node(2), Node(3)};
  MichaelScott queue(&dummy);
  std::array<Thread, kThreads> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads[static_cast<size_t>(i)] = Thread([&queue, node = &nodes[static_cast<size_t>(i)]] {
      queue.Enqueue(node);
      int value = 0;
      queue.Dequeue(&value);
    });
  }
  for (Thread& thread : threads) thread.join();
}

}  // namespace

void P1() {
  Mutex m;
  Var<int> x{0};
  const auto body = [&] {
    for (int i = 0; i < 2; ++i) {
      m.lock();
      x++;
      m.unlock();
    }
  };
  Thread a(body), b(body);
  a.join();
  b.join();
}

void StoreBuffering() {
  Atomic<int> x{0}, y{0};
  Thread a([&] {
    x.store(1);
    y.load();
  });
  Thread b([&] {
    y.store(1);
    x.load();
  });
  a.join();
  b.join();
}

void MessagePassing() {
  Var<int> data{0};
  Atomic<int> flag{0};
  Thread a([&] {
    data = 1;
    flag.store(1, std::memory_order_release);
  });
  Thread b([&] {
    if (flag.load(std::memory_order_acquire) == 1) static_cast<void>(int{data});
  });
  a.join();
  b.join();
}

void TreiberStack() {
  Node first(1), second(2);
  Treiber stack;
  Thread a([&] {
    stack.Push(&first);
    stack.Pop();
  });
  Thread b([&] {
    stack.Push(&second);
    stack.Pop();
  });
  a.join();
  b.join();
}

void MichaelScott2() { RunMichaelScott<2>(); }
void MichaelScott3() { RunMichaelScott<3>(); }

void BoundedBuffer() {
  Mutex m;
  CondVar not_full, not_empty;
  Var<int> count{0};
  const auto produce = [&] {
    std::unique_lock lock(m);
    not_full.wait(lock, [&] { return count == 0; });
    count = 1;
    not_empty.notify_one();
  };
  const auto consume = [&] {
    std::unique_lock lock(m);
    not_empty.wait(lock, [&] { return count == 1; });
    count = 0;
    not_full.notify_one();
  };
  Thread a(produce), b(produce), c(consume), d(consume);
  a.join();
  b.join();
  c.join();
  d.join();
}

template <int kThreads>
void PrivateLocks() {
  std::vector<Thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([] {
      Mutex m;
      for (int j = 0; j < 2; ++j) {
        m.lock();
        m.unlock();
      }
    });
  }
  for (Thread& thread : threads) thread.join();
}
template void PrivateLocks<2>();
template void PrivateLocks<10>();
template void PrivateLocks<100>();
template void PrivateLocks<1000>();

}  // namespace heddle::bench
