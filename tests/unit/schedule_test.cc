// The text of schedules: what it looks like, that it comes back unchanged, and that damage of any
// kind is told.
#include "harness/schedule/schedule.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/schedule/divergence.h"

namespace heddle {
namespace {

using ::testing::HasSubstr;

Decision Pick(uint32_t thread, OpKind op) { return Decision::Pick(ThreadId{thread}, op); }

Schedule Short() {
  Schedule schedule;
  schedule.case_name = "deadlock/ab_ba";
  schedule.build_id = "1f2e3d4c5b6a7988";
  schedule.options = {{"timeouts", "late"}, {"unlock-is-point", "1"}};
  schedule.decisions = {Pick(0, OpKind::kStart),
                        Pick(1, OpKind::kStart),
                        Pick(1, OpKind::kLock),
                        Pick(2, OpKind::kStart),
                        Pick(2, OpKind::kLoad),
                        Pick(2, OpKind::kLoad),
                        Pick(2, OpKind::kLoad),
                        Pick(1, OpKind::kNotifyOne),
                        Decision::Value(ChoiceKind::kWaiter, 1, 3),
                        Decision::Value(ChoiceKind::kUser, 70'000, 100'000),
                        Pick(0, OpKind::kJoin)};
  return schedule;
}

TEST(ScheduleTest, TheTextOfAShortScheduleIsOneLine) {
  EXPECT_EQ(ToText(Short()),
            "heddle1 case=deadlock/ab_ba build=1f2e3d4c5b6a7988 timeouts=late unlock-is-point=1 "
            "steps=9 0g 1gl 2gL*3 1n ?w1/3 ?u70000/65535 0j =f145e809");
}

TEST(ScheduleTest, TextComesBack) {
  const auto parsed = ParseSchedule(ToText(Short()));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, Short());
  EXPECT_EQ(parsed->steps(), 9u);
}

TEST(ScheduleTest, AnEmptyScheduleComesBack) {
  Schedule schedule;
  schedule.case_name = "x";
  const auto parsed = ParseSchedule(ToText(schedule));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, schedule);
}

TEST(ScheduleTest, AnyNameComesBack) {
  Schedule schedule = Short();
  schedule.case_name.clear();
  for (int c = 0; c < 256; ++c) schedule.case_name += static_cast<char>(c);
  schedule.options.emplace_back("arguments", "--flag 'a b' =%41 \n");
  const std::string text = ToText(schedule);
  for (const char c : text) EXPECT_TRUE(c > ' ' || c == ' ' || c == '\n');
  EXPECT_EQ(text.find('\''), std::string::npos);
  const auto parsed = ParseSchedule(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, schedule);
}

Schedule RandomSchedule(Random& random, uint32_t length) {
  constexpr OpKind kKinds[] = {OpKind::kLoad,   OpKind::kStore,        OpKind::kLock,
                               OpKind::kUnlock, OpKind::kUnlockShared, OpKind::kYield};
  Schedule schedule;
  schedule.case_name = "race/random";
  schedule.build_id = "00ff";
  while (schedule.decisions.size() < length) {
    if (random.Below(8) == 0) {
      const uint32_t bound = 2 + random.Below(5);
      schedule.decisions.push_back(
          Decision::Value(static_cast<ChoiceKind>(random.Below(5)), random.Below(bound), bound));
      continue;
    }
    const Decision pick = Pick(random.Below(3), kKinds[random.Below(6)]);
    const uint32_t times = random.Below(4) == 0 ? 1 + random.Below(9) : 1;
    schedule.decisions.insert(schedule.decisions.end(), times, pick);
  }
  return schedule;
}

TEST(ScheduleTest, RandomSchedulesComeBackAndLongOnesHaveLines) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const Schedule schedule = RandomSchedule(random, 1 + random.Below(2'000));
    const std::string text = ToText(schedule, 80);
    const auto parsed = ParseSchedule(text + "\n");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_EQ(*parsed, schedule);
    if (text.find('\n') == std::string::npos) {
      EXPECT_LE(text.size(), 1'100u);
      continue;
    }
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      EXPECT_LE(end - begin, 80u);
      begin = end + 1;
    }
  }
}

TEST(ScheduleTest, LineEndsDoNotMatter) {
  std::string text = ToText(Short());
  for (char& c : text) {
    if (c == ' ') c = '\n';
  }
  const auto parsed = ParseSchedule("\r\n" + text + "\r\n");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, Short());
}

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

TEST(ScheduleDamageTest, EveryTruncationIsRejected) {
  const std::string text = ToText(Short());
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(ParseSchedule(text.substr(0, length)).ok()) << text.substr(0, length);
  }
  for (size_t begin = 1; begin < text.size(); ++begin) {
    EXPECT_FALSE(ParseSchedule(text.substr(begin)).ok()) << text.substr(begin);
  }
}

TEST(ScheduleDamageTest, EveryDamageOfOneCharacterIsRejected) {
  const std::string text = ToText(Short());
  for (size_t at = 0; at < text.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(c);
      if (damaged == text || (IsSpace(text[at]) && IsSpace(damaged[at]))) continue;
      EXPECT_FALSE(ParseSchedule(damaged).ok()) << damaged;
    }
    std::string shorter = text;
    shorter.erase(at, 1);
    EXPECT_FALSE(ParseSchedule(shorter).ok()) << shorter;
    std::string swapped = text;
    if (at + 1 < text.size() && text[at] != text[at + 1]) {
      std::swap(swapped[at], swapped[at + 1]);
      EXPECT_FALSE(ParseSchedule(swapped).ok()) << swapped;
    }
  }
}

