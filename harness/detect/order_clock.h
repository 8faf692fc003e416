// A plain vector clock over threads, for orders that a detector makes up for itself.
//
// Not core/vector_clock.h: what that one releases and acquires is also told to ThreadSanitizer, as
// the program's own synchronisation. Cost: O(threads) each; memory is kept over Clear.
#ifndef HEDDLE_HARNESS_DETECT_ORDER_CLOCK_H_
#define HEDDLE_HARNESS_DETECT_ORDER_CLOCK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/core/ids.h"

namespace heddle {

class OrderClock {
 public:
  void Clear() { times_.clear(); }

  uint32_t At(ThreadId thread) const {
    return Index(thread) < times_.size() ? times_[Index(thread)] : 0;
  }
  void Advance(ThreadId thread) {
    if (Index(thread) >= times_.size()) times_.resize(size_t{Index(thread)} + 1);
    ++times_[Index(thread)];
  }
  void Join(const OrderClock& other) {
    if (other.times_.size() > times_.size()) times_.resize(other.times_.size());
    for (size_t i = 0; i < other.times_.size(); ++i) {
      times_[i] = std::max(times_[i], other.times_[i]);
    }
  }
  std::span<const uint32_t> times() const { return times_; }

 private:
  std::vector<uint32_t> times_;  // by thread; 0 beyond the end
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_ORDER_CLOCK_H_
