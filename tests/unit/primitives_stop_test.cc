// StopSource, StopToken, StopCallback and JThread, on real threads and under the controlled engine.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/strategy/dfs.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/jthread.h"
#include "primitives/mutex.h"
#include "primitives/notification.h"
#include "primitives/stop_token.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"
#include "tests/unit/composed_test_support.h"
#include "tests/unit/sync_test_support.h"

namespace heddle {
namespace {

using testing::ExpectClean;
using testing::Findings;
using testing::FindingsOf;

void States() {
  const StopToken none;
  Assert(!none.stop_possible() && !none.stop_requested());
  const StopSource empty(kNoStopState);
  Assert(!empty.stop_possible() && !empty.stop_requested() && !empty.request_stop());
  Assert(empty.get_token() == none);

  auto source = std::make_unique<StopSource>();
  const StopToken token = source->get_token();
  Assert(token.stop_possible() && token != none && token == source->get_token());
  auto copy = std::make_unique<StopSource>(*source);
  Assert(*copy == *source);
  source.reset();
  Assert(token.stop_possible());
  StopSource moved = std::move(*copy);
  Assert(!copy->stop_possible());
  copy.reset();
  Assert(token.stop_possible());
  moved = StopSource(kNoStopState);
  Assert(!token.stop_possible(), "no source is left");

  StopSource last;
  const StopToken requested = last.get_token();
  Assert(last.request_stop());
  Assert(!last.request_stop(), "once only");
  Assert(last.stop_requested());
  last = StopSource();
  Assert(requested.stop_requested() && requested.stop_possible());
}

TEST(StopToken, KnowsItsState) { ExpectClean(States); }

// Whether a source is left is part of what threads can see of each other: a step each.
TEST(StopToken, DepthFirstSearchSeesTheLastSourceGoAndStay) {
  testing::seen = 0;
  testing::Exploration exploration;
  Dfs dfs;
  const uint64_t executions = exploration.Explore(
      [] {
        auto source = std::make_unique<StopSource>();
        Thread asker([token = source->get_token()] { testing::See(token.stop_possible()); });
        source.reset();
        asker.join();
      },
      dfs, 1'000);
  EXPECT_LT(executions, 1'000u);
  EXPECT_TRUE(exploration.suspicions.empty());
  EXPECT_EQ(testing::Seen(), (std::set<int>{0, 1}));
}

void RequestOrders() {
  StopSource source;
  Var<int> data(0);
  Thread worker([&data, token = source.get_token()] {
    while (!token.stop_requested()) Yield();
    Assert(data == 1);
  });
  data = 1;
  source.request_stop();
  worker.join();
}

void OneRequestWins() {
  StopSource source;
  Atomic<int> calls{0};
  Atomic<int> wins{0};
  const StopCallback callback(source.get_token(), [&] { calls.fetch_add(1); });
  const auto request = [&] {
    if (source.request_stop()) wins.fetch_add(1);
  };
  Thread a(request);
  Thread b(request);
  a.join();
  b.join();
  Assert(calls == 1 && wins == 1);
}

TEST(StopToken, OrdersWhatCameBeforeTheRequest) {
  ExpectClean(RequestOrders);
  ExpectClean(OneRequestWins);
}

void LateCallbackRunsHere() {
  StopSource source;
  source.request_stop();
  const auto here = this_thread::get_id();
  bool ran = false;
  const StopCallback callback(source.get_token(),
                              [&] { ran = this_thread::get_id() == here; });
  Assert(ran);
  const StopCallback<std::function<void()>> unused(StopToken(), [] { Assert(false); });
}

void CallbackRunsInTheRequester() {
  StopSource source;
  Thread::id ran;
  const StopCallback callback(source.get_token(), [&] { ran = this_thread::get_id(); });
  Thread::id requester;
  Thread other([&] {
    requester = this_thread::get_id();
    source.request_stop();
  });
  other.join();
  Assert(ran == requester && ran != this_thread::get_id());
}

void RegistersDuringTheRequest() {
  StopSource source;
  Atomic<int> calls{0};
  Thread other([&] { source.request_stop(); });
  {
    const StopCallback callback(source.get_token(), [&] { calls.fetch_add(1); });
    other.join();
  }
  Assert(calls == 1, "run by one thread or the other");
}

TEST(StopCallback, RunsOnceInTheRightThread) {
  ExpectClean(LateCallbackRunsHere);
  ExpectClean(CallbackRunsInTheRequester);
  ExpectClean(RegistersDuringTheRequest);
}

// What the callback uses is destroyed right after it: safe, because the destructor waits.
void DestructorWaits() {
  StopSource source;
  Thread other([&] { source.request_stop(); });
  {
    Var<int> used(0);
    Mutex lock;
    const StopCallback callback(source.get_token(), [&] {
      std::lock_guard guard(lock);
      used++;
      Yield();
      used++;
    });
  }
  other.join();
}

void DestroysItself() {
  StopSource source;
  std::optional<StopCallback<std::function<void()>>> callback;
  Atomic<bool> ran{false};
  callback.emplace(source.get_token(), [&] {
    const auto keep = &ran;  // the closure dies with the callback
    callback.reset();
    keep->store(true);
  });
  Thread other([&] { source.request_stop(); });
  other.join();
  Assert(ran && !callback);
}

void DestroysAnother() {
  StopSource source;
  auto first = std::make_unique<StopCallback<std::function<void()>>>(
      source.get_token(), [] { Assert(false, "removed before its turn"); });
  const StopCallback last(source.get_token(), [&] { first.reset(); });
  source.request_stop();
  Assert(first == nullptr);
}

void RemovedInAnyOrder() {
  StopSource source;
  int calls = 0;
  const auto count = [&calls] { ++calls; };
  using Callback = StopCallback<std::function<void()>>;
  std::vector<std::unique_ptr<Callback>> callbacks;
  for (int i = 0; i < 4; ++i) {
    callbacks.push_back(std::make_unique<Callback>(source.get_token(), count));
  }
  callbacks[1].reset();
  callbacks[3].reset();
  source.request_stop();
  Assert(calls == 2);
}

TEST(StopCallback, MayBeDestroyedAtAnyTime) {
  ExpectClean(DestructorWaits);
  ExpectClean(DestroysItself);
  ExpectClean(DestroysAnother);
  ExpectClean(RemovedInAnyOrder);
}

// The destructor waits for the callback, which waits for the lock that the destructor's thread
// holds.
void CallbackNeedsALockHeldAtItsDestruction() {
  StopSource source;
  Mutex lock;
  Thread other([&] { source.request_stop(); });
  {
    std::optional<StopCallback<std::function<void()>>> callback;
    callback.emplace(source.get_token(), [&] { std::lock_guard guard(lock); });
    std::lock_guard guard(lock);
    callback.reset();
  }
  other.join();
}

TEST(StopCallback, WaitingForItWithItsLockIsADeadlock) {
  EXPECT_EQ(FindingsOf(CallbackNeedsALockHeldAtItsDestruction), Findings{"stuck"});
}

// ---- JThread ----

void JoinsItself() {
  Var<int> data(0);
  {
    JThread thread([&](int value) { data = value; }, 3);
    Assert(thread.joinable());
  }
  Assert(data == 3);
}

void StopsItself() {
  Atomic<bool> stopped{false};
  {
    JThread thread(
        [&](StopToken token, bool value) {
          while (!token.stop_requested()) Yield();
          stopped = value;
        },
        true);
    Assert(thread.get_stop_source().stop_possible());
  }
  Assert(stopped);
}

void AssignmentStopsTheOld() {
  Atomic<int> stopped{0};
  const auto run = [&](StopToken token) {
    Notification requested;
    const StopCallback callback(token, [&] { requested.Notify(); });
    requested.WaitForNotification();
    stopped.fetch_add(1);
  };
  JThread thread(run);
  thread = JThread(run);
  Assert(stopped == 1);
  JThread other;
  Assert(!other.joinable() && !other.request_stop());
  other.swap(thread);
  Assert(other.request_stop() && other.get_stop_token().stop_requested());
  other.join();
  Assert(stopped == 2 && !other.joinable() && !thread.joinable());
}

void Detaches() {
  auto done = std::make_shared<Notification>();
  JThread([done] { done->Notify(); }).detach();
  done->WaitForNotification();
}

TEST(JThread, StopsAndJoinsItself) {
  ExpectClean(JoinsItself);
  ExpectClean(StopsItself);
  ExpectClean(AssignmentStopsTheOld);
  ExpectClean(Detaches);
}

void StopsAThreadThatDoesNotListen() {
  Notification never;
  JThread thread([&] { never.WaitForNotification(); });
}

// The destructor cannot be unwound; the executions after it are not affected.
TEST(JThread, ThatNeverEndsIsStuck) {
  testing::Controlled controlled;
  for (int i = 0; i < 20; ++i) {
    controlled.suspicions.clear();
    controlled.RunRandom(StopsAThreadThatDoesNotListen);
    ASSERT_EQ(controlled.Count(FindingKind::kStuck), 1) << controlled.Text();
    ASSERT_EQ(controlled.suspicions.size(), 1u) << controlled.Text();
    controlled.suspicions.clear();
    controlled.RunRandom(StopsItself, 5);
    ASSERT_TRUE(controlled.Clean()) << controlled.Text();
  }
}

}  // namespace
}  // namespace heddle
