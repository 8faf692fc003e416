// What tests of causes share: what depth-first search finds, and how sentences name places.
#ifndef HEDDLE_TESTS_UNIT_CAUSE_TEST_SUPPORT_H_
#define HEDDLE_TESTS_UNIT_CAUSE_TEST_SUPPORT_H_

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "harness/explore/explorer.h"

namespace heddle::testing {

// The first finding of `kind` by depth-first search: of two findings that mirror each other, it
// always gives the same.
inline Finding FindingOf(void (*body)(), FindingKind kind, uint32_t spurious = 0) {
  std::string error;
  ExplorerOptions options;
  options.campaign.strategy = "dfs";
  options.campaign.spurious = spurious;
  const auto explorer = Explorer::Make(options, nullptr, nullptr, &error);
  EXPECT_NE(explorer, nullptr) << error;
  const Case explored{
      .name = "test/cause", .body = body, .expect = {kind}, .tolerate = {FindingKind::kLockOrder}};
  const CaseResult result = explorer->Explore(explored);
  for (const FoundBug& found : result.findings) {
    if (found.finding.kind == kind) return found.finding;
  }
  ADD_FAILURE() << "no such finding";
  return {};
}

inline std::string Line(int line) { return "(line " + std::to_string(line) + ")"; }

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_CAUSE_TEST_SUPPORT_H_
