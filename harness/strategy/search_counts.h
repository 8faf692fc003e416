// What a search of a tree counts, as instances of it tell each other: see TreeSearch::Counts.
#ifndef HEDDLE_HARNESS_STRATEGY_SEARCH_COUNTS_H_
#define HEDDLE_HARNESS_STRATEGY_SEARCH_COUNTS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/core/bytes.h"
#include "harness/strategy/strategy.h"

namespace heddle {

struct SearchCounts {
  uint64_t executions = 0;
  uint64_t redundant = 0;
  uint64_t cut = 0;     // whose ends have not been seen: the search is not complete
  uint64_t longer = 0;  // others, nor of those: they went on behind the step limit
  uint64_t step_limit = UINT64_MAX;  // where there is one of those
  double share = 0;  // of the whole tree, done

  // An execution; `is_known`: the strategy could make out what it did.
  void Count(const ExecutionRecord& record, bool is_redundant, bool is_known) {
    ++executions;
    if (is_redundant) ++redundant;
    if (record.diverged || record.end == ExecutionEnd::kLost || !is_known) {
      ++cut;
    } else if (record.undecided || record.end == ExecutionEnd::kStepLimit) {
      ++longer;
      step_limit = std::min(step_limit, record.decided);
    }
  }
  bool SeenToTheEnd() const { return cut == 0 && longer == 0; }
  // ", 4 of them longer than the step limit of 14", for behind how many there are.
  std::string NotSeen() const {
    std::string text;
    if (cut > 0) text = ", " + std::to_string(cut) + " of them not seen to their end";
    if (longer > 0) {
      text += ", " + std::to_string(longer) + " of them longer than the step limit of " +
              std::to_string(step_limit);
    }
    return text;
  }

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
    longer += other.longer;
    step_limit = std::min(step_limit, other.step_limit);
    share = finished ? 1.0 : share + other.share;
    return true;
  }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_SEARCH_COUNTS_H_
