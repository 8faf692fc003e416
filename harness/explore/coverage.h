// Coverage: what kinds of behaviour executions have shown.
//
// Counted in happens-before classes (core/order_class.h) and in reads-from pairs
// (core/reads_from_pairs.h). Coverages of parts add up to that of the whole. Threading: one.
#ifndef HEDDLE_HARNESS_EXPLORE_COVERAGE_H_
#define HEDDLE_HARNESS_EXPLORE_COVERAGE_H_

#include <cstdint>

#include "harness/core/bytes.h"
#include "harness/explore/distinct_sample.h"

namespace heddle {

// In numbers.
struct CoverageCounts {
  uint64_t executions = 0;  // that were looked at: not those that killed their worker
  uint64_t classes = 0;
  uint64_t classes_once = 0;  // seen in one execution only
  uint64_t pairs = 0;
  bool exact = true;  // else `classes` is an estimate

  // The probability that another execution like these shows a class that none of them has: the
  // share of those that came only once (Good, "The population frequencies of species and the
  // estimation of population parameters", Biometrika 40, 1953).
  double Unseen() const {
    return executions == 0 ? 1
                           : static_cast<double>(classes_once) / static_cast<double>(executions);
  }
};

struct Coverage {
  uint64_t executions = 0;
  DistinctSample classes;
  DistinctSample pairs;

  void Add(const Coverage& other);
  void Clear();
  CoverageCounts Counts() const;

  void Put(ByteWriter* writer) const;
  bool Get(ByteReader* reader);
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_COVERAGE_H_
