// The locks that one thread holds, in the order of taking, kept from its lock events.
//
// Events that break the rules (an unlock of what is not held) are ignored: the model reports them.
#ifndef HEDDLE_HARNESS_DETECT_HELD_SET_H_
#define HEDDLE_HARNESS_DETECT_HELD_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/core/event.h"
#include "harness/core/ids.h"

namespace heddle {

struct LockHold {
  ObjectId lock = kNoObject;
  bool shared = false;
  uint32_t depth = 0;  // times taken
  EventSeq taken = 0;
};

class HeldSet {
 public:
  void Clear() { size_ = 0; }
  size_t size() const { return size_; }
  const LockHold* begin() const { return holds_.data(); }
  const LockHold* end() const { return holds_.data() + size_; }

  bool Holds(ObjectId lock) const {
    for (const LockHold& hold : *this) {
      if (hold.lock == lock) return true;
    }
    return false;
  }

  void Take(ObjectId lock, bool shared, EventSeq taken) {
    for (size_t i = 0; i < size_; ++i) {
      if (holds_[i].lock != lock) continue;
      ++holds_[i].depth;
      return;
    }
    Add(LockHold{lock, shared, 1, taken});
  }

  void Release(ObjectId lock) {
    for (size_t i = size_; i-- > 0;) {
      if (holds_[i].lock != lock) continue;
      if (--holds_[i].depth == 0) Remove(i);
      return;
    }
  }

  // A wait on a condition variable gives its mutex up however often it was taken, and gets it back
  // as often.
  void BeginWait(ObjectId lock) {
    waiting_depth_ = 1;
    for (size_t i = size_; i-- > 0;) {
      if (holds_[i].lock != lock) continue;
      waiting_depth_ = holds_[i].depth;
      Remove(i);
      return;
    }
  }
  void EndWait(ObjectId lock, EventSeq taken) { Add(LockHold{lock, false, waiting_depth_, taken}); }

 private:
  void Add(const LockHold& hold) {
    if (size_ == holds_.size()) [[unlikely]]
      holds_.emplace_back();
    holds_[size_++] = hold;
  }
  void Remove(size_t i) {
    --size_;
    for (; i < size_; ++i) holds_[i] = holds_[i + 1];
  }

  std::vector<LockHold> holds_;  // the first size_ are held
  size_t size_ = 0;
  uint32_t waiting_depth_ = 1;  // of the mutex of the wait that the thread is in
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_HELD_SET_H_
