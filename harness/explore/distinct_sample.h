// How many different things there were among many, of which each is known by a hash.
//
// Exact up to kMost; beyond, a sample: of all hashes, those that begin with `level` zero bits, one
// more each time there are too many. What is kept depends on the set alone, not on its order or on
// how it was divided, so that samples of parts make the sample of the whole (Gibbons, "Distinct
// sampling for highly-accurate answers to distinct values queries and event reports", VLDB 2001).
// The estimate's standard error is at most sqrt(2 / kMost), 0.6%.
// Hashes are expected to be uniform, their lowest bit is not looked at. Threading: one.
// Memory: up to 1 MiB. Cost: of Add, a few ns; it is called once for every execution, which is why
// this is a table of hashes that are their own place, and not one of a library.
#ifndef HEDDLE_HARNESS_EXPLORE_DISTINCT_SAMPLE_H_
#define HEDDLE_HARNESS_EXPLORE_DISTINCT_SAMPLE_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/core/bytes.h"

namespace heddle {

class DistinctSample {
 public:
  static constexpr size_t kMost = size_t{1} << 16;

  DistinctSample() : slots_(kFewestSlots) {}

  void Add(uint64_t hash) {
    if (Keeps(hash)) Keep(hash & ~kAgain);
  }
  // In a large sample each waits for memory: those that are added together wait together.
  void Add(std::span<const uint64_t> hashes) {
    for (const uint64_t hash : hashes) __builtin_prefetch(&slots_[HomeOf(hash)], /*for writing=*/1);
    for (const uint64_t hash : hashes) Add(hash);
  }
  void Add(const DistinctSample& other);
  // Keeps room for as many again.
  void Clear();

  // Different ones, and of these, those that came only once.
  uint64_t distinct() const { return uint64_t{size_} << level_; }
  uint64_t once() const { return uint64_t{once_} << level_; }
  bool exact() const { return level_ == 0; }

  void Put(ByteWriter* writer) const;
  bool Get(ByteReader* reader);

 private:
  static constexpr size_t kFewestSlots = 64;
  static constexpr uint64_t kAgain = 1;  // in a slot, beside the hash: it came again
  static constexpr uint64_t kEmpty = 0;  // also the hash that is zero, which is not counted

  bool Keeps(uint64_t hash) const {
    return std::countl_zero(hash) >= level_ && hash > kAgain;
  }
  // The first slot to look for it: slots are in the order of hashes, or nearly so.
  size_t HomeOf(uint64_t slot) const {
    return (slot << level_) >> (64 - std::countr_zero(slots_.size()));
  }
  // Where it is, or is to be.
  uint64_t& SlotOf(uint64_t slot) {
    size_t i = HomeOf(slot);
    while (slots_[i] != kEmpty && ((slots_[i] ^ slot) & ~kAgain) != 0) {
      i = (i + 1) & (slots_.size() - 1);
    }
    return slots_[i];
  }
  // `slot` is a hash with or without kAgain.
  void Keep(uint64_t slot) {
    uint64_t& kept = SlotOf(slot);
    if (kept == kEmpty) {
      kept = slot;
      once_ += ~slot & kAgain;
      if (2 * ++size_ > slots_.size()) Grow();
    } else {
      once_ -= ~kept & kAgain;
      kept |= kAgain;
    }
  }
  void Grow();
  void Reserve(size_t most);
  // Puts the kept ones into so many slots, at another level.
  void Rebuild(size_t slots, int level);
  // Those that came again (kAgain), or those that did not (0).
  std::vector<uint64_t> Sorted(uint64_t again) const;

  std::vector<uint64_t> slots_;  // a power of two, at most half of them full
  size_t size_ = 0;
  size_t once_ = 0;
  int level_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_DISTINCT_SAMPLE_H_
