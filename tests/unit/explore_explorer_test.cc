// Whole campaigns: when they end, what they count, and what comes of a case that deceives.
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/explore/explorer.h"
#include "harness/explore/schedule_of.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/scratch_folder.h"

namespace heddle {
namespace {

void Deadlock() {
  Mutex a("a"), b("b");
  Thread thread([&] {
    const std::lock_guard first(b);
    const std::lock_guard second(a);
  });
  {
    const std::lock_guard first(a);
    const std::lock_guard second(b);
  }
  thread.join();
}

// Clean, with far more schedules than any test explores.
void Counting() {
  Atomic<int> value(0);
  const auto count = [&] {
    for (int i = 0; i < 8; ++i) value.fetch_add(1);
  };
  Thread first(count), second(count);
  first.join();
  second.join();
}

// Goes wrong only when the lock is seen to be held: between a lock and its unlock.
void SeesLockHeld() {
  Mutex mutex("mutex");
  Thread thread([&] {
    mutex.lock();
    mutex.unlock();
  });
  if (mutex.try_lock()) {
    mutex.unlock();
  } else {
    std::abort();
  }
  thread.join();
}

void TriesLock() {
  Mutex mutex("mutex");
  const auto look = [&] {
    if (mutex.try_lock()) mutex.unlock();
  };
  Thread first(look), second(look);
  first.join();
  second.join();
}

int executions_so_far = 0;
void KeepsState() {
  Atomic<int> value(0);
  if (++executions_so_far % 2 == 0) value.store(1);
  value.load();
}

Case Made(void (*body)(), std::vector<FindingKind> expect = {}) {
  Case made;
  made.name = "unit/test";
  made.body = body;
  made.expect = std::move(expect);
  made.tolerate = {FindingKind::kLockOrder};
  return made;
}

CaseResult Explore(const Case& explored, CampaignOptions campaign, OutputFolder* folder = nullptr) {
  std::string error;
  const auto explorer = Explorer::Make({campaign, "heddle"}, folder, nullptr, &error);
  EXPECT_NE(explorer, nullptr) << error;
  CaseResult result = explorer->Explore(explored);
  EXPECT_EQ(result.internal_error, "");
  return result;
}

bool Has(const CaseResult& result, FindingKind kind) {
  return std::any_of(result.findings.begin(), result.findings.end(),
                     [&](const FoundBug& bug) { return bug.finding.kind == kind; });
}

TEST(Explorer, StopsWhenWhatIsExpectedWasFound) {
  const CaseResult result = Explore(Made(Deadlock, {FindingKind::kDeadlock}), {});
  EXPECT_TRUE(result.met);
  EXPECT_TRUE(Has(result, FindingKind::kDeadlock));
  EXPECT_FALSE(result.complete);
  EXPECT_LT(result.executions, 100u);
}

TEST(Explorer, StopsAtTheFirstUnexpectedFinding) {
  const CaseResult result = Explore(Made(Deadlock), {});
  EXPECT_FALSE(result.met);
  EXPECT_TRUE(Has(result, FindingKind::kDeadlock));
  EXPECT_LT(result.executions, 100u);
}

TEST(Explorer, KeepsGoingWhenAsked) {
  CampaignOptions options;
  options.strategy = "random";
  options.keep_going = true;
  options.executions = 500;
  const CaseResult result = Explore(Made(Deadlock), options);
  EXPECT_EQ(result.executions, 500u);
  EXPECT_EQ(
      std::count_if(result.findings.begin(), result.findings.end(),
                    [](const FoundBug& bug) { return bug.finding.kind == FindingKind::kDeadlock; }),
      1);
}

TEST(Explorer, IsAFunctionOfItsSeed) {
  CampaignOptions options;
  options.strategy = "random";
  options.seed = 5;
  const Case explored = Made(Deadlock, {FindingKind::kDeadlock});
  const CaseResult first = Explore(explored, options);
  const CaseResult second = Explore(explored, options);
  EXPECT_EQ(first.executions, second.executions);
  EXPECT_EQ(first.steps, second.steps);
  ASSERT_EQ(first.findings.size(), second.findings.size());
  for (size_t i = 0; i < first.findings.size(); ++i) {
    EXPECT_EQ(first.findings[i].finding.fingerprint, second.findings[i].finding.fingerprint);
    EXPECT_EQ(first.findings[i].finding.schedule, second.findings[i].finding.schedule);
  }
}

TEST(Explorer, EndsWithItsBudget) {
  CampaignOptions options;
  options.executions = 300;
  CaseResult result = Explore(Made(Counting), options);
  EXPECT_TRUE(result.met);
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.executions, 300u);

