// A bounded search divided: the schedules of one price, in contiguous parts.
//
// What an execution puts off belongs behind all that is cheaper, and there behind what earlier
// executions have put off: so the parts of a round are of one price, what they put off is put
// together in their order, and is looked at when nothing of that price is left. What is left of a
// part that has had its time is explored in the same round, in its place. So the executions and
// their order are those of an undivided search, whatever the rounds are.
//
// Where there are few schedules left of any price, they are one part, which goes on from price to
// price by itself: as the first is, so that a small search is not divided.
// Threading: one. Memory: what is left, but for what is in the parts of the round.
#ifndef HEDDLE_HARNESS_STRATEGY_BOUNDED_ROUNDS_H_
#define HEDDLE_HARNESS_STRATEGY_BOUNDED_ROUNDS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/bounded_rest.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class BoundedRounds final : public SearchRounds {
 public:
  // To hand out fewer roots in parts would cost more than a second worker saves.
  static constexpr uint64_t kFewRoots = 64;
  // For the same reason, the least for a part, if the others are like those of the round before.
  static constexpr uint64_t kLeastSteps = uint64_t{1} << 13;

  explicit BoundedRounds(const BoundedLimits& limits, uint64_t few_roots = kFewRoots,
                         uint64_t least_steps = kLeastSteps)
      : limits_(limits), few_roots_(few_roots), least_steps_(least_steps) {}

  bool Next(std::span<const std::string> left, size_t most,
            std::vector<std::string>* next) override;
  std::string Recount(double share_done) const override;
  std::string ToBytes() const override;
  bool Restore(std::string_view bytes) override;

 private:
  bool PutTogether(std::span<const std::string> left);
  uint64_t RootsOfAPart(size_t most) const;

  const BoundedLimits limits_;
  const uint64_t few_roots_;
  const uint64_t least_steps_;
  BoundedRest rest_;      // in no part
  uint64_t parts_ = 1;    // of the round, at its beginning
  bool divided_ = false;  // the round: else its one part is all that is left
  // Of the last round of which something was left: of all parts; and the longest of them.
  uint64_t steps_ = 0;
  uint64_t roots_ = 0;
  uint64_t longest_ = 0;
  uint32_t incomplete_from_ = BoundedRest::kNever;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_BOUNDED_ROUNDS_H_
