// Explores a body as a campaign's only case, in worker processes, for tests.
#ifndef HEDDLE_TESTS_SUPPORT_CAMPAIGN_H_
#define HEDDLE_TESTS_SUPPORT_CAMPAIGN_H_

#include <string>

#include <gtest/gtest.h>

#include "harness/explore/explorer.h"

namespace heddle::testing {

inline CaseResult ExploreCase(void (*body)(), const CampaignOptions& options,
                              CampaignObserver* observer = nullptr) {
  Case explored;
  explored.name = "unit/case";
  explored.body = body;
  std::string error;
  const auto explorer = Explorer::Make({options, "heddle"}, nullptr, observer, &error);
  EXPECT_NE(explorer, nullptr) << error;
  CaseResult result = explorer->Explore(explored);
  EXPECT_EQ(result.internal_error, "");
  return result;
}

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_CAMPAIGN_H_
