// One campaign by many workers: the result is that of one worker, whatever dies on the way.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/explore/frontier.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/campaign.h"

namespace heddle {
namespace {

// Tens of thousands of executions of depth-first search.
void Counting() {
  Atomic<int> x(0);
  const auto count = [&] {
    for (int i = 0; i < 9; ++i) x.fetch_add(1);
  };
  Thread first(count), second(count);
  first.join();
  second.join();
}

// A rare order of many steps; found late by sampling.
void Rare() {
  Atomic<int> turn(0);
  const auto step = [&](int from) {
    int expected = from;
    turn.compare_exchange_strong(expected, from + 1);
  };
  Thread first([&] {
    for (int i = 0; i < 12; i += 2) step(i);
  });
  Thread second([&] {
    for (int i = 1; i < 12; i += 2) step(i);
  });
  first.join();
  second.join();
  Assert(turn.load() < 9);
}

// Several bugs, one of which takes the process with it.
void Many() {
  Var<int> shared(0, "shared");
  Atomic<int> x(0);
  Thread first([&] {
    shared = 1;
    x.fetch_add(1);
    x.fetch_add(1);
  });
  Thread second([&] {
    if (x.load() == 1) ::_exit(3);
    shared = 2;
  });
  first.join();
  second.join();
  Assert(shared.load() == 2);
}

struct Campaign {
  void (*body)();
  const char* strategy;
  uint64_t executions;
  bool keep_going;
};

void PrintTo(const Campaign& campaign, std::ostream* out) {
  *out << campaign.strategy << ", " << campaign.executions;
}

CaseResult Explore(const Campaign& campaign, uint32_t jobs, CampaignObserver* observer = nullptr) {
  CampaignOptions options;
  options.strategy = campaign.strategy;
  options.executions = campaign.executions;
  options.keep_going = campaign.keep_going;
  options.jobs = jobs;
  return testing::ExploreCase(campaign.body, options, observer);
}

class Jobs : public ::testing::TestWithParam<Campaign> {};

TEST_P(Jobs, FindWhatOneFinds) {
  const CaseResult one = Explore(GetParam(), 1);
  for (const uint32_t jobs : {2, 5}) {
    const CaseResult many = Explore(GetParam(), jobs);
    EXPECT_EQ(many.executions, one.executions);
    EXPECT_EQ(many.steps, one.steps);
    EXPECT_EQ(many.complete, one.complete);
    EXPECT_EQ(many.search, one.search);
    EXPECT_EQ(many.note, one.note);
    EXPECT_EQ(many.coverage.executions, one.coverage.executions);
    EXPECT_EQ(many.coverage.classes, one.coverage.classes);
    EXPECT_EQ(many.coverage.classes_once, one.coverage.classes_once);
    EXPECT_EQ(many.coverage.pairs, one.coverage.pairs);
    ASSERT_EQ(many.findings.size(), one.findings.size());
    for (size_t i = 0; i < one.findings.size(); ++i) {
      const Finding& expected = one.findings[i].finding;
      const Finding& found = many.findings[i].finding;
      EXPECT_EQ(found.fingerprint, expected.fingerprint);
      EXPECT_EQ(found.schedule, expected.schedule);
      EXPECT_EQ(found.first_execution, expected.first_execution);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Campaigns, Jobs,
    ::testing::Values(Campaign{Counting, "dfs", 1'000'000, false},
                      Campaign{Counting, "dfs", 3'000, false},
                      Campaign{Counting, "source-dpor", 1'000'000, false},
                      Campaign{Counting, "source-dpor", 9'000, false},
                      Campaign{Counting, "dpor", 9'000, false},
                      Campaign{Counting, "preemption-bounding", 1'000'000, false},
                      Campaign{Counting, "preemption-bounding", 20'000, false},
                      Campaign{Counting, "delay-bounding:bound=6", 30'000, false},
                      Campaign{Counting, "random", 30'000, false},
                      Campaign{Counting, "default:dfs=100", 20'000, false},
                      Campaign{Counting, "surw", 5'000, false},
                      Campaign{Counting, "round-robin", 5'000, false},
                      Campaign{Rare, "random", 1'000'000, false},
                      Campaign{Rare, "pct:depth=3", 50'000, false},
                      Campaign{Rare, "dfs", 1'000'000, false},
                      Campaign{Rare, "source-dpor", 1'000'000, false},
                      Campaign{Rare, "preemption-bounding", 1'000'000, false},
                      Campaign{Rare, "delay-bounding", 1'000'000, false},
                      Campaign{Many, "dfs", 1'000, true},
                      Campaign{Many, "source-dpor", 1'000, true},
                      Campaign{Many, "delay-bounding", 1'000, true},
                      Campaign{Many, "random", 400, true},
                      Campaign{Many, "default:dfs=10", 600, true}));

// Two parts of one search: of one that is behind, everything has been explored when the time ends
// the other.
void SlowInTheMiddle() {
  Atomic<int> x(0), y(0), z(0);
  Thread thread([&] {
    x.store(1);
    y.store(1);
  });
  const bool is_behind = x.load() == 1 || y.load() == 1;
  const uint64_t choice = is_behind ? 0 : Choose(3);
  thread.join();
  if (is_behind) return;
  for (int i = 0; i < 4'500; ++i) z.store(i);  // the clock is looked at
  const timespec pause{0, choice == 0 ? 10'000'000 : 600'000'000};
  ::syscall(SYS_nanosleep, &pause, nullptr);  // in real time
}

TEST(Jobs, APartThatRanOutOfTimeIsMissingToTheLast) {
  const CaseResult whole = Explore({SlowInTheMiddle, "dfs", 1'000, false}, 2);
  EXPECT_TRUE(whole.complete);
  CampaignOptions options;
  options.strategy = "dfs";
  options.jobs = 2;
  options.time = std::chrono::milliseconds(400);
  const CaseResult cut = testing::ExploreCase(SlowInTheMiddle, options);
  EXPECT_LT(cut.executions, whole.executions);
  EXPECT_FALSE(cut.complete) << cut.search;
}

TEST(Jobs, ACompleteSearchIsDivided) {
  const CaseResult result = Explore({Counting, "dfs", 1'000'000, false}, 3);
  EXPECT_TRUE(result.complete);
  EXPECT_GT(result.executions, 48'620u);  // 18 over 9
}

// A worker that somebody kills is no finding: its unit is explored once more.
TEST(Jobs, AWorkerKilledByChanceIsReplaced) {
  class Killer final : public CampaignObserver {
   public:
    void OnProgress(const CampaignProgress&) override {
      if (++calls_ % 3 != 0 || kills_ == 5) return;
      ++kills_;
      // The newest child of this process is a worker.
      const std::string command =
          "kill -9 $(ps -o pid= --ppid " + std::to_string(::getpid()) +
          " --sort=-start_time | head -n 1)";
      EXPECT_NE(std::system(command.c_str()), -1);
    }
    bool Cancelled() override { return false; }
    int kills_ = 0;

   private:
    int calls_ = 0;
  };
  const Campaign campaign{Counting, "random", 150'000, false};
  const CaseResult one = Explore(campaign, 1);
  Killer killer;
  const CaseResult many = Explore(campaign, 2, &killer);
  EXPECT_TRUE(many.findings.empty());
  EXPECT_EQ(many.executions, one.executions);
  EXPECT_EQ(many.steps, one.steps);
}

TEST(Frontier, RangesFollowEachOtherAndGrowSlowly) {
  Frontier frontier(Frontier::Division::kByIndex, 100'000, 256);
  EXPECT_EQ(frontier.NextToRun()->size, 256u);
  frontier.Front()->state = Unit::State::kRunning;
  EXPECT_EQ(frontier.NextToRun(), nullptr);  // before the common executions are made
  frontier.End(frontier.Front(), {});
  uint64_t next = 256;
  while (Unit* const unit = frontier.NextToRun()) {
    EXPECT_EQ(unit->first, next);
    EXPECT_LE(unit->size, std::max<uint64_t>(64, next / 16));
    next += unit->size;
    unit->state = Unit::State::kRunning;
  }
  EXPECT_EQ(next, 100'000u);
}

TEST(Frontier, InARoundPartsTakeThePlaceBehindTheirUnitAndItsSteps) {
  Frontier frontier(Frontier::Division::kInRounds, 1'000, 0);
  frontier.End(frontier.Front(), {});
  frontier.PopFront();
  frontier.BeginRound({"a", "b"}, /*steps_before=*/0);
  UnitResult result;
  result.parts = {"a1", "a2"};
  result.told = "told";
  Unit* const a = frontier.Front();
  frontier.End(a, result);
  EXPECT_EQ(a->handed_on, 2u);
  EXPECT_EQ(a->result.told, "told");
  std::string order;
  for (const Unit& unit : frontier.units()) {
    order += unit.part + " ";
    EXPECT_EQ(unit.steps, unit.part == "b" ? a->steps / 2 : a->steps);  // ever shorter ones
  }
  EXPECT_EQ(order, "a a1 a2 b ");
}

TEST(Frontier, PartsTakeThePlaceBehindTheirUnit) {
  Frontier frontier(Frontier::Division::kByParts, 1'000, 0);
  UnitResult result;
  result.parts = {"a", "b"};
  frontier.End(frontier.Front(), result);
  Unit* const a = frontier.NextToRun();
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->part, "a");
  a->state = Unit::State::kRunning;
  EXPECT_EQ(frontier.NextToRun()->part, "b");
  result.parts = {"a1", "a2"};
  frontier.End(a, result);
  std::string order;
  for (const Unit& unit : frontier.units()) order += unit.part + " ";
  EXPECT_EQ(order, " a a1 a2 b ");
}

}  // namespace
}  // namespace heddle
