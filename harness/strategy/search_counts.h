// What a search of a tree counts, as instances of it tell each other: see TreeSearch::Counts.
#ifndef HEDDLE_HARNESS_STRATEGY_SEARCH_COUNTS_H_
#define HEDDLE_HARNESS_STRATEGY_SEARCH_COUNTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/core/bytes.h"

namespace heddle {

struct SearchCounts {
  uint64_t executions = 0;
  uint64_t redundant = 0;
  uint64_t cut = 0;  // whose ends have not been seen: the search is not complete
  double share = 0;  // of the whole tree, done

  std::string ToBytes() const {
    ByteWriter writer;
    writer.Put(*this);
    return writer.Take();
  }
  // Those of another instance; `finished`: it was the last. False: they are no counts.
  bool Add(std::string_view bytes, bool finished) {
    ByteReader reader(bytes);
    SearchCounts other;
    if (!reader.Get(&other) || !reader.AtEnd()) return false;
    executions += other.executions;
    redundant += other.redundant;
    cut += other.cut;
    share = finished ? 1.0 : share + other.share;
    return true;
  }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_SEARCH_COUNTS_H_
