#include "harness/schedule/divergence.h"

#include <algorithm>

namespace heddle {
namespace {

constexpr const char* kEnd = "the end of the execution";

}  // namespace

std::string Divergence::Text() const {
  return "step " + std::to_string(step) + ": expected " + expected + ", found " + found;
}

std::string Describe(Decision decision) {
  if (decision.is_pick()) {
    return "thread " + std::to_string(Index(decision.thread())) + ": " +
           std::string(TraitsOf(decision.op()).name);
  }
  return "value " + std::to_string(decision.value) + " of " + std::to_string(decision.bound) +
         " (" + std::string(NameOf(decision.choice())) + ")";
}

std::optional<Divergence> CompareDecisions(std::span<const Decision> expected,
                                           std::span<const Decision> found) {
  const size_t common = std::min(expected.size(), found.size());
  uint64_t step = 0;
  for (size_t i = 0; i < common; ++i) {
    if (expected[i].is_pick()) ++step;
    if (expected[i] == found[i]) continue;
    return Divergence{std::max<uint64_t>(step, 1), Describe(expected[i]), Describe(found[i])};
  }
  if (expected.size() == found.size()) return std::nullopt;
  const bool sooner = found.size() == common;
  const Decision next = sooner ? expected[common] : found[common];
  if (next.is_pick()) ++step;
  return Divergence{std::max<uint64_t>(step, 1), sooner ? Describe(next) : kEnd,
                    sooner ? kEnd : Describe(next)};
}

}  // namespace heddle
