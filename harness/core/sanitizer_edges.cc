#include "harness/core/sanitizer_edges.h"

#if defined(HEDDLE_TSAN)

#include <sanitizer/tsan_interface_atomic.h>

#include <cstdint>
#include <deque>

namespace heddle {

struct SanitizerEdges::Node {
  ThreadId owner;
  uint64_t serial;  // of the release: later is larger
  __tsan_atomic64 tag;
  __tsan_atomic64* address;  // of the tag: this node's own, or another's that it repeats
  const Node* next;
};

// The nodes of one execution, reused by the next: one engine in a process, one thread at a time.
class SanitizerEdges::Pool {
 public:
  Node& Add() {
    if (used_ == nodes_.size()) nodes_.emplace_back();
    return nodes_[used_++];
  }
  void Reset() { used_ = 0; }
  uint64_t NextSerial() { return ++serial_; }

 private:
  std::deque<Node> nodes_;  // addresses stay
  size_t used_ = 0;
  uint64_t serial_ = 0;
};

SanitizerEdges::Pool& SanitizerEdges::ThePool() {
  static Pool pool;
  return pool;
}

void SanitizerEdges::OnRelease(ThreadId owner) {
  Node& node = ThePool().Add();
  node.owner = owner;
  node.serial = ThePool().NextSerial();
  node.address = &node.tag;
  node.next = nullptr;
  __tsan_atomic64_store(node.address, 0, __tsan_memory_order_release);
  first_ = &node;
}

void SanitizerEdges::OnJoin(const SanitizerEdges& other) {
  for (const Node* theirs = other.first_; theirs != nullptr; theirs = theirs->next) {
    if (!Covers(*theirs)) Replace(*theirs);
  }
}

bool SanitizerEdges::Covers(const Node& release) const {
  for (const Node* node = first_; node != nullptr; node = node->next) {
    if (node->owner == release.owner && node->serial >= release.serial) return true;
  }
  return false;
}

// Lists are shared between clocks and never changed: what stays is copied.
void SanitizerEdges::Replace(const Node& release) {
  const Node* const old = first_;
  first_ = nullptr;
  Push(release);
  for (const Node* node = old; node != nullptr; node = node->next) {
    if (node->owner != release.owner) Push(*node);
  }
}

void SanitizerEdges::Push(const Node& release) {
  Node& node = ThePool().Add();
  node.owner = release.owner;
  node.serial = release.serial;
  node.address = release.address;
  node.next = first_;
  first_ = &node;
}

void SanitizerEdges::OnAcquire() const {
  for (const Node* node = first_; node != nullptr; node = node->next) {
    __tsan_atomic64_load(node->address, __tsan_memory_order_acquire);
  }
}

void SanitizerEdges::BeginExecution() { ThePool().Reset(); }

// This file is not instrumented; memcpy would be intercepted.
void StoreUnseen(void* to, const void* from, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    static_cast<volatile unsigned char*>(to)[i] = static_cast<const unsigned char*>(from)[i];
  }
}

}  // namespace heddle

#endif
