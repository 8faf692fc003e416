// Findings of real executions: found by random walk, recorded, explained.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/json_report.h"
#include "harness/report/text_report.h"
#include "tests/unit/report_programs.h"
#include "tests/unit/report_test_support.h"

namespace heddle::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

const FindingThread* ThreadOf(const Finding& finding, const std::string& name) {
  for (const FindingThread& thread : finding.threads) {
    if (thread.name == name) return &thread;
  }
  return nullptr;
}

std::vector<std::string> MatteringTexts(const Finding& finding) {
  std::vector<std::string> texts;
  for (const FindingStep& step : finding.interleaving) {
    if (step.matters) texts.push_back(step.thread + ": " + step.text);
  }
  return texts;
}

TEST(ReportFindingTest, RaceWithoutLocksNamesBothSidesAndTheMissingOrder) {
  Investigation investigation;
  const auto finding = investigation.Find(RaceWithoutLocks, FindingKind::kDataRace);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->object, "x");
  EXPECT_THAT(finding->summary, HasSubstr("data race on x: "));
  EXPECT_THAT(finding->explanation, HasSubstr("Neither thread held a lock."));
  ASSERT_EQ(finding->sides.size(), 2u);
  const std::set<std::string> threads = {finding->sides[0].thread, finding->sides[1].thread};
  EXPECT_EQ(threads, (std::set<std::string>{"main", "T1"}));
  EXPECT_THAT(finding->sides[1].role, HasSubstr("earlier "));
  for (const FindingSide& side : finding->sides) {
    ASSERT_FALSE(side.stack.empty());
    EXPECT_EQ(side.stack.front().file, "tests/unit/report_programs.cc");
    EXPECT_GT(side.stack.front().line, 0);
    EXPECT_TRUE(side.held.empty());
    EXPECT_GT(side.step, 0u);
  }
  const FindingThread* const started = ThreadOf(*finding, "T1");
  ASSERT_NE(started, nullptr);
  ASSERT_FALSE(started->created_at.empty());
  EXPECT_THAT(started->created_at.front().function, EndsWith("RaceWithoutLocks"));
}

TEST(ReportFindingTest, RaceWithDifferentLocksSaysWhoHeldWhat) {
  Investigation investigation;
  const auto finding = investigation.Find(RaceWithDifferentLocks, FindingKind::kDataRace);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_THAT(finding->explanation,
              AllOf(HasSubstr("T1 held a"), HasSubstr("T2 held b"), HasSubstr("no lock in common"),
                    HasSubstr("did not lock")));
  for (const FindingSide& side : finding->sides) {
    ASSERT_EQ(side.held.size(), 1u);
    EXPECT_EQ(side.held[0].object, side.thread == "T1" ? "a" : "b");
    EXPECT_EQ(side.held[0].mode, "exclusive");
    ASSERT_FALSE(side.held[0].taken_at.empty());
    EXPECT_EQ(side.held[0].taken_at.front().file, "tests/unit/report_programs.cc");
  }
}

TEST(ReportFindingTest, ALockThatDoesNotCoverTheAccessIsExplained) {
  Investigation investigation;
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto finding =
        investigation.Find(RaceThatALockDoesNotPrevent, FindingKind::kDataRace, seed);
    ASSERT_TRUE(finding.has_value()) << "bug not found";
    if (finding->sides[0].thread != "T1") continue;  // T1 was first: ordered by m, no race
    EXPECT_THAT(finding->explanation, HasSubstr("T2 held no lock, T1 held m."));
    seen.insert(finding->explanation.find("came only after that") != std::string::npos ? "early"
                                                                                       : "other");
  }
  EXPECT_TRUE(seen.contains("early"));
}

TEST(ReportFindingTest, ARelaxedStoreThatCarriesTheValueIsBlamed) {
  Investigation investigation;
  const auto finding = investigation.Find(RaceBehindARelaxedFlag, FindingKind::kDataRace);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_THAT(finding->explanation,
              AllOf(HasSubstr("T2 did read from ready"), HasSubstr("but the store is relaxed")));
}

