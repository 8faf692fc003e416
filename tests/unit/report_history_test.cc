// A finding about a history of calls: its text, its JSON, and one from a real program.
#include <deque>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/json_report.h"
#include "harness/report/text_report.h"
#include "primitives/atomic.h"
#include "primitives/linearizable.h"
#include "tests/unit/report_test_support.h"

namespace heddle::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Finding SampleHistory() {
  Finding finding;
  finding.kind = FindingKind::kNotLinearizable;
  finding.fingerprint = "0123456789abcdef";
  finding.summary = "not linearizable: no sequential order of 4 calls explains what they returned";
  finding.explanation =
      "One of the longest orders that explain the results begins with push(1), push(2), size() -> "
      "2; after that, pop() would return 1, not none.";
  finding.case_name = "linearizability/queue";
  finding.first_execution = 12;
  finding.size.preemptions = 1;
  finding.thread_names = {"main", "T1", "T2 (popper)"};
  finding.history = {{"T1", "push(1)", "", 0, 4},
                     {"T2 (popper)", "push(2)", "", 0, 1},
                     {"T2 (popper)", "size()", "2", 1, 2},
                     {"T2 (popper)", "pop()", "none", 2, 3}};
  finding.replay = "heddle replay out/findings/0123456789abcdef/schedule.txt";
  return finding;
}

TEST(ReportHistoryTest, Golden) {
  ExpectGolden("history.txt", RenderText(SampleHistory()));
  ExpectGolden("history.json", ToJson(SampleHistory()));
}

TEST(ReportHistoryTest, JsonKeepsTheCalls) {
  const auto read = FindingFromJson(ToJson(SampleHistory()));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_THAT(read->history, SizeIs(4));
  EXPECT_EQ(read->history[2].thread, "T2 (popper)");
  EXPECT_EQ(read->history[2].call, "size()");
  EXPECT_EQ(read->history[2].result, "2");
  EXPECT_EQ(read->history[2].invoked, 1u);
  EXPECT_EQ(read->history[2].returned, 2u);
}

struct Counter {
  int Next() {
    const int value = count.load();
    count.store(value + 1);
    return value;
  }
  Atomic<int> count{0, "count"};
};

struct CounterSpec {
  int Next() { return count++; }
  int count = 0;
};

void CountInTwoSteps() {
  Counter counter;
  Linearizable<CounterSpec>(counter)
      .Operation("next", [](auto& c) { return c.Next(); })
      .Run({.threads = 2, .calls = 1});
}

TEST(ReportHistoryTest, ARealOneSaysWhichCallsAndWhy) {
  Investigation investigation;
  const auto finding = investigation.Find(CountInTwoSteps, FindingKind::kNotLinearizable);
  ASSERT_TRUE(finding.has_value());
  EXPECT_EQ(finding->summary,
            "not linearizable: no sequential order of 2 calls explains what they returned");
  EXPECT_EQ(finding->explanation,
            "One of the longest orders that explain the results begins with next() -> 0; after "
            "that, next() would return 1, not 0.");
  ASSERT_THAT(finding->history, SizeIs(2));
  EXPECT_EQ(finding->history[0].call, "next()");
  EXPECT_EQ(finding->history[0].result, "0");
  const std::string text = RenderText(*finding);
  EXPECT_THAT(text, HasSubstr("load count"));
  EXPECT_THAT(text, Not(HasSubstr("clock of calls")));
  EXPECT_THAT(text,
              HasSubstr("SUMMARY: heddle: not-linearizable tests/unit/report_history_test.cc:"));
}

}  // namespace
}  // namespace heddle::testing
