// Depth-first search divided among instances: together they make exactly the executions of one, in
// its order, however often and wherever it is divided.
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"
#include "harness/strategy/dfs.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"
#include "tests/support/search_log.h"

namespace heddle {
namespace {

using testing::Exploration;
using testing::LogOf;
using testing::SearchLog;

void Atomics() {
  Atomic<int> x(0), y(0);
  const auto add = [&] {
    x.fetch_add(1);
    y.fetch_add(1);
  };
  Thread first(add), second(add), third([&] {
    x.load();
    y.store(7);
  });
  first.join();
  second.join();
  third.join();
}

// Values within steps, and steps that use the heap for some values only: what sleeps depends on it.
void ChoicesAndHeap() {
  Mutex mutex("mutex");
  Atomic<int> x(0);
  const auto body = [&] {
    const uint64_t chosen = Choose(3);
    if (chosen == 1) delete new int(1);
    {
      const std::lock_guard lock(mutex);
      x.fetch_add(static_cast<int>(chosen));
    }
    if (Choose(2) == 1) delete new long(2);
  };
  Thread first(body), second(body);
  x.load();
  first.join();
  second.join();
}

void Monitor() {
  Mutex mutex("mutex");
  CondVar changed("changed");
  Var<int> items(0, "items");
  const auto take = [&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return items > 0; });
    items = items - 1;
  };
  Thread first(take), second(take);
  for (int i = 0; i < 2; ++i) {
    const std::lock_guard lock(mutex);
    items = items + 1;
    changed.notify_one();
  }
  first.join();
  second.join();
}

// Parts of random lengths are divided into random numbers of parts.
SearchLog Divided(void (*body)(), DfsOptions options, uint64_t seed) {
  Random random(seed);
  Exploration exploration;
  Dfs whole(options);
  SearchLog searched;
  std::deque<std::string> parts = {""};  // "": the root
  while (!parts.empty()) {
    Dfs dfs(options);
    if (!parts.front().empty()) {
      EXPECT_TRUE(dfs.Adopt(parts.front()));
    }
    parts.pop_front();
    const uint64_t limit = 1 + random.Below(40);
    const uint64_t made = exploration.Explore(body, dfs, limit, [&] {
      EXPECT_FALSE(exploration.record().diverged);
      searched.executions.push_back(Decisions(exploration));
    });
    if (made == limit) {
      const std::vector<std::string> left = dfs.Split(1 + random.Below(6));
      parts.insert(parts.begin(), left.begin(), left.end());
    }
    EXPECT_TRUE(whole.Add(dfs.Counts(), parts.empty()));
  }
  EXPECT_TRUE(whole.Progress().exhausted);
  EXPECT_EQ(whole.executions(), searched.executions.size());
  searched.redundant = whole.redundant();
  return searched;
}

class DfsPartsTest : public ::testing::TestWithParam<void (*)()> {};

TEST_P(DfsPartsTest, PartsInOrderAreTheSearchOfOne) {
  const SearchLog whole = LogOf(GetParam(), Dfs());
  EXPECT_GT(whole.executions.size(), 50u);
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const SearchLog divided = Divided(GetParam(), {}, seed);
    EXPECT_EQ(divided.executions, whole.executions) << "seed " << seed;
    EXPECT_EQ(divided.redundant, whole.redundant) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Bodies, DfsPartsTest,
                         ::testing::Values(&Atomics, &ChoicesAndHeap, &Monitor));

TEST(DfsParts, WithoutSleepSetsToo) {
  const auto body = [] {
    Atomic<int> x(0);
    Thread thread([&] {
      x.fetch_add(1);
      x.fetch_add(1);
    });
    x.load();
    x.load();
    thread.join();
  };
  const DfsOptions every{.sleep_sets = false};
  EXPECT_EQ(Divided(body, every, 1).executions, LogOf(body, Dfs(every)).executions);
}

TEST(DfsParts, TheSharesOfPartsAddUpToTheWhole) {
  Exploration exploration;
  Dfs first;
  exploration.Explore(Atomics, first, 10);
  const double before = first.Progress().share_done.value();
  std::vector<std::string> parts = first.Split(8);
  ASSERT_GT(parts.size(), 1u);
  Dfs whole;
  ASSERT_TRUE(whole.Add(first.Counts(), false));
  EXPECT_GE(whole.Progress().share_done.value(), before);
  for (size_t i = 0; i < parts.size(); ++i) {
    Dfs part;
    ASSERT_TRUE(part.Adopt(parts[i]));
    exploration.Explore(Atomics, part, 1'000'000);
    EXPECT_LT(whole.Progress().share_done.value(), 1.0);
    ASSERT_TRUE(whole.Add(part.Counts(), false));
  }
  EXPECT_NEAR(whole.Progress().share_done.value(), 1.0, 1e-9);
  EXPECT_FALSE(whole.Progress().exhausted);
}

TEST(DfsParts, DamagedPartsAreRefused) {
  Exploration exploration;
  Dfs first;
  exploration.Explore(Atomics, first, 10);
  const std::vector<std::string> parts = first.Split(2);
  ASSERT_FALSE(parts.empty());
  for (size_t size = 0; size < parts[0].size(); ++size) {
    EXPECT_FALSE(Dfs().Adopt(std::string_view(parts[0]).substr(0, size))) << size;
  }
  EXPECT_FALSE(Dfs().Adopt(parts[0] + "x"));
  EXPECT_FALSE(Dfs().Add("nonsense", false));
}

}  // namespace
}  // namespace heddle
