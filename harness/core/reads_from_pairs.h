// Reads-from pairs: which step saw what which step had left.
//
// A pair is two places in the program with the threads that were there: that of the last step to
// change an atomic, lock or other modelled object, and that of a step that reads it or takes it.
// Loops make one pair, not one for each round. Threads are known by how they were started
// (parent and ordinal); so pairs are the same in every execution and process.
// Cost: a few instructions a step, for what was seen lately.
#ifndef HEDDLE_HARNESS_CORE_READS_FROM_PAIRS_H_
#define HEDDLE_HARNESS_CORE_READS_FROM_PAIRS_H_

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace heddle {

// A thread at a place.
struct Site {
  uint64_t thread = 0;  // hash of its name
  uintptr_t pc = 0;

  bool InModule() const;  // one that is loaded
};

// The same in one word, for the path of every step. 0: nobody, what an object begins with.
using SiteKey = uint64_t;
constexpr SiteKey KeyOf(uint64_t thread, uintptr_t pc) { return thread + pc; }

class ReadsFromPairs {
 public:
  // Whether the pair has been seen lately; it has been after this.
  bool Seen(SiteKey from, SiteKey to) {
    const uint64_t hash = (from + std::rotl(to, 32)) * 0x9e3779b97f4a7c15;
    std::array<uint64_t, 2>& seen = recent_[hash >> (64 - kRecentBits)];
    if (seen[0] == hash) [[likely]] return true;
    std::swap(seen[0], seen[1]);
    if (seen[0] == hash) return true;
    seen[0] = hash;
    return false;
  }
  // One that has not.
  void Add(const Site& from, const Site& to);

  // Hashes of the pairs since the last Drop; some may be there twice. Uniform, and independent of
  // where the program was loaded.
  std::span<const uint64_t> pairs() const { return pairs_; }
  void Drop() { pairs_.clear(); }
  // Forgets what was seen, too: every pair is told again.
  void Clear() {
    Drop();
    recent_.fill({});
  }

 private:
  static constexpr int kRecentBits = 10;

  std::array<std::array<uint64_t, 2>, 1 << kRecentBits> recent_{};
  std::vector<uint64_t> pairs_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_READS_FROM_PAIRS_H_
