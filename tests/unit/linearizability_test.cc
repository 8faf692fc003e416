// The checker alone: known histories, and random ones against every permutation of their calls.
#include "harness/core/linearizability.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/call_history.h"
#include "harness/core/random.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;

// A call of a queue: push(value), or pop() that returned `value` (0: it was empty).
struct QueueCall {
  bool push = false;
  int value = 0;
};

class QueueState final : public SequentialState {
 public:
  explicit QueueState(const std::vector<QueueCall>& calls, uint64_t* tried = nullptr)
      : calls_(calls), tried_(tried) {}

  std::unique_ptr<SequentialState> After(size_t call) const override {
    if (tried_ != nullptr) ++*tried_;
    auto next = std::make_unique<QueueState>(*this);
    if (calls_[call].push) {
      next->items_.push_back(calls_[call].value);
      return next;
    }
    if (Front() != calls_[call].value) return nullptr;
    if (!next->items_.empty()) next->items_.pop_front();
    return next;
  }
  std::string ResultOf(size_t call) const override {
    return calls_[call].push ? "" : std::to_string(Front());
  }
  bool Equals(const SequentialState& other) const override {
    return items_ == static_cast<const QueueState&>(other).items_;
  }

 private:
  int Front() const { return items_.empty() ? 0 : items_.front(); }

  const std::vector<QueueCall>& calls_;
  uint64_t* const tried_;  // counts the calls that were tried; may be null
  std::deque<int> items_;
};

