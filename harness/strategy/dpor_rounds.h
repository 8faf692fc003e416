// The search of dpor divided: what its parts leave, as parts of the next round.
//
// Parts have nothing to tell each other (strategy/parsimonious_search.h), but that one of them has
// come upon what is beyond them: then the search begins again with source sets, in rounds of theirs
// (strategy/dpor_forest.h). Else what is left is divided where there is the most, so that each
// round has as many parts as it may.
//
// A function of what the parts of the rounds return, and of nothing else.
// Threading: one. Memory: between rounds some numbers, or the forest.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_ROUNDS_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_ROUNDS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/dpor_forest.h"
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
  void BeginAgain(std::vector<std::string>* next);
  bool NextOfForest(const std::vector<struct DporLeft>& left, size_t most,
                    std::vector<std::string>* next);

  double share_left_ = 1;               // of the whole tree
  uint64_t executions_ = 0;             // made so far, of what may have to be made again
  uint64_t made_again_ = 0;             // will be
  std::unique_ptr<DporForest> forest_;  // since it goes by source sets
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_ROUNDS_H_
