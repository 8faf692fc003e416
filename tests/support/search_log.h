// What a whole search of a tree makes, decision by decision, for tests that compare it with the
// same search divided.
#ifndef HEDDLE_TESTS_SUPPORT_SEARCH_LOG_H_
#define HEDDLE_TESTS_SUPPORT_SEARCH_LOG_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/exploration.h"

namespace heddle::testing {

struct SearchLog {
  std::vector<std::string> executions;  // the decisions of each, in the order of the search
  uint64_t redundant = 0;
};

inline std::string Decisions(const Exploration& exploration) {
  const auto log = exploration.log();
  return {reinterpret_cast<const char*>(log.data()), log.size_bytes()};
}

template <typename Search>
SearchLog LogOf(void (*body)(), Search search, const ExecutionOptions& options = {}) {
  Exploration exploration(options);
  SearchLog log;
  exploration.Explore(body, search, 1'000'000,
                      [&] { log.executions.push_back(Decisions(exploration)); });
  EXPECT_TRUE(search.Progress().exhausted);
  log.redundant = search.redundant();
  return log;
}

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_SEARCH_LOG_H_
