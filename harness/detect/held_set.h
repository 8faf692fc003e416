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
  void Clear() { holds_.clear(); }
  size_t size() const { return holds_.size(); }
  const LockHold* begin() const { return holds_.data(); }
  const LockHold* end() const { return holds_.data() + holds_.size(); }

  bool Holds(ObjectId lock) const {
    for (const LockHold& hold : holds_) {
      if (hold.lock == lock) return true;
    }
    return false;
  }

  void Take(ObjectId lock, bool shared, EventSeq taken) {
    for (LockHold& hold : holds_) {
      if (hold.lock != lock) continue;
      ++hold.depth;
      return;
    }
    holds_.push_back(LockHold{lock, shared, 1, taken});
  }

  void Release(ObjectId lock) {
    for (size_t i = holds_.size(); i-- > 0;) {
      if (holds_[i].lock != lock) continue;
      if (--holds_[i].depth == 0) holds_.erase(holds_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }

  // A wait on a condition variable gives its mutex up however often it was taken, and gets it back
  // as often.
  void BeginWait(ObjectId lock) {
    waiting_depth_ = 1;
    for (size_t i = holds_.size(); i-- > 0;) {
      if (holds_[i].lock != lock) continue;
      waiting_depth_ = holds_[i].depth;
      holds_.erase(holds_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }
  void EndWait(ObjectId lock, EventSeq taken) {
    holds_.push_back(LockHold{lock, false, waiting_depth_, taken});
  }

 private:
  std::vector<LockHold> holds_;
  uint32_t waiting_depth_ = 1;  // of the mutex of the wait that the thread is in
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_HELD_SET_H_