  options.executions.reset();
  options.time = std::chrono::milliseconds(200);
  result = Explore(Made(Counting), options);
  EXPECT_TRUE(result.met);
  EXPECT_GT(result.executions, 300u);
  EXPECT_LT(result.seconds, 5);
}

void Slow() {
  Counting();
  const timespec pause{0, 80'000'000};
  ::syscall(SYS_nanosleep, &pause, nullptr);  // in real time
}

// Workers do not look at the clock after each execution.
TEST(Explorer, EndsWithItsTimeWhereExecutionsAreSlow) {
  CampaignOptions options;
  options.time = std::chrono::milliseconds(200);
  for (const char* const strategy : {"dfs", "random", "rff"}) {
    options.strategy = strategy;
    const CaseResult result = Explore(Made(Slow), options);
    EXPECT_LT(result.seconds, 3) << strategy;
    EXPECT_EQ(result.note, "") << strategy;
    EXPECT_GT(result.executions, 0u) << strategy;
    EXPECT_FALSE(result.complete) << strategy;
  }
}

// Where T1 reads what T2 writes, and is first at the atomic: accesses that race commute, so that of
// their two orders one is explored.
void DependsOnARace() {
  Atomic<int> turns(0, "turns");
  Var<int> value(0, "value");
  int seen = 0, turn = 0;
  Thread reader([&] {
    seen = value;
    turns.store(2);
  });
  Thread writer([&] {
    value = 1;
    turn = turns.exchange(3);
  });
  reader.join();
  writer.join();
  Assert(seen != 1 || turn != 2, "not both");
}

TEST(Explorer, ASearchThatHasMetADataRaceIsNotComplete) {
  CampaignOptions options;
  options.keep_going = true;
  for (const char* const strategy : {"default", "dfs", "dpor", "source-dpor"}) {
    options.strategy = strategy;
    const CaseResult result = Explore(Made(DependsOnARace, {FindingKind::kDataRace}), options);
    EXPECT_TRUE(Has(result, FindingKind::kDataRace)) << strategy;
    EXPECT_FALSE(result.complete) << strategy;
    EXPECT_TRUE(result.note.starts_with("not complete: what depends on which access")) << strategy;
  }
}

TEST(Explorer, ACutExecutionLeavesTheSearchIncomplete) {
  CampaignOptions options;
  options.strategy = "dfs";
  options.executions = 50;
  options.max_steps = 5;
  const CaseResult result = Explore(Made(Counting), options);
  EXPECT_FALSE(result.complete);
}

TEST(Explorer, UnlocksBecomeSchedulingPointsWhereATryLockLooks) {
  CampaignOptions options;
  options.strategy = "dfs";
  const CaseResult result = Explore(Made(SeesLockHeld, {FindingKind::kCrash}), options);
  EXPECT_TRUE(result.met);
  ASSERT_TRUE(Has(result, FindingKind::kCrash));
  EXPECT_NE(result.findings.front().finding.schedule.find("unlock-is-point=1"), std::string::npos);
}

// The execution in which the try_lock was seen is one of the budget.
TEST(Explorer, StartingAgainWithUnlockPointsSpendsNoMoreThanTheBudget) {
  for (const uint64_t executions : {1, 2, 7}) {
    CampaignOptions campaign;
    campaign.executions = executions;
    campaign.strategy = "random";
    const CaseResult result = Explore(Made(TriesLock), campaign);
    EXPECT_EQ(result.executions, executions);
    EXPECT_FALSE(result.complete);
  }
}

TEST(Explorer, AFindingAfterUnlocksBecamePointsCountsTheExecutionsBefore) {
  CampaignOptions campaign;
  campaign.strategy = "dfs";
  const CaseResult found = Explore(Made(SeesLockHeld), campaign);
  ASSERT_EQ(found.findings.size(), 1u);
  EXPECT_EQ(found.findings[0].finding.first_execution, found.executions);
  campaign.executions = found.executions - 1;
  EXPECT_TRUE(Explore(Made(SeesLockHeld), campaign).findings.empty());
}

TEST(Explorer, StateThatOutlivesAnExecutionIsNondeterminism) {
  const CaseResult result = Explore(Made(KeepsState), {});
  EXPECT_FALSE(result.met);
  EXPECT_TRUE(Has(result, FindingKind::kNondeterminism));
}

TEST(Explorer, WritesAFolderForEachFindingAndRunJson) {
  const testing::ScratchFolder scratch;
  const std::string folder = scratch.path();
  std::string error;
  const auto output = OutputFolder::Open(folder, &error);
  ASSERT_NE(output, nullptr) << error;
  const CampaignOptions options;
  const CaseResult result =
      Explore(Made(Deadlock, {FindingKind::kDeadlock}), options, output.get());
  ASSERT_FALSE(result.findings.empty());
  for (const FoundBug& bug : result.findings) {
    EXPECT_EQ(bug.directory, "findings/" + bug.finding.fingerprint);
    for (const char* file : {"finding.json", "schedule.txt", "report.txt"}) {
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(folder) / bug.directory / file));
    }
  }
  ASSERT_TRUE(output->WriteRun(options, "build", {result}, &error)) << error;
  const auto json = nlohmann::json::parse(RunJson(options, "build", {result}));
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["build"], "build");
  EXPECT_EQ(json["cases"][0]["name"], "unit/test");
  EXPECT_EQ(json["cases"][0]["met"], true);
  EXPECT_EQ(json["cases"][0]["expected"][0], "deadlock");
  EXPECT_EQ(json["cases"][0]["findings"].size(), result.findings.size());

  // A second finding of the same fingerprint does not overwrite the first.
  const Finding& first = result.findings.front().finding;
  EXPECT_EQ(output->DirectoryFor(first.fingerprint), "findings/" + first.fingerprint + "-2");
  // The next run begins with an empty folder.
  ASSERT_NE(OutputFolder::Open(folder, &error), nullptr);
  EXPECT_TRUE(std::filesystem::is_empty(std::filesystem::path(folder) / "findings"));
}

TEST(Explorer, LeavesNoFileDescriptorOpen) {
  const auto count = [] {
    int open = 0;
    for (int fd = 0; fd < 256; ++fd) open += ::fcntl(fd, F_GETFD) != -1;
    return open;
  };
  const int before = count();
  for (int i = 0; i < 3; ++i) Explore(Made(Deadlock, {FindingKind::kDeadlock}), {});
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace heddle
