// heddle::Linearizable under control and natively: what is called, what is found, what is not.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/strategy/dfs.h"
#include "primitives/atomic.h"
#include "primitives/linearizable.h"
#include "primitives/mutex.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;

struct CounterSpec {
  int Next() { return count++; }
  bool operator==(const CounterSpec&) const = default;
  int count = 0;
};

struct TwoStepCounter {
  int Next() {
    const int value = count.load();
    count.store(value + 1);
    return value;
  }
  Atomic<int> count{0};
};

struct OneStepCounter {
  int Next() { return count.fetch_add(1); }
  Atomic<int> count{0};
};

// In what words `run` is refused; empty: it is not.
template <typename Run>
std::string Refused(const Run& run) {
  try {
    run();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

template <typename Counter>
void Count() {
  Counter counter;
  Linearizable<CounterSpec>(counter)
      .Operation("next", [](auto& c) { return c.Next(); })
      .Run({.threads = 2, .calls = 1});
}

TEST(LinearizableTest, CompleteSearchFindsTheBrokenOneAndClearsTheOther) {
  Exploration exploration;
  Dfs broken;
  exploration.Explore(Count<TwoStepCounter>, broken, 100'000);
  EXPECT_TRUE(broken.Progress().exhausted);
  ASSERT_FALSE(exploration.suspicions.empty());
  EXPECT_EQ(exploration.suspicions[0].kind, FindingKind::kNotLinearizable);

  exploration.suspicions.clear();
  Dfs correct;
  exploration.Explore(Count<OneStepCounter>, correct, 100'000);
  EXPECT_TRUE(correct.Progress().exhausted);
  EXPECT_TRUE(exploration.suspicions.empty());
}

// What is called on the object, as digits: the heap of an execution ends with it.
uint32_t called = 0;

struct Listener {
  void Put(int key, int) { called = 10 * called + static_cast<uint32_t>(key); }
  int Get(int) {
    called = 10 * called + 3;
    return 0;
  }
};
struct ListenerSpec {
  void Put(int, int) {}
  int Get(int) { return 0; }
};

void Listen() {
  Listener listener;
  called = 0;
  Linearizable<ListenerSpec>(listener)
      .Operation("put", [](auto& m, int key, int value) { m.Put(key, value); }, {1, 2}, {7})
      .Operation("get", [](auto& m, int key) { return m.Get(key); }, {1})
      .Run({.threads = 1, .calls = 1, .before = 1});
}

TEST(LinearizableTest, CompleteSearchMakesEveryScenarioUpToTheBounds) {
  Exploration exploration;
  Dfs dfs;
  std::set<uint32_t> seen;
  exploration.Explore(Listen, dfs, 1'000, [&] { seen.insert(called); });
  EXPECT_TRUE(dfs.Progress().exhausted);
  // None; one; one before the thread and one in it.
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 11, 12, 13, 21, 22, 23, 31, 32, 33));
}

// The clock of calls orders nothing: calls that race are still seen to.
struct RacyCounter {
  int Next() { return count++; }
  Var<int> count = 0;
};

TEST(LinearizableTest, RacesBetweenCallsAreFound) {
  Exploration exploration;
  Dfs dfs;
  exploration.Explore(Count<RacyCounter>, dfs, 1'000);
  const bool race =
      std::any_of(exploration.suspicions.begin(), exploration.suspicions.end(),
                  [](const Suspicion& s) { return s.kind == FindingKind::kDataRace; });
  EXPECT_TRUE(race);
}

TEST(LinearizableTest, AnOrderOfReturnAndCallIsSeenWhereTheObjectHasNone) {
  // Each thread has a cell of its own, so that no operation of the object depends on another.
  struct Cells {
    int Touch(int cell) {
      cells[cell].store(1);
      return 0;
    }
    Atomic<int> cells[2] = {0, 0};
  };
  // The second cell may be touched only after the first.
  struct Spec {
    int Touch(int cell) {
      if (cell == 0) first = true;
      return cell == 1 && !first ? 7 : 0;
    }
    bool first = false;
  };
  Exploration exploration;
  Dfs dfs;
  exploration.Explore(
      [] {
        Cells cells;
        Linearizable<Spec>(cells)
            .Operation("touch", [](auto& c, int cell) { return c.Touch(cell); }, {0, 1})
            .Run({.threads = 2, .calls = 1});
      },
      dfs, 10'000);
  bool two_calls = false;
  for (const Suspicion& suspicion : exploration.suspicions) {
    two_calls = two_calls || (suspicion.message.find("touch(0)") != std::string::npos &&
                              suspicion.message.find("touch(1)") != std::string::npos);
  }
  EXPECT_TRUE(two_calls);
}

TEST(LinearizableTest, TooManyCallsAreRefusedInWords) {
  OneStepCounter counter;
  auto test = Linearizable<CounterSpec>(counter);
  test.Operation("next", [](auto& c) { return c.Next(); });
  EXPECT_EQ(Refused([&] { test.Run({.threads = 8, .calls = 8, .before = 1}); }),
            "heddle::Linearizable: 65 calls asked for; a history has at most 64");
}

TEST(LinearizableTest, ATestWithoutOperationsIsRefusedInWords) {
  OneStepCounter counter;
  auto test = Linearizable<CounterSpec>(counter);
  EXPECT_EQ(Refused([&] { test.Run(); }),
            "heddle::Linearizable: there is no operation to call, so that nothing would be tested; "
            "name them with Operation(...) before Run");
}

TEST(LinearizableTest, ATestWithoutCallsIsRefusedInWords) {
  OneStepCounter counter;
  auto test = Linearizable<CounterSpec>(counter);
  test.Operation("next", [](auto& c) { return c.Next(); });
  EXPECT_EQ(Refused([&] { test.Run({.threads = 3, .calls = 0}); }),
            "heddle::Linearizable: no calls asked for, so that nothing would be tested");
}

// The calls of the first time would be judged again, and the object is not as it was.
TEST(LinearizableTest, ASecondRunIsRefusedInWords) {
  OneStepCounter counter;
  auto test = Linearizable<CounterSpec>(counter);
  test.Operation("next", [](auto& c) { return c.Next(); });
  test.Run();
  EXPECT_EQ(Refused([&] { test.Run(); }),
            "heddle::Linearizable: this test was run before, and the object is no longer in the "
            "state it began with; make another test of another object");
}

// A state for each order of the calls, none of which explains the results.
struct OrderSpec {
  int Next(int who) {
    seen.push_back(who);
    return -1;
  }
  bool operator==(const OrderSpec&) const = default;
  std::vector<int> seen;
};
struct WrongAtLast {
  int Next(int) { return count.fetch_add(1) == 13 ? 0 : -1; }
  Atomic<int> count{0};
};

void CountUncertainly() {
  WrongAtLast object;
  Linearizable<OrderSpec>(object)
      .Operation("next", [](auto& o, int who) { return o.Next(who); },
                 {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
      .Run({.threads = 14, .calls = 1});
}

// Nobody knows whether the object is wrong: that is no finding, but it is counted.
TEST(LinearizableTest, AHistoryThatTakesTooLongIsNotJudged) {
  // The i-th thread makes the i-th call, and all are called before one returns.
  class AllAtOnce final : public Decider {
   public:
    void Begin(const Plan&) override { chosen_ = 0; }
    ThreadId Pick(const SchedulingPoint& point) override {
      return point.enabled()[next_++ % point.enabled().size()];
    }
    uint32_t PickValue(const ValueChoice& choice) override {
      return choice.kind == ChoiceKind::kUser ? ++chosen_ : 0;
    }

   private:
    uint32_t chosen_ = 0;
    uint32_t next_ = 0;
  };
  Exploration exploration;
  AllAtOnce decider;
  exploration.Execute(CountUncertainly, decider, {});
  EXPECT_TRUE(exploration.suspicions.empty());
  EXPECT_EQ(exploration.result().end, EngineEnd::kCompleted);
  EXPECT_EQ(exploration.result().not_judged, 1u);
  exploration.Execute([] {}, decider, {});
  EXPECT_EQ(exploration.result().not_judged, 0u);  // of each execution anew
}

TEST(LinearizableTest, WorksOnRealThreads) {
  for (int i = 0; i < 20; ++i) {
    OneStepCounter counter;
    Linearizable<CounterSpec>(counter)
        .Operation("next", [](auto& c) { return c.Next(); })
        .Run({.threads = 4, .calls = 3, .before = 1, .after = 1});
  }
}

struct WrongSpec {
  int Next() { return 5; }
};

TEST(LinearizableDeathTest, NativelyTheHistoryIsPrinted) {
  EXPECT_DEATH(
      {
        for (int i = 0; i < 100; ++i) {
          OneStepCounter counter;
          Linearizable<WrongSpec>(counter)
              .Operation("next", [](auto& c) { return c.Next(); })
              .Run();
        }
      },
      "not linearizable: .*next\\(\\) would return 5, not 0");
}

TEST(TextOfTest, ValuesAsAReaderWritesThem) {
  EXPECT_EQ(internal::TextOf(-3), "-3");
  EXPECT_EQ(internal::TextOf(true), "true");
  EXPECT_EQ(internal::TextOf('b'), "'b'");
  EXPECT_EQ(internal::TextOf('\n'), "10");
  EXPECT_EQ(internal::TextOf(std::optional<char>('b')), "'b'");
  EXPECT_EQ(internal::TextOf(uint8_t{98}), "98");
  EXPECT_EQ(internal::TextOf(std::string("a b")), "\"a b\"");
  EXPECT_EQ(internal::TextOf(""), "\"\"");
  EXPECT_EQ(internal::TextOf(std::string_view("\\ \"")), "\"\\\\ \\\"\"");
  EXPECT_EQ(internal::TextOf(std::optional<int>()), "none");
  EXPECT_EQ(internal::TextOf(std::optional<int>(4)), "4");
  EXPECT_EQ(internal::TextOf(std::pair(1, false)), "(1, false)");
  EXPECT_EQ(internal::TextOf(std::vector<int>{1, 2}), "[1, 2]");
  EXPECT_EQ(internal::TextOf(std::map<int, int>{{1, 2}}), "[(1, 2)]");
  EXPECT_EQ(internal::TextOf(1.5), "1.5");
}

// Results are compared by their texts.
TEST(TextOfTest, DifferentValuesHaveDifferentTexts) {
  using internal::TextOf;
  EXPECT_NE(TextOf(0.1), TextOf(0.1 + 1e-9));
  EXPECT_NE(TextOf(0.1f), TextOf(0.1f + 1e-8f));
  EXPECT_NE(TextOf(0.1L), TextOf(0.1L + 1e-18L));
  EXPECT_NE(TextOf(std::optional<std::string>()), TextOf(std::optional<std::string>("none")));
  EXPECT_NE(TextOf(std::vector<std::string>{"a, b"}), TextOf(std::vector<std::string>{"a", "b"}));
  EXPECT_NE(TextOf(std::vector<std::string>{"a\", \"b"}),
            TextOf(std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace heddle::testing
