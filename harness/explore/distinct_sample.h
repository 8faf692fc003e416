// How many different things there were among many, of which each is known by a hash.
//
// Exact up to kMost; beyond, a sample: of all hashes, those that begin with `level` zero bits, one
// more each time there are too many. What is kept depends on the set alone, not on its order or on
// how it was divided, so that samples of parts make the sample of the whole (Gibbons, "Distinct
// sampling for highly-accurate answers to distinct values queries and event reports", VLDB 2001).
// The estimate's standard error is at most sqrt(2 / kMost), 0.6%.
// Hashes are expected to be uniform. Threading: one. Memory: up to 1.2 MiB.
#ifndef HEDDLE_HARNESS_EXPLORE_DISTINCT_SAMPLE_H_
#define HEDDLE_HARNESS_EXPLORE_DISTINCT_SAMPLE_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

#include "harness/core/bytes.h"

namespace heddle {

class DistinctSample {
 public:
  static constexpr size_t kMost = size_t{1} << 16;

  void Add(uint64_t hash) {
    if (Keeps(hash)) Keep(hash, false);
  }
  void Add(const DistinctSample& other);
  void Clear();

  // Different ones, and of these, those that came only once.
  uint64_t distinct() const { return uint64_t{again_.size()} << level_; }
  uint64_t once() const { return uint64_t{once_} << level_; }
  bool exact() const { return level_ == 0; }

  void Put(ByteWriter* writer) const;
  bool Get(ByteReader* reader);

 private:
  bool Keeps(uint64_t hash) const { return std::countl_zero(hash) >= level_; }
  void Keep(uint64_t hash, bool again);
  void Thin(int level);

  absl::flat_hash_map<uint64_t, bool> again_;  // whether it came again
  uint64_t once_ = 0;
  int level_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_DISTINCT_SAMPLE_H_
