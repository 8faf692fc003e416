// Recognises a sequence of states that has become periodic, in constant memory: Brent's algorithm
// ("An improved Monte Carlo factorization algorithm", BIT 1980), on hashes.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_REPETITION_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_REPETITION_H_

#include <cstdint>

namespace heddle {

class Repetition {
 public:
  void Begin() { *this = Repetition(); }

  // True when `state` has been seen before in this sequence and everything in between repeats.
  bool Observe(uint64_t state) {
    return Observe(state, [state] { return state; });
  }
  // The same for `state()`, which is asked for only where it may be one that was seen, or is to be
  // kept: it differs wherever `part`, which takes less, does.
  template <typename State>
  bool Observe(uint64_t part, State state) {
    if (seen_ > 0 && part == saved_part_ && state() == saved_) return true;
    if (++seen_ == next_save_) {
      saved_part_ = part;
      saved_ = state();
      next_save_ *= 2;
    }
    return false;
  }
  // States observed since the one that came back.
  uint64_t period() const { return seen_ - next_save_ / 2 + 1; }

 private:
  uint64_t saved_ = 0;
  uint64_t saved_part_ = 0;
  uint64_t seen_ = 0;
  uint64_t next_save_ = 1;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_REPETITION_H_
