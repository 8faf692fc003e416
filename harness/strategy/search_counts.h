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
  uint64_t cut = 0;
  double share = 0;  // of the whole tree

  std::string ToBytes() const {
    ByteWriter writer;
    writer.Put(*this);
    return writer.Take();
  }
  // False: they are no counts.
  bool FromBytes(std::string_view bytes) {
    ByteReader reader(bytes);
    return reader.Get(this) && reader.AtEnd();
  }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_SEARCH_COUNTS_H_