TEST(ScheduleDamageTest, RandomTextIsRejectedWithoutHarm) {
  Random random(2);
  const std::string text = ToText(Short());
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = text;
    for (uint32_t n = 2 + random.Below(5); n > 0; --n) {
      const size_t at = random.Below(static_cast<uint32_t>(damaged.size()));
      switch (random.Below(3)) {
        case 0:
          damaged[at] = static_cast<char>(random.Below(256));
          break;
        case 1:
          damaged.erase(at, 1 + random.Below(4));
          break;
        case 2:
          damaged.insert(at, damaged.substr(random.Below(20), random.Below(12)));
          break;
      }
    }
    const auto parsed = ParseSchedule(damaged);
    if (parsed.ok()) {
      EXPECT_EQ(*parsed, Short()) << damaged;
    }
  }
}

// ---- What errors say. The checksum of each text is right: these are not damage. ----

std::string Sealed(const std::string& words) {
  // The parser itself says which checksum it expects.
  const std::string message(ParseSchedule(words + " =00000000").status().message());
  const size_t at = message.find("the checksum =");
  if (at == std::string::npos) return words + " =00000000";
  return words + " " + message.substr(at + 13, 9);
}

std::string ErrorOf(const std::string& words) {
  return std::string(ParseSchedule(Sealed(words)).status().message());
}

TEST(ScheduleErrorTest, ErrorsSayWhereWhatWasExpectedAndWhatWasFound) {
  const std::string head = "heddle1 case=a build=b ";
  EXPECT_EQ(ErrorOf(head + "steps=1 0g"), "");
  EXPECT_EQ(ErrorOf("heddle2 case=a"), "schedule, offset 0: expected 'heddle1', found 'heddle2'");
  EXPECT_EQ(ErrorOf(""), "schedule, offset 1: expected 'heddle1', found '=00000000'");
  EXPECT_EQ(ErrorOf("heddle1 build=b"), "schedule, offset 8: expected 'case=', found 'build=b'");
  EXPECT_EQ(ErrorOf(head + "steps=2 0g"),
            "schedule, offset 29: expected the number of steps in it, 1, found '2'");
  EXPECT_EQ(ErrorOf(head + "steps=1 0q"),
            "schedule, offset 32: expected the code of an operation, found 'q'");
  EXPECT_EQ(ErrorOf(head + "steps=1 0?"),
            "schedule, offset 32: expected the code of an operation, found '?'");
  EXPECT_EQ(ErrorOf(head + "steps=1 g"),
            "schedule, offset 31: expected the number of a thread, at most 65535, found 'g'");
  EXPECT_EQ(ErrorOf(head + "steps=1 0g*1"),
            "schedule, offset 34: expected how many times, 2 to 1048576, found '1'");
  EXPECT_EQ(ErrorOf(head + "steps=1 0g*1048576 0g"),
            "schedule, offset 42: expected at most 1048576 decisions in all, found '0g'");
  EXPECT_EQ(ErrorOf(head + "steps=0 ?x1/2"),
            "schedule, offset 32: expected what the value is for, one of 'owsru', found 'x1/2'");
  EXPECT_EQ(ErrorOf(head + "steps=0 ?w2/2"),
            "schedule, offset 33: expected a value below 2, found '2/2'");
  EXPECT_EQ(ErrorOf(head + "steps=0 ?w0/1"),
            "schedule, offset 35: expected the number of possibilities, 2 to 65535, found '1'");
  EXPECT_EQ(ErrorOf(head + "Key=1 steps=0"),
            "schedule, offset 23: expected key=value, found 'Key=1'");
  EXPECT_EQ(ErrorOf(head + "key=a%4 steps=0"),
            "schedule, offset 28: expected % and two hexadecimal digits, found '%4'");
}

TEST(ScheduleErrorTest, CutShortAndDamagedAreToldApart) {
  const std::string text = ToText(Short());
  EXPECT_THAT(ParseSchedule(text.substr(0, 60)).status().message(), HasSubstr("cut short"));
  std::string damaged = text;
  damaged[20] = 'X';
  EXPECT_THAT(ParseSchedule(damaged).status().message(), HasSubstr("damaged"));
  EXPECT_THAT(ParseSchedule(text + " 0g").status().message(),
              HasSubstr("the end after the checksum"));
}

// ---- Comparing ----

TEST(ScheduleCompareTest, TheFirstDifferenceIsNamed) {
  const std::vector<Decision> expected = Short().decisions;
  EXPECT_FALSE(CompareDecisions(expected, expected).has_value());
  EXPECT_FALSE(CompareDecisions({}, {}).has_value());

  std::vector<Decision> other = expected;
  other[2] = Pick(2, OpKind::kStore);
  EXPECT_EQ(CompareDecisions(expected, other)->Text(),
            "step 3: expected thread 1: lock, found thread 2: store");

  other = expected;
  other[8] = Decision::Value(ChoiceKind::kWaiter, 2, 3);
  EXPECT_EQ(CompareDecisions(expected, other)->Text(),
            "step 8: expected value 1 of 3 (which waiter wakes), "
            "found value 2 of 3 (which waiter wakes)");

  other = expected;
  other.pop_back();
  EXPECT_EQ(CompareDecisions(expected, other)->Text(),
            "step 9: expected thread 0: join, found the end of the execution");
  EXPECT_EQ(CompareDecisions(other, expected)->Text(),
            "step 9: expected the end of the execution, found thread 0: join");
}

}  // namespace
}  // namespace heddle
