// What the command reads: times, counts, names that are nearly right.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tools/case_choice.h"
#include "tools/option_values.h"
#include "tools/progress_line.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(OptionValues, Durations) {
  EXPECT_EQ(ParseDuration("500ms"), nanoseconds(milliseconds(500)));
  EXPECT_EQ(ParseDuration("10s"), nanoseconds(seconds(10)));
  EXPECT_EQ(ParseDuration("1.5s"), nanoseconds(milliseconds(1500)));
  EXPECT_EQ(ParseDuration("5m"), nanoseconds(seconds(300)));
  EXPECT_EQ(ParseDuration("2h"), nanoseconds(seconds(7200)));
  for (const char* wrong :
       {"", "10", "s", "-1s", "0s", "1 s", "1s ", "1d", "nan s", "1e3s", "99999999999h", "infs"}) {
    EXPECT_EQ(ParseDuration(wrong), std::nullopt) << wrong;
  }
}

TEST(OptionValues, Counts) {
  EXPECT_EQ(ParseCount("0"), 0u);
  EXPECT_EQ(ParseCount("18446744073709551615"), UINT64_MAX);
  for (const char* wrong : {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "18446744073709551616"}) {
    EXPECT_EQ(ParseCount(wrong), std::nullopt) << wrong;
  }
}

TEST(Nearest, FindsMisspelledNamesAndNothingElse) {
  const std::vector<std::string> names = {"deadlock/ab_ba", "deadlock/ab_ba_fixed",
                                          "race/lost_update"};
  EXPECT_EQ(Nearest("deadlock/ab_bb", names).front(), "deadlock/ab_ba");
  EXPECT_EQ(Nearest("ab_ba", names).front(), "deadlock/ab_ba");
  EXPECT_EQ(Nearest("data_race/lost_update", names).front(), "race/lost_update");
  EXPECT_TRUE(Nearest("entirely_different_thing", names).empty());
  EXPECT_TRUE(Nearest("", {}).empty());
}

TEST(Nearest, AWordIsBegunOrAtMostTwoLettersAway) {
  const std::vector<std::string> words = {"--out", "--strategy", "--seed"};
  EXPECT_EQ(NearestWord("--strateg", words), "--strategy");
  EXPECT_EQ(NearestWord("--sede", words), "--seed");
  EXPECT_EQ(NearestWord("--bogus", words), "");
}

TEST(ProgressText, KeepsWholePartsThatFit) {
  CampaignProgress progress;
  progress.executions = 1;
  progress.seconds = 1;
  progress.share_done = 0.5;
  EXPECT_EQ(ProgressText("[1/2] a/b", progress, 100),
            "[1/2] a/b: 1 execution, 0 findings, 1/s, about 50.0% of all schedules");
  EXPECT_EQ(ProgressText("[1/2] a/b", progress, 40), "[1/2] a/b: 1 execution, 0 findings, 1/s");
  EXPECT_EQ(ProgressText("[1/2] a/b", progress, 35), "[1/2] a/b: 1 execution, 0 findings");
  EXPECT_EQ(ProgressText("[1/2] a/b", progress, 12), "1 execution");
  progress.not_judged = 2;
  EXPECT_EQ(ProgressText("[1/2] a/b", progress, 60),
            "[1/2] a/b: 1 execution, 0 findings, 1/s, 2 not judged");
  progress.silent_seconds = 3.7;
  EXPECT_EQ(ProgressText("[1/2] a/b", progress, 60),
            "[1/2] a/b: no scheduling point for 3 s, 1 execution");
  EXPECT_EQ(ProgressText("[1/1] hostile/hangs", progress, 40),
            "no scheduling point for 3 s");
}

TEST(ProgressText, SaysWhatIsLeftOfACompleteSearch) {
  CampaignProgress progress;
  progress.executions = 5'000;
  progress.seconds = 2;
  progress.share_done = 0.5;
  progress.estimated_executions = 41'000;
  EXPECT_EQ(ProgressText("a/b", progress, 100),
            "a/b: 5000 executions, 0 findings, 2500/s, about 12% of 41.0k, 15 s left");
  progress.executions = 5;
  EXPECT_EQ(ProgressText("a/b", progress, 100),
            "a/b: 5 executions, 0 findings, 2/s, about 0.0% of 41.0k, 5 h left");
  // It has turned out to be too small.
  progress.executions = 50'000;
  EXPECT_EQ(ProgressText("a/b", progress, 100),
            "a/b: 50.0k executions, 0 findings, 25.0k/s, about 99% of 50.0k, 1 s left");
}

TEST(ShortTime, IsShort) {
  EXPECT_EQ(ShortTime(0), "1 s");
  EXPECT_EQ(ShortTime(119), "119 s");
  EXPECT_EQ(ShortTime(120), "2 min");
  EXPECT_EQ(ShortTime(7'199), "120 min");
  EXPECT_EQ(ShortTime(7'200), "2 h");
  EXPECT_EQ(ShortTime(10 * 86'400), "10 days");
  EXPECT_EQ(ShortTime(1e10), "317 years");
  EXPECT_EQ(ShortTime(1e20), "millions of years");
}

TEST(ShortNumber, IsShort) {
  EXPECT_EQ(ShortNumber(0), "0");
  EXPECT_EQ(ShortNumber(9999), "9999");
  EXPECT_EQ(ShortNumber(12345), "12.3k");
  EXPECT_EQ(ShortNumber(1234567), "1.23M");
  EXPECT_EQ(ShortNumber(4.2e12), "4.2e+12");
}

}  // namespace
}  // namespace heddle