TEST(ReportFindingTest, DeadlockIsASentenceAndNamesEveryBlockedThread) {
  Investigation investigation;
  const auto finding = investigation.Find(AbBa, FindingKind::kDeadlock);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary, "deadlock: T1 (wants b) and T2 (wants a) wait for each other");
  EXPECT_THAT(finding->explanation, AllOf(HasSubstr("T1 waits for b held by T2 (taken at "),
                                          HasSubstr(", which waits for a held by T1 (taken at "),
                                          EndsWith(". main waits for T1 to end.")));
  ASSERT_EQ(finding->threads.size(), 3u);
  EXPECT_EQ(finding->threads[0].name, "T1");
  EXPECT_EQ(finding->threads[0].wants, "lock of mutex b (held by T2)");
  EXPECT_EQ(finding->threads[0].waits_for, "T2");
  ASSERT_EQ(finding->threads[0].held.size(), 1u);
  EXPECT_EQ(finding->threads[0].held[0].object, "a");
  EXPECT_EQ(finding->threads[2].name, "main");
  EXPECT_EQ(finding->threads[2].state, "blocked");
  EXPECT_EQ(finding->threads[2].wants, "end of T1");
  const std::vector<std::string> steps = MatteringTexts(*finding);
  ASSERT_GE(steps.size(), 3u);
  EXPECT_EQ(steps[steps.size() - 2], "T1: lock b: blocked");
  EXPECT_EQ(steps.back(), "T2: lock a: blocked");
  EXPECT_GE(finding->size.preemptions, 1u);
}

// What happened to it while it was blocked left it blocked.
TEST(ReportFindingTest, WhoLeftTheQueueOfAConditionVariableWantsItsMutex) {
  Investigation investigation({.spurious = 1});
  std::optional<Finding> finding;
  bool slept = false;
  for (uint64_t seed = 1; seed <= 20 && !slept; ++seed) {
    finding = investigation.Find(SleepHoldingALock, FindingKind::kDeadlock, seed);
    ASSERT_TRUE(finding.has_value()) << "bug not found";
    slept = investigation.recording().threads[1].pending.kind == OpKind::kWake;
  }
  ASSERT_TRUE(slept);
  EXPECT_EQ(finding->summary, "deadlock: T1 (wants b) and T2 (wants a) wait for each other");
  EXPECT_EQ(finding->threads[0].wants, "lock of mutex b (held by T2)");
  ASSERT_FALSE(finding->threads[0].stack.empty());
  EXPECT_THAT(finding->threads[0].stack.front().function, HasSubstr("SleepHoldingALock"));
  const auto leaves = [](const FindingStep& step) {
    return step.thread == "T1" && step.text == "leaves the queue of condition: spurious";
  };
  EXPECT_EQ(std::count_if(finding->interleaving.begin(), finding->interleaving.end(), leaves), 1);
}

TEST(ReportFindingTest, SelfDeadlockSaysWhereItWasTakenAndWantedAgain) {
  Investigation investigation;
  const auto finding = investigation.Find(LockTakenTwice, FindingKind::kDeadlock);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_THAT(finding->summary,
              AllOf(HasSubstr("static_mutex"), EndsWith("which it holds itself")));
  EXPECT_THAT(finding->explanation, AllOf(HasSubstr("taken at"), HasSubstr("wanted again at")));
  EXPECT_EQ(finding->size.preemptions, 0u);
}

TEST(ReportFindingTest, AbandonedLockIsStuckAndMisuse) {
  Investigation investigation;
  const auto stuck = investigation.Find(LockOfAnEndedThread, FindingKind::kStuck);
  const auto found =
      stuck ? stuck : investigation.Find(LockOfAnEndedThread, FindingKind::kDeadlock);
  ASSERT_TRUE(found.has_value()) << "bug not found";
  EXPECT_THAT(found->explanation, AllOf(HasSubstr("main waits for m held by T1 (taken at"),
                                        HasSubstr("which has ended without unlocking it")));
  const auto misuse = investigation.Find(LockOfAnEndedThread, FindingKind::kMisuse);
  ASSERT_TRUE(misuse.has_value()) << "bug not found";
  EXPECT_THAT(misuse->explanation, HasSubstr("T1 still held m (taken at"));
}

