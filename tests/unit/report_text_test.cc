// Findings as text: shape, columns, colours.
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/text_layout.h"
#include "harness/report/text_report.h"
#include "tests/unit/report_sample.h"
#include "tests/unit/report_test_support.h"

namespace heddle::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string WithoutColor(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else {
      plain += text[i];
    }
  }
  return plain;
}

TEST(ReportTextTest, Golden) { ExpectGolden("sample.txt", RenderText(SampleFinding())); }

TEST(ReportTextTest, FirstLineIsTheVerdictAndLastTheSummary) {
  const std::vector<std::string> lines = Lines(RenderText(SampleFinding()));
  EXPECT_THAT(lines.front(), StartsWith("WARNING: heddle: data race on total: "));
  EXPECT_EQ(lines.back(), "SUMMARY: heddle: data-race cases/race/lost_update.cc:21 in Increment");
  Finding bare;
  bare.kind = FindingKind::kTimeout;
  bare.case_name = "liveness/hang";
  EXPECT_EQ(RenderSummaryLine(bare), "SUMMARY: heddle: timeout in case liveness/hang");
}

TEST(ReportTextTest, ColorsOnlyWhenAskedForAndThenTheSameText) {
  const std::string plain = RenderText(SampleFinding());
  const std::string colored = RenderText(SampleFinding(), {.color = true});
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  EXPECT_THAT(colored, HasSubstr("\x1b[1;31mWARNING: heddle: "));
  std::string trimmed;  // colour codes keep spaces at the ends of lines
  for (std::string line : Lines(WithoutColor(colored))) {
    line.erase(line.find_last_not_of(' ') + 1);
    trimmed += line + "\n";
  }
  EXPECT_EQ(trimmed, plain);
}

Finding WithThreads(int count) {
  Finding finding = SampleFinding();
  finding.interleaving.clear();
  finding.thread_names.clear();
  for (int i = 1; i <= count; ++i) {
    const std::string name = "T" + std::to_string(i);
    finding.thread_names.push_back(name);
    finding.interleaving.push_back({static_cast<uint64_t>(i),
                                    name,
                                    "lock mutex #" + std::to_string(i) + ": blocked",
                                    {"F", "cases/a.cc", i, 1},
                                    true});
  }
  return finding;
}

size_t Widest(const std::string& text) {
  size_t width = 0;
  bool in_section = false;
  for (const std::string& line : Lines(text)) {
    if (line == "How it happened") in_section = true;
    if (line == "Replay") in_section = false;
    if (in_section) width = std::max(width, internal::WidthOf(line));
  }
  return width;
}

TEST(ReportTextTest, ColumnsKeepToTheWidth) {
  for (const int threads : {1, 2, 3, 4, 5, 6}) {
    const std::string text = RenderText(WithThreads(threads), {.width = 100});
    EXPECT_THAT(text, HasSubstr("step  T1")) << threads;
    EXPECT_LE(Widest(text), 100u) << threads;
  }
}

TEST(ReportTextTest, ManyThreadsBecomeAList) {
  const std::string text = RenderText(WithThreads(40), {.width = 100});
  EXPECT_THAT(text, Not(HasSubstr("step  T1")));
  EXPECT_THAT(text, HasSubstr("40  T40  lock mutex #40: blocked  a.cc:40"));
  EXPECT_LE(Widest(text), 100u);
}

TEST(ReportTextTest, PositionsAreLeftOutBeforeColumnsAreNarrowed) {
  const Finding finding = WithThreads(3);
  EXPECT_THAT(RenderText(finding, {.width = 100}), HasSubstr("a.cc:1\n"));
  const std::string narrow = RenderText(finding, {.width = 80});
  EXPECT_THAT(narrow, Not(HasSubstr("a.cc:1\n")));
  EXPECT_THAT(narrow, HasSubstr("lock mutex #1: blocked\n"));
}

TEST(ReportTextTest, OnlyStepsThatMatterAreShown) {
  const std::string text = RenderText(SampleFinding());
  EXPECT_THAT(text, Not(HasSubstr("begins")));
  EXPECT_THAT(text, HasSubstr("> 9"));
}

TEST(ReportTextTest, ControlCharactersOfTheProgramAreHarmless) {
  Finding finding = SampleFinding();
  finding.summary = "exception in main: first\nsecond \x1b[2J";
  finding.thread_names[1] = finding.interleaving[5].thread = "T1 (\x07)";
  const std::string text = RenderText(finding);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
  EXPECT_THAT(text, HasSubstr("first second \\x1b[2J\n"));
}

TEST(ReportTextTest, AnEmptyFindingStillHasAVerdict) {
  const std::vector<std::string> lines = Lines(RenderText(Finding{}));
  EXPECT_THAT(lines.front(), StartsWith("WARNING: heddle: "));
  EXPECT_EQ(lines.back(), "SUMMARY: heddle: crash");
}

TEST(ReportTextTest, Wrap) {
  EXPECT_EQ(internal::Wrap("one two three", 2, 9), "  one two\n  three\n");
  EXPECT_EQ(internal::Wrap("incomprehensibilities are long", 0, 5),
            "incomprehensibilities\nare\nlong\n");
  EXPECT_EQ(internal::Wrap("", 2, 9), "");
  EXPECT_EQ(internal::WidthOf("Grüße"), 5u);
}

}  // namespace
}  // namespace heddle::testing
