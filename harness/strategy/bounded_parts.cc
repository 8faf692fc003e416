// Bounded search handed on: what is left of it as bytes, with which another instance goes on as if
// it were the same one, or which are divided (bounded_rounds.h).
//
// What is left below the root in progress is schedules like those that are put off, at no price.
#include <algorithm>
#include <utility>

#include "harness/core/check.h"
#include "harness/strategy/bounded_rounds.h"
#include "harness/strategy/bounded_search.h"

namespace heddle {
namespace {

// A branch of many values is handed on in so many pieces, so that it can be divided.
constexpr uint32_t kPiecesOfValues = 16;

}  // namespace

void BoundedSearch::FreeToRoots() {
  RootList left;
  for (; !free_.empty(); free_.pop_back()) {
    FreeBranch branch = free_.back();
    if (!branch.next.is_value) {
      left.Add(/*group=*/1, path_, branch.length, branch.next, 0);
      continue;
    }
    const uint32_t piece = (branch.values_end - branch.next.value - 1) / kPiecesOfValues + 1;
    while (branch.next.value < branch.values_end) {
      const uint32_t end =
          branch.next.value + std::min(piece, branch.values_end - branch.next.value);
      left.Add(/*group=*/1, path_, branch.length, branch.next, end);
      branch.next.value = end;
    }
  }
  left.Append(std::exchange(rest_.here, {}));
  rest_.here = std::move(left);
}

// In so many parts that each takes about as long as this one has taken.
std::vector<std::string> BoundedSearch::HandOnInRound(size_t most) {
  std::vector<std::string> parts;
  if (!rest_.is_part) return parts;
  FreeToRoots();
  const uint64_t size = rest_.here.size();
  const uint64_t roots = std::max((size + most - 1) / most, rest_.roots);
  while (!rest_.here.empty()) parts.push_back(rest_.PartOf(roots));
  return parts;
}

std::vector<std::string> BoundedSearch::Split(size_t most) {
  HEDDLE_CHECK(started_ && most > 0, "a search is divided before it has begun, or into nothing");
  FreeToRoots();
  if (!rest_.is_part && rest_.empty()) return {};
  return {rest_.ToBytes()};
}

bool BoundedSearch::Adopt(std::string_view part) {
  started_ = true;
  if (!rest_.Restore(part)) return false;
  rest_.steps = rest_.roots = 0;
  return true;
}

std::unique_ptr<SearchRounds> BoundedSearch::MakeRounds() const {
  return std::make_unique<BoundedRounds>(limits_);
}

std::string BoundedSearch::Counts() const {
  return BoundedCounts{executions_, rest_.price, incomplete_from_}.ToBytes();
}

bool BoundedSearch::Add(std::string_view counts, bool finished) {
  BoundedCounts sum{executions_, rest_.price, incomplete_from_};
  if (!sum.Add(counts)) return false;
  executions_ = sum.executions;
  rest_.price = sum.price;
  incomplete_from_ = sum.incomplete_from;
  finished_ = finished;
  return true;
}

}  // namespace heddle
