// The strategies there are, by name. `--help` and `heddle list --strategies` are generated from it.
//
// A strategy describes itself in its own file, in a function that the list in registry.cc names.
#ifndef HEDDLE_HARNESS_STRATEGY_REGISTRY_H_
#define HEDDLE_HARNESS_STRATEGY_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/strategy/strategy.h"

namespace heddle {

struct StrategyParameter {
  std::string_view name;
  std::string_view help;
  uint64_t default_value = 0;
  uint64_t minimum = 0;
  uint64_t maximum = 0;
};

struct StrategyInfo {
  std::string_view name;
  std::string_view summary;  // one line
  std::vector<StrategyParameter> parameters = {};
  // Its search may come to an end that is everything: it enumerates, or begins with one that does.
  bool can_complete = false;
  // Values in the order of `parameters`, each within its range.
  std::function<std::unique_ptr<Strategy>(std::span<const uint64_t> values)> make;
};

// Sorted by name.
const std::vector<StrategyInfo>& AllStrategies();

// From NAME[:key=value,...]. An error names what is unknown or out of range, and what there is.
absl::StatusOr<std::unique_ptr<Strategy>> MakeStrategy(std::string_view spec);

// The one that NAME[:...] names; null if there is none of that name.
const StrategyInfo* FindStrategy(std::string_view spec);
// "dfs, dpor": those that can complete.
std::string StrategiesThatComplete();

// A line per strategy and parameter, indented by `indent` spaces.
std::string DescribeStrategies(int indent);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_REGISTRY_H_