TEST(ReportFindingTest, AssertionShowsWhatWasReadAndWhoWroteIt) {
  Investigation investigation;
  const auto finding = investigation.Find(LostUpdate, FindingKind::kAssertion);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary, "assertion failed in main: n is 2");
  EXPECT_THAT(
      finding->explanation,
      AllOf(HasSubstr("load n -> 1"), HasSubstr("had written it last"), HasSubstr("store n = 1")));
  const std::vector<std::string> steps = MatteringTexts(*finding);
  EXPECT_EQ(steps.back(), "main: here: assertion");
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "T1: load n -> 0"), 1);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "T2: load n -> 0"), 1);
}

TEST(ReportFindingTest, UnlockByAnotherThreadNamesTheOwner) {
  Investigation investigation;
  const auto finding = investigation.Find(UnlockByAnotherThread, FindingKind::kMisuse);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary,
            "misuse of mutex m by T1: unlock of a mutex that another thread holds");
  EXPECT_THAT(finding->explanation, HasSubstr("m was held by main (taken at "));
}

TEST(ReportFindingTest, ThreadLeakPointsAtTheEndOfTheObjectAndTheStart) {
  Investigation investigation;
  const auto finding = investigation.Find(ForgottenThread, FindingKind::kThreadLeak);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary,
            "thread leak: main destroys the object of T1, which is neither joined nor detached");
  ASSERT_EQ(finding->sides.size(), 2u);
  for (const FindingSide& side : finding->sides) {
    EXPECT_EQ(side.thread, "main");
    ASSERT_FALSE(side.stack.empty());
    EXPECT_THAT(side.stack.front().function, EndsWith("ForgottenThread"));
  }
}

TEST(ReportFindingTest, JoinIsPartOfACycle) {
  Investigation investigation;
  const auto finding = investigation.Find(JoinOfABlockedThread, FindingKind::kDeadlock);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_EQ(finding->summary, "deadlock: main (joins T1) and T1 (wants m) wait for each other");
  EXPECT_THAT(finding->explanation,
              HasSubstr("main waits for T1 to end, which waits for m held by main"));
}

TEST(ReportFindingTest, ThreadsArePathsOfSpawns) {
  Investigation investigation;
  const auto finding = investigation.Find(ThreadsOfThreads, FindingKind::kDataRace);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_THAT(finding->thread_names, ElementsAre("main", "T1", "T1.1", "T1.2"));
}

TEST(ReportFindingTest, UnnamedObjectsAreNumberedByAddress) {
  Investigation investigation;
  const auto finding = investigation.Find(ManyThreadsDeadlock, FindingKind::kDeadlock);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  // Philosopher n holds its own fork and wants the next, whoever came first.
  for (int n = 1; n <= 5; ++n) {
    const FindingThread* const thread = ThreadOf(*finding, "T" + std::to_string(n));
    ASSERT_NE(thread, nullptr);
    ASSERT_EQ(thread->held.size(), 1u);
    EXPECT_EQ(thread->held[0].object, "mutex #" + std::to_string(n));
    EXPECT_THAT(thread->wants, HasSubstr("lock of mutex #" + std::to_string(n % 5 + 1)));
  }
}

TEST(ReportFindingTest, LostWakeupSaysThatTheNotificationCameFirst) {
  Investigation investigation;
  const auto finding = investigation.Find(LostWakeup, FindingKind::kStuck);
  ASSERT_TRUE(finding.has_value()) << "bug not found";
  EXPECT_THAT(finding->summary,
              HasSubstr("T2 waits for ever for a notification of condition variable ready"));
  EXPECT_THAT(finding->explanation,
              AllOf(HasSubstr("The last one, the notify_one of T1 (tests/unit/report_programs.cc:"),
                    HasSubstr("came before the wait began (tests/unit/report_programs.cc:"),
                    EndsWith("main waits for T2 to end.")));
  EXPECT_THAT(MatteringTexts(*finding), ::testing::Contains("T1: notify_one ready"));
}

