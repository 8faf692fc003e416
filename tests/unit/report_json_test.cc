// Findings as JSON: round trip, golden file, damaged input.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/json_report.h"
#include "tests/unit/report_sample.h"
#include "tests/unit/report_test_support.h"

namespace heddle::testing {
namespace {

using ::testing::HasSubstr;

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string ErrorOf(const std::string& json) {
  const auto finding = FindingFromJson(json);
  return finding.ok() ? "no error" : std::string(finding.status().message());
}

TEST(ReportJsonTest, Golden) { ExpectGolden("sample.json", ToJson(SampleFinding())); }

TEST(ReportJsonTest, RoundTripKeepsEveryField) {
  const Finding before = SampleFinding();
  const auto after = FindingFromJson(ToJson(before));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->kind, before.kind);
  EXPECT_EQ(after->fingerprint, before.fingerprint);
  EXPECT_EQ(after->summary, before.summary);
  EXPECT_EQ(after->explanation, before.explanation);
  EXPECT_EQ(after->object, before.object);
  EXPECT_EQ(after->case_name, before.case_name);
  EXPECT_EQ(after->confirmed, before.confirmed);
  EXPECT_EQ(after->first_execution, before.first_execution);
  EXPECT_EQ(after->size, before.size);
  ASSERT_TRUE(after->reduction);
  EXPECT_EQ(after->reduction->before, before.reduction->before);
  EXPECT_EQ(after->reduction->proved, before.reduction->proved);
  EXPECT_EQ(after->reduction->executions, before.reduction->executions);
  EXPECT_EQ(after->cause, before.cause);
  ASSERT_EQ(after->orders.size(), before.orders.size());
  EXPECT_EQ(after->orders[0].first.text, before.orders[0].first.text);
  EXPECT_EQ(after->orders[0].then.at, before.orders[0].then.at);
  EXPECT_TRUE(after->choices.empty());
  EXPECT_EQ(after->schedule, before.schedule);
  EXPECT_EQ(after->replay, before.replay);
  EXPECT_EQ(after->thread_names, before.thread_names);
  ASSERT_EQ(after->sides.size(), before.sides.size());
  EXPECT_EQ(after->sides[0].role, before.sides[0].role);
  EXPECT_EQ(after->sides[0].thread, before.sides[0].thread);
  EXPECT_EQ(after->sides[0].object, before.sides[0].object);
  EXPECT_EQ(after->sides[0].step, before.sides[0].step);
  EXPECT_EQ(after->sides[0].stack, before.sides[0].stack);
  ASSERT_EQ(after->sides[1].held.size(), 1u);
  EXPECT_EQ(after->sides[1].held[0].object, before.sides[1].held[0].object);
  EXPECT_EQ(after->sides[1].held[0].mode, before.sides[1].held[0].mode);
  EXPECT_EQ(after->sides[1].held[0].taken_at, before.sides[1].held[0].taken_at);
  ASSERT_EQ(after->threads.size(), before.threads.size());
  EXPECT_EQ(after->threads[0].name, before.threads[0].name);
  EXPECT_EQ(after->threads[0].state, before.threads[0].state);
  EXPECT_EQ(after->threads[0].wants, before.threads[0].wants);
  EXPECT_EQ(after->threads[0].waits_for, before.threads[0].waits_for);
  EXPECT_EQ(after->threads[0].stack, before.threads[0].stack);
  EXPECT_EQ(after->threads[0].created_at, before.threads[0].created_at);
  ASSERT_EQ(after->interleaving.size(), before.interleaving.size());
  for (size_t i = 0; i < before.interleaving.size(); ++i) {
    EXPECT_EQ(after->interleaving[i].step, before.interleaving[i].step);
    EXPECT_EQ(after->interleaving[i].thread, before.interleaving[i].thread);
    EXPECT_EQ(after->interleaving[i].text, before.interleaving[i].text);
    EXPECT_EQ(after->interleaving[i].at, before.interleaving[i].at);
    EXPECT_EQ(after->interleaving[i].matters, before.interleaving[i].matters);
  }
}

TEST(ReportJsonTest, RoundTripKeepsChoices) {
  Finding before = SampleFinding();
  before.choices = {before.interleaving[0]};
  const auto after = FindingFromJson(ToJson(before));
  ASSERT_TRUE(after.ok()) << after.status();
  ASSERT_EQ(after->choices.size(), 1u);
  EXPECT_EQ(after->choices[0].text, before.choices[0].text);
  EXPECT_EQ(after->choices[0].at, before.choices[0].at);
}

TEST(ReportJsonTest, EveryKindHasAName) {
  for (int kind = 0; kind < kFindingKinds; ++kind) {
    Finding finding = SampleFinding();
    finding.kind = static_cast<FindingKind>(kind);
    const auto after = FindingFromJson(ToJson(finding));
    ASSERT_TRUE(after.ok()) << after.status();
    EXPECT_EQ(after->kind, finding.kind);
  }
}

TEST(ReportJsonTest, UnknownFieldsAreIgnored) {
  const std::string json =
      Replaced(ToJson(SampleFinding()), "\"version\": 1", "\"version\": 1, \"later\": [1, {}]");
  EXPECT_EQ(ErrorOf(json), "no error");
}

// Version 1 had neither the size nor the cause at first.
TEST(ReportJsonTest, FilesWithoutTheFieldsAddedLaterAreRead) {
  std::string json = ToJson(SampleFinding());
  for (const char* field : {"size", "reduction", "cause", "orders"}) {
    json = Replaced(json, "\"" + std::string(field) + "\":", "\"was_" + std::string(field) + "\":");
  }
  const auto after = FindingFromJson(json);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->size, (ScheduleSize{1, 0, 0, 0}));
  EXPECT_FALSE(after->reduction);
  EXPECT_EQ(after->cause, "");
}

