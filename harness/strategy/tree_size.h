// How many executions a search has, estimated from the part of its tree that it has explored.
//
// The weighted backtrack estimator of Kilby, Slaney, Thiébaux, Walsh, "Estimating Search Tree Size"
// (AAAI 2006), for leaves: each point of the tree divides its weight among its branches, the weight
// of the whole is 1, and `executions` leaves of weight `share` make executions / share of the
// whole. It is unbiased for random paths (Knuth, "Estimating the efficiency of backtrack programs",
// Math. Comp. 29, 1975), and costs nothing, because the search visits the leaves anyway; probes
// would be executions that explore nothing, and would not know what sleeps below unexplored
// branches. The weights of an ordered search may be chosen: how much smaller later branches are is
// known beforehand, since more sleeps below them.
//
// A function of what has been explored, not of when and by whom. Two digits, which is more than it
// is worth, and hides the order in which weights were added up.
#ifndef HEDDLE_HARNESS_STRATEGY_TREE_SIZE_H_
#define HEDDLE_HARNESS_STRATEGY_TREE_SIZE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace heddle {

// Of a search that has not ended: more than it has made. Empty: nothing has been explored.
inline std::optional<double> EstimateExecutions(uint64_t executions, double share) {
  if (executions == 0 || share <= 0) return std::nullopt;
  const double made = static_cast<double>(executions);
  const double whole = std::min(made / std::min(share, 1.0), 1e18);
  const double unit = std::pow(10.0, std::max(0.0, std::floor(std::log10(whole)) - 1));
  return std::max(made + 1, std::round(whole / unit) * unit);
}

inline std::string CountedExecutions(uint64_t executions) {
  return std::to_string(executions) + (executions == 1 ? " execution" : " executions");
}

// " of about 8100", " of about 4.2e+12", for behind how many have been made.
inline std::string OfAbout(std::optional<double> estimate) {
  if (!estimate) return "";
  char number[32];
  std::snprintf(number, sizeof(number), *estimate < 1e9 ? "%.0f" : "%.2g", *estimate);
  return std::string(" of about ") + number;
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_TREE_SIZE_H_
