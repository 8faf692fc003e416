#include "tools/run_table.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

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

}  // namespace
}  // namespace heddle
