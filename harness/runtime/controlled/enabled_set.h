// The threads that can run now, as a dense array, and those set aside for a step.
//
// Insertion and removal are O(1); the order is a function of the execution so far. Invariant: a
// thread's `position` is its index in the array that its status says.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENABLED_SET_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENABLED_SET_H_

#include <cstdint>
#include <vector>

#include "harness/core/ids.h"

namespace heddle {

class ThreadArray {
 public:
  void Reserve(uint32_t threads) {
    if (items_.size() < threads) items_.resize(threads);
  }
  void Clear() { size_ = 0; }
  uint32_t size() const { return size_; }
  const ThreadId* data() const { return items_.data(); }
  ThreadId operator[](uint32_t i) const { return items_[i]; }

  // Returns the position of the new member.
  uint32_t Add(ThreadId thread) {
    items_[size_] = thread;
    return size_++;
  }
  // Returns the member that now stands at `position`, kNoThread if none does.
  ThreadId RemoveAt(uint32_t position) {
    --size_;
    if (position == size_) return kNoThread;
    return items_[position] = items_[size_];
  }

 private:
  std::vector<ThreadId> items_;
  uint32_t size_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENABLED_SET_H_
