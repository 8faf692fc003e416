// Checkpoints: read back as written, refused when damaged or of another run; campaigns that go on
// from one.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/explore/checkpoint.h"
#include "harness/explore/explorer.h"
#include "harness/explore/frontier.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/scratch_folder.h"

namespace heddle {
namespace {

Checkpoint Example() {
  Checkpoint checkpoint;
  checkpoint.identity = {
      "b1", {{"--strategy", "dfs"}, {"--seed", "1"}, {"--time", ""}}, {"a", "b"}};
  CaseResult result;
  result.name = "a";
  result.note = "something";
  result.expected = {FindingKind::kDeadlock};
  result.met = true;
  result.executions = 12;
  result.seconds = 0.5;
  result.findings.resize(1);
  result.findings[0].directory = "findings/1234";
  result.findings[0].expected = true;
  checkpoint.results = {result};
  checkpoint.campaign = std::string("state\0", 6);
  return checkpoint;
}

TEST(Checkpoint, IsReadAsItWasWritten) {
  Checkpoint read;
  std::string error;
  ASSERT_TRUE(read.FromBytes(Example().ToBytes(), &error)) << error;
  EXPECT_EQ(read.identity, Example().identity);
  EXPECT_EQ(read.campaign, Example().campaign);
  ASSERT_EQ(read.results.size(), 1u);
  EXPECT_EQ(read.results[0].name, "a");
  EXPECT_EQ(read.results[0].expected, Example().results[0].expected);
  EXPECT_EQ(read.results[0].executions, 12u);
  EXPECT_EQ(read.results[0].seconds, 0.5);
  EXPECT_EQ(read.results[0].findings[0].directory, "findings/1234");
}

TEST(Checkpoint, DamageIsSeenAndNamed) {
  const std::string bytes = Example().ToBytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string error;
    EXPECT_FALSE(Checkpoint().FromBytes(std::string_view(bytes).substr(0, size), &error)) << size;
    EXPECT_NE(error, "");
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    std::string error;
    EXPECT_FALSE(Checkpoint().FromBytes(damaged, &error)) << i;
  }
  std::string error;
  EXPECT_FALSE(Checkpoint().FromBytes(bytes + "x", &error));
}

TEST(Checkpoint, AnotherRunIsToldApart) {
  const RunIdentity begun = Example().identity;
  EXPECT_EQ(Difference(begun, begun), "");
  RunIdentity other = begun;
  other.build = "b2";
  EXPECT_EQ(Difference(begun, other), "it belongs to build b1, not to build b2");
  other = begun;
  other.options[1].second = "2";
  EXPECT_EQ(Difference(begun, other), "it was begun with --seed=1, not with --seed=2");
  other = begun;
  other.options[2].second = "5s";
  EXPECT_EQ(Difference(begun, other), "it was begun without --time, not with --time=5s");
  other = begun;
  other.cases.push_back("c");
  EXPECT_EQ(Difference(begun, other), "it explores other cases: case 3 is no further one, not c");
}

// What a unit handed on is not saved beside it: it will hand it on again.
TEST(Checkpoint, UnitsThatCountAreSavedOnce) {
  Frontier frontier(Frontier::Division::kByParts, 1'000, 0);
  UnitResult result;
  result.parts = {"a", "b"};
  frontier.End(frontier.Front(), result);
  frontier.PopFront();
  result.parts = {"a1", "a2"};
  frontier.End(frontier.Front(), result);  // a, not part of the result yet
  ByteWriter writer;
  frontier.Save(&writer);
  const std::string saved = writer.Take();
  Frontier again(Frontier::Division::kByParts, 1'000, 0);
  ByteReader reader(saved);
  ASSERT_TRUE(again.Restore(&reader));
  std::string order;
  for (const Unit& unit : again.units()) {
    order += unit.part + " ";
    EXPECT_EQ(unit.state, Unit::State::kWaiting);
  }
  EXPECT_EQ(order, "a b ");
}

void Racing() {
  Var<int> shared(0, "shared");
  Atomic<int> x(0);
  const auto body = [&] {
    for (int i = 0; i < 10; ++i) x.fetch_add(1);
    if (x.load() < 12) shared = 1;
  };
  Thread first(body), second(body);
  first.join();
  second.join();
}

// The first, a middle and the last saved state lead to the same end.
TEST(Checkpoint, ACampaignGoesOnFromEveryState) {
  Case explored;
  explored.name = "unit/checkpoint";
  explored.body = Racing;
  for (const char* strategy : {"dfs", "random", "default:dfs=50"}) {
    const testing::ScratchFolder scratch;
    std::string error;
    const auto folder = OutputFolder::Open(scratch.path(), &error);
    ASSERT_NE(folder, nullptr) << error;
    CampaignOptions options;
    options.strategy = strategy;
    options.keep_going = true;
    options.executions = 400'000;
    options.jobs = 2;
    const auto explorer = Explorer::Make({options, "heddle"}, folder.get(), nullptr, &error);
    std::vector<std::string> states;
    const CaseResult whole = explorer->Explore(
        explored, "", [&](std::string state) { states.push_back(std::move(state)); });
    ASSERT_EQ(whole.internal_error, "");
    ASSERT_FALSE(states.empty());
    for (const size_t i : {size_t{0}, states.size() / 2, states.size() - 1}) {
      const std::string& state = states[i];
      const auto reopened = OutputFolder::Reopen(scratch.path(), &error);
      const auto other = Explorer::Make({options, "heddle"}, reopened.get(), nullptr, &error);
      const CaseResult result = other->Explore(explored, state, nullptr);
      EXPECT_EQ(result.internal_error, "");
      EXPECT_EQ(result.executions, whole.executions);
      EXPECT_EQ(result.steps, whole.steps);
      EXPECT_EQ(result.search, whole.search);
      ASSERT_EQ(result.findings.size(), whole.findings.size());
      for (size_t f = 0; f < whole.findings.size(); ++f) {
        EXPECT_EQ(result.findings[f].directory, whole.findings[f].directory);
        EXPECT_EQ(result.findings[f].finding.first_execution,
                  whole.findings[f].finding.first_execution);
      }
    }
  }
}

}  // namespace
}  // namespace heddle
