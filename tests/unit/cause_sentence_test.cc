// How orders that are known are told: the sentence, and the steps that the report then shows.
#include <string>

#include <gtest/gtest.h>

#include "harness/explore/cause.h"

namespace heddle {
namespace {

TEST(CauseSentenceTest, ManyOrdersAreOnlyListed) {
  Finding finding;
  finding.thread_names = {"main", "T1"};
  FoundOrders found;
  found.sufficient = true;
  for (uint64_t i = 1; i <= 10; ++i) {
    const std::string thread = i % 2 == 1 ? "main" : "T1";
    finding.interleaving.push_back(
        {i, thread, "step " + std::to_string(i), {"f", "x.cc", 1}, true});
  }
  for (uint32_t i = 1; i <= 9; i += 2) {
    found.orders.push_back({{{ThreadId{0}, i}, i}, {{ThreadId{1}, i}, i + 1}});
  }
  TellCause(found, &finding);
  EXPECT_EQ(finding.cause,
            "It takes all of these 5 orders; with any of them reversed it does not happen.");
  EXPECT_EQ(finding.orders.size(), 5u);
}

TEST(CauseSentenceTest, TheStepsThatAreToldAreShown) {
  Finding finding;
  finding.thread_names = {"main", "T1"};
  finding.interleaving = {{1, "main", "a", {"f", "d/x.cc", 3}, false},
                          {2, "main", "b", {"f", "d/x.cc", 4}, false},
                          {3, "T1", "c", {"f", "d/x.cc", 5}, false},
                          {0, "T1", "d: blocked", {"f", "d/x.cc", 6}, false}};
  FoundOrders found;
  found.orders = {{{{ThreadId{0}, 1}, 1}, {{ThreadId{1}, 1}, 3}},
                  {{{ThreadId{0}, 1}, 1}, {{ThreadId{1}, 2}, 0}}};
  TellCause(found, &finding);
  std::string shown;
  for (const FindingStep& step : finding.interleaving) shown += step.matters ? step.text : "-";
  EXPECT_EQ(shown, "a-c-");
}

TEST(CauseSentenceTest, WhatIsNotKnownIsSaid) {
  Finding finding;
  finding.thread_names = {"main", "T1"};
  finding.interleaving = {{1, "main", "a", {"f", "d/x.cc", 3}, true},
                          {2, "T1", "b", {"f", "d/y.cc", 4}, true}};
  FoundOrders found;
  found.orders = {{{{ThreadId{0}, 1}, 1}, {{ThreadId{1}, 1}, 2}}};
  TellCause(found, &finding);
  EXPECT_EQ(finding.cause,
            "It happens when main `a` (x.cc:3) comes before T1 `b` (y.cc:4); with this order "
            "reversed it does not. More than that may be needed: another schedule with this order "
            "did not show it.");
  found.orders[0].then.event = 7;
  TellCause(found, &finding);
  EXPECT_EQ(finding.cause, "It depends on orders of steps that are too far back to be shown.");
  EXPECT_TRUE(finding.orders.empty());
  found.ended = FoundOrders::End::kTooMany;
  TellCause(found, &finding);
  EXPECT_EQ(finding.cause,
            "Which orders of steps it depends on was not looked for: too many of its steps "
            "conflict.");
  found.ended = FoundOrders::End::kBudget;
  TellCause(found, &finding);
  EXPECT_EQ(finding.cause,
            "Which orders of steps it depends on could not be told within the budget.");
}

}  // namespace
}  // namespace heddle
