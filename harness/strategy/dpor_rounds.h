// The search of dpor divided: what its parts leave, as parts of the next round.
//
// Parts have nothing to tell each other (strategy/parsimonious_search.h), but that one of them has
// come upon what is beyond them: then the search begins again, as one part that keeps wakeup trees
// (strategy/dpor_part.h), which can be divided by inputs only. Else what is left is divided where
// there is the most, so that each round has as many parts as it may.
//
// A function of what the parts of the rounds return, and of nothing else.
// Threading: one. Memory: between rounds, two numbers.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_ROUNDS_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_ROUNDS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/strategy.h"

namespace heddle {

class DporRounds final : public SearchRounds {
 public:
  bool Next(std::span<const std::string> left, size_t most,
            std::vector<std::string>* next) override;
  std::string Recount(double share_done) const override;
  std::string ToBytes() const override;
  bool Restore(std::string_view bytes) override;

 private:
  double share_left_ = 1;    // of the whole tree
  uint64_t executions_ = 0;  // made so far, of what may have to be made again
  uint64_t made_again_ = 0;  // will be
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_ROUNDS_H_