TEST(ReportFindingTest, FingerprintIsThatOfTheBugNotOfTheSchedule) {
  Investigation investigation;
  std::set<std::string> deadlocks, schedules;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto finding = investigation.Find(AbBa, FindingKind::kDeadlock, seed);
    ASSERT_TRUE(finding.has_value()) << "bug not found";
    deadlocks.insert(finding->fingerprint);
    std::string order;
    for (const FindingStep& step : finding->interleaving) order += step.thread + " ";
    schedules.insert(order);
  }
  EXPECT_GT(schedules.size(), 1u) << "the test is about different schedules";
  EXPECT_EQ(deadlocks.size(), 1u);
  EXPECT_EQ(deadlocks.begin()->size(), 16u);
  EXPECT_EQ(deadlocks.begin()->find_first_not_of("0123456789abcdef"), std::string::npos);
  const auto other = investigation.Find(ManyThreadsDeadlock, FindingKind::kDeadlock);
  ASSERT_TRUE(other.has_value()) << "bug not found";
  EXPECT_FALSE(deadlocks.contains(other->fingerprint));
}

TEST(ReportFindingTest, ShortReportsForShortBugs) {
  const std::pair<void (*)(), FindingKind> programs[] = {
      {RaceWithoutLocks, FindingKind::kDataRace},
      {RaceWithDifferentLocks, FindingKind::kDataRace},
      {AbBa, FindingKind::kDeadlock},
      {LostUpdate, FindingKind::kAssertion},
      {UnlockByAnotherThread, FindingKind::kMisuse}};
  for (const auto& [body, kind] : programs) {
    Investigation investigation;
    const auto finding = investigation.Find(body, kind);
    ASSERT_TRUE(finding.has_value()) << "bug not found";
    EXPECT_LE(MatteringTexts(*finding).size(), 25u);
    const auto back = FindingFromJson(ToJson(*finding));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(ToJson(*back), ToJson(*finding));
    EXPECT_EQ(RenderText(*back), RenderText(*finding));
  }
}

// Columns are the compiler's choice.
void DropColumns(std::vector<Frame>* stack) {
  for (Frame& frame : *stack) frame.column = 0;
}

Finding WithoutColumns(Finding finding) {
  for (FindingSide& side : finding.sides) {
    DropColumns(&side.stack);
    for (HeldLock& lock : side.held) DropColumns(&lock.taken_at);
  }
  for (FindingThread& thread : finding.threads) {
    DropColumns(&thread.stack);
    DropColumns(&thread.created_at);
    for (HeldLock& lock : thread.held) DropColumns(&lock.taken_at);
  }
  for (FindingStep& step : finding.interleaving) step.at.column = 0;
  return finding;
}

// Other builds make other allocations, and so other random schedules.
class UnsanitizedReportGolden : public ::testing::Test {
 protected:
  void Check(const std::string& name, void (*body)(), FindingKind kind) {
    Investigation investigation;
    const auto finding = investigation.Find(body, kind);
    ASSERT_TRUE(finding.has_value()) << "bug not found";
    ExpectGolden(name + ".txt", RenderText(WithoutColumns(*finding)));
    ExpectGolden(name + ".json", ToJson(WithoutColumns(*finding)));
  }
};

TEST_F(UnsanitizedReportGolden, Race) {
  Check("race_with_different_locks", RaceWithDifferentLocks, FindingKind::kDataRace);
}
TEST_F(UnsanitizedReportGolden, Deadlock) { Check("ab_ba", AbBa, FindingKind::kDeadlock); }
TEST_F(UnsanitizedReportGolden, Stuck) { Check("lost_wakeup", LostWakeup, FindingKind::kStuck); }
TEST_F(UnsanitizedReportGolden, Assertion) {
  Check("lost_update", LostUpdate, FindingKind::kAssertion);
}

}  // namespace
}  // namespace heddle::testing