// By the definition: some permutation keeps the order of calls that do not overlap, and the queue
// returns what the calls returned.
bool SomePermutationExplains(const std::vector<QueueCall>& calls,
                             const std::vector<CallSpan>& spans) {
  std::vector<size_t> order(calls.size());
  std::iota(order.begin(), order.end(), size_t{0});
  do {
    bool explains = true;
    std::deque<int> items;
    for (size_t i = 0; i < order.size() && explains; ++i) {
      for (size_t j = i + 1; j < order.size(); ++j) {
        if (spans[order[j]].Precedes(spans[order[i]])) explains = false;
      }
      const QueueCall& call = calls[order[i]];
      if (call.push) {
        items.push_back(call.value);
      } else if (items.empty()) {
        explains = explains && call.value == 0;
      } else {
        explains = explains && call.value == items.front();
        items.pop_front();
      }
    }
    if (explains) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

// What threads that each make one call after the other could have done, with random results.
void RandomHistory(Random& random, std::vector<QueueCall>* calls, std::vector<CallSpan>* spans) {
  calls->clear();
  spans->clear();
  const uint32_t threads = 1 + random.Below(3);
  std::vector<size_t> running(threads, SIZE_MAX);
  const size_t most = 1 + random.Below(6);
  uint64_t returned = 0;
  while (true) {
    const bool more = calls->size() < most;
    const bool any =
        std::any_of(running.begin(), running.end(), [](size_t call) { return call != SIZE_MAX; });
    if (!more && !any) return;
    size_t& call = running[random.Below(threads)];
    if (call != SIZE_MAX) {
      (*spans)[call].returned = ++returned;
      call = SIZE_MAX;
    } else if (more) {
      call = calls->size();
      const bool push = random.Below(2) == 0;
      const auto value = static_cast<int>(random.Below(3));
      calls->push_back({push, push ? value + 1 : value});
      spans->push_back({returned, 0});
    }
  }
}

TEST(LinearizabilityTest, AgreesWithEveryPermutationOnRandomHistories) {
  Random random(7);
  std::vector<QueueCall> calls;
  std::vector<CallSpan> spans;
  int linearizable = 0;
  constexpr int kHistories = 10'000;
  for (int i = 0; i < kHistories; ++i) {
    RandomHistory(random, &calls, &spans);
    const Linearization found = Linearize(spans, QueueState(calls));
    ASSERT_EQ(found.exists, SomePermutationExplains(calls, spans)) << "history " << i;
    linearizable += found.exists ? 1 : 0;
    // The order given is one that explains, or the beginning of one.
    ASSERT_LE(found.order.size(), calls.size());
    ASSERT_EQ(found.order.size() == calls.size(), found.exists);
    std::unique_ptr<SequentialState> state = std::make_unique<QueueState>(calls);
    for (size_t at = 0; at < found.order.size(); ++at) {
      for (size_t call = 0; call < calls.size(); ++call) {
        const auto end = found.order.begin() + static_cast<ptrdiff_t>(at);
        if (std::find(found.order.begin(), end, call) != end) continue;
        ASSERT_FALSE(spans[call].Precedes(spans[found.order[at]]));
      }
      state = state->After(found.order[at]);
      ASSERT_NE(state, nullptr);
    }
  }
  // Both answers were put to the test.
  EXPECT_GT(linearizable, kHistories / 10);
  EXPECT_LT(linearizable, kHistories * 9 / 10);
}

TEST(LinearizabilityTest, NoCallsAreLinearizable) {
  EXPECT_TRUE(Linearize({}, QueueState({})).exists);
}

TEST(LinearizabilityTest, CallsThatOverlapMayChangePlaces) {
  const std::vector<QueueCall> calls = {{false, 1}, {true, 1}};
  EXPECT_THAT(Linearize(std::vector<CallSpan>{{0, 1}, {0, 2}}, QueueState(calls)).order,
              ElementsAre(1, 0));
  EXPECT_FALSE(Linearize(std::vector<CallSpan>{{0, 1}, {1, 2}}, QueueState(calls)).exists);
}

// Herlihy and Wing (1990), figure 1: H2 is acceptable, H3 (y dequeued twice) is not.
TEST(LinearizabilityTest, TheQueuesOfHerlihyAndWing) {
  // A: E(x); then A: E(y) overlaps B: E(z) ... of H1: B: D()/x, A: D()/y, C: E(z) overlapping.
  const std::vector<QueueCall> h1 = {{true, 1}, {true, 2}, {false, 1}, {false, 2}, {true, 3}};
  const std::vector<CallSpan> spans = {{0, 2}, {0, 1}, {2, 3}, {2, 4}, {2, 5}};
  EXPECT_TRUE(Linearize(spans, QueueState(h1)).exists);
  const std::vector<QueueCall> twice = {{true, 1}, {true, 2}, {false, 2}, {false, 2}};
  EXPECT_FALSE(Linearize(std::span(spans).first(4), QueueState(twice)).exists);
}

// Without memory of what led nowhere, 14 pushes at once and a pop of none of them would take 14!
// steps: states are equal here, because all push the same. So each push is tried once after each
// set of others, and the pop after all.
TEST(LinearizabilityTest, StatesThatLedNowhereAreNotTriedAgain) {
  constexpr uint64_t kPushes = 14;
  std::vector<QueueCall> calls(kPushes, QueueCall{true, 1});
  std::vector<CallSpan> spans;
  for (uint64_t i = 0; i < calls.size(); ++i) spans.push_back({0, i + 1});
  calls.push_back({false, 2});
  spans.push_back({calls.size() - 1, calls.size()});
  uint64_t tried = 0;
  const Linearization found = Linearize(spans, QueueState(calls, &tried));
  EXPECT_FALSE(found.exists);
  EXPECT_FALSE(found.given_up);
  EXPECT_EQ(found.order.size(), kPushes);
  EXPECT_EQ(tried, (kPushes << (kPushes - 1)) + 1);
}

TEST(LinearizabilityTest, AHistoryThatTakesTooLongIsGivenUp) {
  std::vector<QueueCall> calls;
  std::vector<CallSpan> spans;
  for (int i = 0; i < 20; ++i) {
    calls.push_back({true, i});
    spans.push_back({0, static_cast<uint64_t>(i) + 1});
  }
  calls.push_back({false, 99});
  spans.push_back({20, 21});
  const Linearization found = Linearize(spans, QueueState(calls), 1'000);
  EXPECT_FALSE(found.exists);
  EXPECT_TRUE(found.given_up);
  // What is known in time is known.
  EXPECT_FALSE(Linearize(spans, QueueState(calls), 0).exists);
  EXPECT_TRUE(Linearize(std::span(spans).first(20), QueueState(calls), 1'000).exists);
  EXPECT_FALSE(Linearize(std::span(spans).first(20), QueueState(calls), 1'000).given_up);

  CallHistory history;
  for (const CallSpan& span : spans) history.calls.push_back({ThreadId{1}, "call", "", span});
  EXPECT_EQ(Judge(&history, QueueState(calls)), Verdict::kNotJudged);
  EXPECT_EQ(history.why, "");
}

TEST(CallHistoryTest, SaysHowFarAnOrderGoesAndWhatWouldFollow) {
  const std::vector<QueueCall> calls = {{true, 1}, {true, 2}, {false, 2}};
  CallHistory history;
  history.calls = {{ThreadId{1}, "push(1)", "", {0, 1}},
                   {ThreadId{1}, "push(2)", "", {1, 2}},
                   {ThreadId{2}, "pop()", "2", {2, 3}}};
  ASSERT_EQ(Judge(&history, QueueState(calls)), Verdict::kNotLinearizable);
  EXPECT_EQ(history.why,
            "One of the longest orders that explain the results begins with push(1), push(2); "
            "after that, pop() would return 1, not 2.");
}

TEST(CallHistoryTest, TextKeepsEveryField) {
  CallHistory history;
  history.why = "Why.";
  history.calls = {{ThreadId{1}, "put(1, \"a\tb\")", "", {0, 2}},
                   {ThreadId{2}, "get()", "x", {1, 1}}};
  const auto read = CallHistoryFromText(ToText(history));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->why, "Why.");
  ASSERT_EQ(read->calls.size(), 2u);
  EXPECT_EQ(read->calls[0].call, "put(1, \"a b\")");
  EXPECT_EQ(read->calls[0].result, "");
  EXPECT_EQ(read->calls[0].span.returned, 2u);
  EXPECT_EQ(read->calls[1].thread, ThreadId{2});
  EXPECT_EQ(read->calls[1].result, "x");
  EXPECT_EQ(read->calls[1].span.invoked, 1u);
}

TEST(CallHistoryTest, DamagedTextIsNoHistory) {
  EXPECT_FALSE(CallHistoryFromText("why\n1\tx\t2\tpop()\t1\n").has_value());
  EXPECT_FALSE(CallHistoryFromText("why\n99999999999\t1\t2\tpop()\t1\n").has_value());
  EXPECT_FALSE(CallHistoryFromText("why\n1\t2").has_value());
}

}  // namespace
}  // namespace heddle::testing