TEST(ReportJsonTest, BytesThatAreNotTextAreReplaced) {
  Finding finding = SampleFinding();
  finding.summary = "bad \xff byte";
  const auto after = FindingFromJson(ToJson(finding));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->summary, "bad \xef\xbf\xbd byte");
}

TEST(ReportJsonTest, ErrorsNameTheField) {
  const std::string good = ToJson(SampleFinding());
  EXPECT_THAT(ErrorOf(Replaced(good, "\"version\": 1", "\"version\": 2")),
              HasSubstr("version: expected 1, found 2"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"version\": 1", "\"version\": \"1\"")),
              HasSubstr("version: expected a whole number, not negative, found string"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"data-race\"", "\"data-rice\"")),
              HasSubstr("kind: 'data-rice' is not a kind of finding"));
  EXPECT_THAT(ErrorOf(Replaced(good, "0123456789abcdef", "0123456789ABCDEF")),
              HasSubstr("fingerprint: expected 16 hexadecimal digits"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"summary\"", "\"sommary\"")), HasSubstr("summary: missing"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"line\": 21", "\"line\": -21")),
              HasSubstr("sides[0].stack[0].line: expected a whole number"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"line\": 21", "\"line\": 99999999999")),
              HasSubstr("sides[0].stack[0].line: the number is too large"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"mode\": \"exclusive\"", "\"mode\": null")),
              HasSubstr("sides[1].held[0].mode: expected a string, found null"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"matters\": true", "\"matters\": 1")),
              HasSubstr("interleaving[0].matters: expected true or false, found number"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"main\",", "7,")), HasSubstr(": expected a string"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"context_switches\": 4", "\"context_switches\": -4")),
              HasSubstr("size.context_switches: expected a whole number"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"proved\": true", "\"proved\": 1")),
              HasSubstr("reduction.proved: expected true or false, found number"));
  EXPECT_THAT(ErrorOf(Replaced(good, "\"then\": {", "\"then\": [{")), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("the document: expected an object, found array"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("not JSON"));
}

TEST(ReportJsonTest, EveryTruncationIsAnError) {
  const std::string good = ToJson(SampleFinding());
  for (size_t length = 0; length + 2 < good.size(); ++length) {
    ASSERT_FALSE(FindingFromJson(good.substr(0, length)).ok()) << length;
  }
}

}  // namespace
}  // namespace heddle::testing
