#include "tools/run_table.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/sanitizer_edges.h"
#include "harness/explore/sample.h"

namespace heddle {
namespace {

CaseResult Found(const std::vector<FindingKind>& kinds, uint64_t executions) {
  CaseResult result;
  result.name = "case";
  result.met = true;
  result.executions = executions;
  result.seconds = 1;
  for (const FindingKind kind : kinds) {
    result.findings.emplace_back();
    result.findings.back().finding.kind = kind;
  }
  return result;
}

TEST(RunTableTest, ColumnsEndWhereTheirHeadingsDo) {
  const RunTable table({}, /*color=*/false);
  const std::string header = table.Header();
  const size_t executions_end = header.find("executions") + std::string("executions").size();
  const size_t time_end = header.find("time") + std::string("time").size();
  const std::vector<FindingKind> several = {FindingKind::kUseAfterFree, FindingKind::kDoubleFree};
  for (const CaseResult& result :
       {Found({}, 20'000), Found({FindingKind::kDeadlock}, 1), Found(several, 123'456)}) {
    const std::string row = table.Row(result);
    const std::string executions = " " + std::to_string(result.executions);
    EXPECT_EQ(row.find(executions + " "), executions_end - executions.size()) << header << row;
    EXPECT_EQ(row.find("s ", executions_end), time_end - 1) << header << row;
  }
}

// Where the user ended it, a larger budget is no advice.
TEST(RunTableTest, AnInterruptedRunIsNotToldToSpendMore) {
  CaseResult result = Found({}, 100);
  result.expected = {FindingKind::kDeadlock};
  result.met = false;
  result.search = "depth-first: 100 executions";
  const RunTable table({}, /*color=*/false);
  EXPECT_NE(table.Row(result).find("; a larger --executions"), std::string::npos);
  EXPECT_EQ(RunTable::NotComplete({result}, true),
            "not complete: case (depth-first: 100 executions); raise --executions or --time\n");
  result.interrupted = true;
  EXPECT_NE(table.Row(result).find("which was not found before the interruption\n"),
            std::string::npos);
  EXPECT_EQ(RunTable::NotComplete({result}, true),
            "not complete: case (depth-first: 100 executions); interrupted\n");
}

// Nor is it said of a case that was being explored, or of one that was not, that it is as expected.
TEST(RunTableTest, WhatAnInterruptionLeavesOpenIsNotOk) {
  const Case one{.name = "case"};
  const RunTable table({&one, &one, &one}, /*color=*/false);
  CaseResult result = Found({}, 100);
  EXPECT_TRUE(table.Row(result).ends_with("  ok\n"));
  result.interrupted = true;
  EXPECT_TRUE(table.Row(result).ends_with("  interrupted\n"));
  EXPECT_EQ(table.Summary({Found({}, 1), result}, "", false),
            "\n1 of 2 cases met the expectation, 1 interrupted, 1 not begun, 0 findings\n");
  // What is expected was found before.
  result = Found({FindingKind::kDeadlock}, 100);
  result.interrupted = true;
  EXPECT_TRUE(table.Row(result).ends_with("  ok\n"));
}

// What went on behind the step limit to its end was not cut.
TEST(RunTableTest, ExecutionsAreCalledCutWhereTheyWere) {
  CaseResult result = Found({}, 9);
  result.search = "depth-first: 9 executions, 4 of them longer than the step limit of 14";
  EXPECT_EQ(RunTable::NotComplete({result}, true),
            "not complete: case (" + result.search + "); raise --max-steps\n");
  result.cut_by_step_limit = 1;
  EXPECT_EQ(RunTable::NotComplete({result}, true),
            "not complete: case (" + result.search +
                "); executions were cut: raise --max-steps\n");
}

// To try for longer makes no difference to it.
TEST(RunTableTest, HistoriesThatWereNotJudgedAreTold) {
  CaseResult result = Found({}, 9);
  result.search = "optimal DPOR: 9 executions";
  result.not_judged = 1;
  const RunTable table({}, /*color=*/false);
  EXPECT_EQ(RunTable::NotComplete({result}, true),
            "not complete: case (optimal DPOR: 9 executions); histories were not judged: make "
            "fewer threads or calls\n");
  EXPECT_EQ(table.Summary({result}, "", true),
            "\n1 of 1 case met the expectation, 0 findings, 1 history not judged\n");
  EXPECT_EQ(table.Summary({result, result}, "", true),
            "\n2 of 2 cases met the expectation, 0 findings, 2 histories not judged\n");
  result.expected = {FindingKind::kNotLinearizable};
  result.met = false;
  EXPECT_NE(table.Row(result).find("not found; a history that was not judged may show it\n"),
            std::string::npos);
}

// What a killed worker's executions have shown nobody knows.
TEST(RunTableTest, WhatWasCoveredIsToldOfAllExecutionsOrNotAtAll) {
  CaseResult result = Found({}, 100);
  result.coverage = {.executions = 100, .classes = 2, .pairs = 3};
  const RunTable table({}, /*color=*/false);
  EXPECT_NE(table.Summary({result}, "", true).find("100 executions showed 2 different orders"),
            std::string::npos);
  result.executions = 120;
  EXPECT_EQ(table.Summary({result}, "", true), "\n1 of 1 case met the expectation, 0 findings\n");
  result = Found({}, 0);
  EXPECT_EQ(table.Summary({result}, "", true), "\n1 of 1 case met the expectation, 0 findings\n");
}

// What enumerates has made no sample from which the rest could be estimated.
TEST(RunTableTest, WhatIsUnseenIsEstimatedOfSamplesOnly) {
  CaseResult result = Found({}, 100);
  result.coverage = {.executions = 100, .classes = 30, .classes_once = 20, .pairs = 3};
  const RunTable table({}, /*color=*/false);
  const std::string told =
      "\n100 executions showed 30 different orders of events and 3 reads-from pairs";
  const std::string summary = "\n1 of 1 case met the expectation, 0 findings\n";
  EXPECT_EQ(table.Summary({result}, "", true),
            told + "; about 20% of further ones would show a new order" + summary);
  EXPECT_EQ(table.Summary({result}, "", false), told + summary);
  for (const char* strategy : {"dfs", "dpor", "source-dpor", "preemption-bounding:bound=2",
                               "delay-bounding"}) {
    EXPECT_FALSE(IsSample(strategy)) << strategy;
  }
  for (const char* strategy : {"default", "random", "pct:depth=2", "pos", "surw", "rff"}) {
    EXPECT_TRUE(IsSample(strategy)) << strategy;
  }
}

// A build that sees no access to plain memory does not know that there is none.
TEST(RunTableTest, ACompleteSearchSaysOnlyWhatThisBuildSees) {
  const RunTable table({}, /*color=*/false);
  const auto row = [&](FindingKind expected) {
    CaseResult result = Found({}, 10);
    result.expected = {expected};
    result.met = false;
    result.complete = true;
    return table.Row(result);
  };
  const auto says = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(says(row(FindingKind::kDeadlock), "not found: there is no such schedule\n"));
  for (const FindingKind kind : {FindingKind::kUseAfterFree, FindingKind::kDataRace}) {
    EXPECT_EQ(says(row(kind), "there is no such schedule\n"), kThreadSanitizer) << row(kind);
    EXPECT_EQ(says(row(kind), "no schedule shows it to this build"), !kThreadSanitizer);
  }
}

}  // namespace
}  // namespace heddle
