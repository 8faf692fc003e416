// What `heddle run` prints: a line per case and a summary.
#ifndef HEDDLE_TOOLS_RUN_TABLE_H_
#define HEDDLE_TOOLS_RUN_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "harness/explore/campaign.h"

namespace heddle {

class RunTable {
 public:
  RunTable(const std::vector<const Case*>& cases, bool color);

  // All end with a newline.
  std::string Header() const;
  std::string Row(const CaseResult& result) const;
  // `is_sample`: the strategy's executions are one (explore/sample.h).
  std::string Summary(const std::vector<CaseResult>& results, const std::string& out,
                      bool is_sample) const;
  // A line for each case in which nothing was found, though not everything was explored; how far
  // the search got, and what would take it further. Complete up to a bound is told only
  // `if_bounded`.
  static std::string NotComplete(const std::vector<CaseResult>& results, bool if_bounded);

 private:
  const bool color_;
  const size_t cases_;
  size_t name_width_;
  size_t expected_width_;
};

}  // namespace heddle

#endif  // HEDDLE_TOOLS_RUN_TABLE_H_
