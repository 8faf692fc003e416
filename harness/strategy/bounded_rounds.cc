#include "harness/strategy/bounded_rounds.h"

#include <algorithm>
#include <utility>

#include "harness/core/bytes.h"

namespace heddle {
namespace {

// What a part may have at any rate.
constexpr uint64_t kFewSteps = uint64_t{1} << 16;

}  // namespace

bool BoundedRounds::PutTogether(std::span<const std::string> left) {
  if (left.size() < parts_ || (!divided_ && left.size() > 1)) return false;
  uint64_t steps = 0;
  uint64_t roots = 0;
  uint64_t longest = 0;
  for (const std::string& bytes : left) {
    if (bytes.empty()) continue;
    BoundedRest one;
    if (!one.Restore(bytes) || one.is_part != divided_) return false;
    steps += one.steps;
    roots += one.roots;
    longest = std::max(longest, one.steps);
    if (!divided_) {
      rest_ = std::move(one);
      continue;
    }
    if (one.price != rest_.price || !one.here.empty()) return false;
    rest_.Append(std::move(one));
  }
  if (roots == 0) return true;
  steps_ = steps;
  roots_ = roots;
  longest_ = longest;
  return true;
}

// A share of what there is; but so much that it pays to hand it out, and so little that the first
// part of a round takes no longer than two of the round before: the others wait for the last.
uint64_t BoundedRounds::RootsOfAPart(size_t most) const {
  const auto roots_in = [this](uint64_t steps) {
    return std::max<uint64_t>(1, steps * roots_ / std::max<uint64_t>(1, steps_));
  };
  return std::clamp((rest_.here.size() + most - 1) / most, roots_in(least_steps_),
                    roots_in(std::max(longest_, kFewSteps)));
}

bool BoundedRounds::Next(std::span<const std::string> left, size_t most,
                         std::vector<std::string>* next) {
  next->clear();
  if (!PutTogether(left)) return false;
  rest_.CutTo(limits_);
  incomplete_from_ = std::min(incomplete_from_, rest_.closed_from);
  divided_ = true;
  parts_ = 0;
  if (rest_.here.empty() && !rest_.GoOn(limits_)) return true;
  if (rest_.Roots() <= few_roots_) {
    divided_ = false;
    parts_ = 1;
    rest_.is_part = false;
    next->push_back(std::exchange(rest_, {}).ToBytes());
    return true;
  }
  const uint64_t roots = RootsOfAPart(most);
  for (; parts_ < most && !rest_.here.empty(); ++parts_) {
    // The last are small, so that nobody waits for long.
    next->push_back(rest_.PartOf(std::max<uint64_t>(1, roots * 2 * (most - parts_) / (most + 1))));
  }
  return true;
}

std::string BoundedRounds::Recount(double) const {
  return BoundedCounts{.incomplete_from = incomplete_from_}.ToBytes();
}

std::string BoundedRounds::ToBytes() const {
  ByteWriter writer;
  writer.PutText(rest_.ToBytes());
  writer.Put(parts_);
  writer.Put(divided_);
  writer.Put(steps_);
  writer.Put(roots_);
  writer.Put(longest_);
  return writer.Take();
}

bool BoundedRounds::Restore(std::string_view bytes) {
  ByteReader reader(bytes);
  std::string rest;
  return reader.GetText(&rest) && rest_.Restore(rest) && reader.Get(&parts_) &&
         reader.Get(&divided_) && reader.Get(&steps_) && reader.Get(&roots_) &&
         reader.Get(&longest_) && reader.AtEnd();
}

}  // namespace heddle
