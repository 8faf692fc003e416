// A table indexed by dense ids (threads, objects) that is emptied in constant time.
//
// Each entry carries the stamp of the filling it belongs to; an entry of an earlier one is reset
// when it is next asked for, so that its own memory is kept. Cost of At: a compare.
#ifndef HEDDLE_HARNESS_DETECT_STAMPED_TABLE_H_
#define HEDDLE_HARNESS_DETECT_STAMPED_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle {

template <typename T>
class StampedTable {
 public:
  void Clear() { ++stamp_; }

  // The entry of `index`; `reset(T&)` is called first if it is new in this filling. Valid until the
  // next call with a larger index.
  template <typename Reset>
  T& At(uint32_t index, Reset&& reset) {
    if (index >= entries_.size()) [[unlikely]]
      entries_.resize(size_t{index} + index / 2 + 8);
    Entry& entry = entries_[index];
    if (entry.stamp != stamp_) {
      entry.stamp = stamp_;
      reset(entry.value);
    }
    return entry.value;
  }
  T& At(uint32_t index) {
    return At(index, [](T& value) { value = T(); });
  }

 private:
  struct Entry {
    uint64_t stamp = 0;
    T value;
  };
  std::vector<Entry> entries_;
  uint64_t stamp_ = 1;  // of the present filling
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_STAMPED_TABLE_H_
