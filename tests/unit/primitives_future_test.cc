// Promise, Future and SharedFuture, on real threads and under the controlled engine.
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "primitives/assert.h"
#include "primitives/future.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"
#include "tests/unit/composed_test_support.h"

namespace heddle {
namespace {

using namespace std::chrono_literals;
using testing::ExpectClean;
using testing::Findings;
using testing::FindingsOf;

template <typename Function>
bool FailsWith(std::future_errc expected, Function&& function) {
  try {
    function();
  } catch (const std::future_error& error) {
    return error.code() == std::make_error_code(expected);
  }
  return false;
}

void HandOver() {
  Promise<std::string> promise;
  Future<std::string> future = promise.get_future();
  Var<int> beside(0);
  Thread setter([&] {
    beside = 3;
    promise.set_value("value");
  });
  Assert(future.valid());
  Assert(future.get() == "value");
  Assert(beside == 3, "what came before set_value is seen");
  Assert(!future.valid());
  setter.join();
}

void HandOverReference() {
  int value = 1;
  Promise<int&> promise;
  Future<int&> future = promise.get_future();
  Thread setter([&] { promise.set_value(value); });
  Assert(&future.get() == &value);
  setter.join();
}

void HandOverNothing() {
  Promise<void> promise;
  Future<void> future = promise.get_future();
  Thread setter([&] { promise.set_value(); });
  future.wait();
  future.get();
  setter.join();
}

void HandOverMoveOnly() {
  Promise<std::unique_ptr<int>> promise;
  Future<std::unique_ptr<int>> future = promise.get_future();
  Thread setter([&] { promise.set_value(std::make_unique<int>(4)); });
  Assert(*future.get() == 4);
  setter.join();
}

void HandOverException() {
  Promise<int> promise;
  Future<int> future = promise.get_future();
  Thread setter(
      [&] { promise.set_exception(std::make_exception_ptr(std::runtime_error("no value"))); });
  bool thrown = false;
  try {
    future.get();
  } catch (const std::runtime_error& error) {
    thrown = std::string(error.what()) == "no value";
  }
  Assert(thrown);
  setter.join();
}

TEST(Future, HandsOverTheResult) {
  ExpectClean(HandOver);
  ExpectClean(HandOverReference);
  ExpectClean(HandOverNothing);
  ExpectClean(HandOverMoveOnly);
  ExpectClean(HandOverException);
}

// The thread that has the result may destroy both ends while the other is still in set_value.
void DestroyAtOnce() {
  auto promise = std::make_unique<Promise<int>>();
  Future<int> future = promise->get_future();
  Thread setter([&promise = *promise] { promise.set_value(1); });
  Assert(std::exchange(future, {}).get() == 1);
  promise.reset();
  setter.join();
}

TEST(Future, MayBeDestroyedOnceTheResultIsSeen) { ExpectClean(DestroyAtOnce); }

void WaitWithTimeout() {
  Promise<int> promise;
  Future<int> future = promise.get_future();
  Assert(future.wait_for(1ms) == std::future_status::timeout);
  Assert(future.wait_until(VirtualClock::now() + 1ms) == std::future_status::timeout);
  Thread setter([&] { promise.set_value(1); });
  Assert(future.wait_for(1h) == std::future_status::ready);
  Assert(future.wait_for(0s) == std::future_status::ready);
  Assert(future.get() == 1);
  setter.join();
}

TEST(Future, WaitsWithTimeout) { ExpectClean(WaitWithTimeout); }

// In whole milliseconds: the real time that has passed since decides nothing.
void WaitUntilARealTime() {
  Promise<int> promise;
  Future<int> future = promise.get_future();
  const auto begin = VirtualClock::now();
  const auto time = std::chrono::steady_clock::now() + 10ms;
  Assert(future.wait_until(time) == std::future_status::timeout);
  Assert(VirtualClock::now() - begin >= 10ms);
}

TEST(Future, WaitsUntilATimeOfARealClock) { ExpectClean(WaitUntilARealTime); }

void ShareAmongThreads() {
  Promise<std::string> promise;
  const SharedFuture<std::string> shared = promise.get_future().share();
  const auto use = [shared] { Assert(shared.get() == "all"); };
  Thread a(use);
  Thread b(use);
  promise.set_value("all");
  Assert(&shared.get() == &shared.get());
  a.join();
  b.join();
  Promise<void> nothing;
  const SharedFuture<void> done = nothing.get_future();
  nothing.set_value();
  done.get();
  int value = 0;
  Promise<int&> reference;
  const SharedFuture<int&> referred(reference.get_future());
  reference.set_value(value);
  referred.get() = 2;
  Assert(value == 2);
}

TEST(SharedFuture, GivesTheResultToAll) { ExpectClean(ShareAmongThreads); }

void PromiseMoves() {
  Promise<int> a;
  Future<int> future = a.get_future();
  Promise<int> b(std::move(a));
  Promise<int> c;
  c = std::move(b);
  c.set_value(3);
  Assert(future.get() == 3);
  Future<int> empty;
  Assert(!empty.valid());
}

void UnaskedPromiseBreaks() {
  {
    Promise<int> nobody;
  }
  Promise<int> promise;
  const Future<int> future = promise.get_future();
  Thread([promise = std::move(promise)] {}).join();
}

TEST(Promise, Moves) { ExpectClean(PromiseMoves); }

TEST(Promise, MayBreakWhenNobodyAsks) { ExpectClean(UnaskedPromiseBreaks); }

// ---- Misuse: the exceptions of the standard, and a finding ----

void BreakBeforeGet() {
  Future<int> future = Promise<int>().get_future();
  Assert(FailsWith(std::future_errc::broken_promise, [&] { future.get(); }));
}

void BreakUnderWaiter() {
  auto promise = std::make_unique<Promise<void>>();
  Future<void> future = promise->get_future();
  Thread waiter(
      [&] { Assert(FailsWith(std::future_errc::broken_promise, [&] { future.get(); })); });
  promise.reset();
  waiter.join();
}

void SetTwice() {
  Promise<int> promise;
  promise.set_value(1);
  Assert(FailsWith(std::future_errc::promise_already_satisfied, [&] { promise.set_value(2); }));
  Assert(promise.get_future().get() == 1);
}

void SetByTwo() {
  Promise<int> promise;
  Thread other([&] {
    try {
      promise.set_value(2);
    } catch (const std::future_error&) {
    }
  });
  try {
    promise.set_exception(std::make_exception_ptr(1));
  } catch (const std::future_error&) {
  }
  other.join();
}

void GetTwice() {
  Promise<int> promise;
  promise.set_value(1);
  Future<int> future = promise.get_future();
  Assert(future.get() == 1);
  Assert(FailsWith(std::future_errc::no_state, [&] { future.get(); }));
}

void TwoFutures() {
  Promise<int> promise;
  const Future<int> future = promise.get_future();
  Assert(FailsWith(std::future_errc::future_already_retrieved, [&] { promise.get_future(); }));
}

void MovedFromPromise() {
  Promise<int> promise;
  const Promise<int> other(std::move(promise));
  Assert(FailsWith(std::future_errc::no_state, [&] { promise.set_value(1); }));
}

void WaitWithoutState() {
  const Future<int> future;
  Assert(FailsWith(std::future_errc::no_state, [&] { future.wait(); }));
}

TEST(FutureMisuse, IsFoundAndThrowsAsTheStandardSays) {
  const struct {
    void (*body)();
    const char* finding;
  } kCases[] = {
      {BreakBeforeGet,
       "misuse: broken promise: the Promise was destroyed without a value or exception"},
      {BreakUnderWaiter,
       "misuse: broken promise: the Promise was destroyed without a value or exception"},
      {SetTwice, "misuse: a Promise is satisfied twice"},
      {SetByTwo, "misuse: a Promise is satisfied twice"},
      {GetTwice, "misuse: get of a Future without a state: its result has been taken already"},
      {TwoFutures, "misuse: get_future of a Promise whose future has been taken already"},
      {MovedFromPromise, "misuse: use of a Promise that has been moved from"},
      {WaitWithoutState, "misuse: wait on a Future without a state"},
  };
  for (const auto& [body, finding] : kCases) {
    body();  // on real threads the exceptions alone
    EXPECT_EQ(FindingsOf(body), Findings{finding});
  }
}

void WaitForNobody() {
  Promise<int> promise;
  promise.get_future().get();
}

TEST(FutureMisuse, WaitForAPromiseThatNobodyKeepsIsStuck) {
  EXPECT_EQ(FindingsOf(WaitForNobody), Findings{"stuck"});
}

}  // namespace
}  // namespace heddle
