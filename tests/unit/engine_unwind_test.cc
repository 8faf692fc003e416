// The end of an execution that failed: its threads are unwound newest first, whichever failed.
#include <cstddef>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/support/controlled.h"

namespace heddle {
namespace {

using testing::Controlled;

// The threads whose frames were destroyed, in this order. No heap: that is the execution's.
int unwound[8];
size_t unwound_count = 0;

struct Frame {
  int thread;
  ~Frame() { unwound[unwound_count++] = thread; }
};

std::vector<int> Unwound() { return {unwound, unwound + unwound_count}; }

// Waits for ever, in a frame of its own.
void WaitForEver(int thread, Mutex& mutex, CondVar& never) {
  const Frame frame{thread};
  std::unique_lock hold(mutex);
  never.wait(hold);
}

TEST(EngineUnwindTest, TheThreadThatIsStuckLastIsUnwoundInItsTurn) {
  Controlled controlled;
  controlled.RunRandom(
      [] {
        unwound_count = 0;
        const Frame frame{0};
        Mutex mutex;
        CondVar never;
        Thread first([&] { WaitForEver(1, mutex, never); });
        Thread second([&] { WaitForEver(2, mutex, never); });
        std::unique_lock hold(mutex);
        never.wait(hold);
      },
      20);
  EXPECT_EQ(controlled.Count(FindingKind::kStuck), 20) << controlled.Text();
  EXPECT_EQ(Unwound(), (std::vector<int>{2, 1, 0}));
}

TEST(EngineUnwindTest, AFailedAssertionOfMainLetsNewerThreadsGoFirst) {
  unwound_count = 0;
  Controlled controlled;
  controlled.RunRandom([] {
    const Frame frame{0};
    Mutex mutex;
    CondVar never;
    Atomic<bool> waits(false);
    Thread waiter([&] {
      const Frame other{1};
      std::unique_lock hold(mutex);
      waits.store(true);
      never.wait(hold);
    });
    while (!waits.load()) Yield();
    Assert(false, "main fails");
  });
  EXPECT_EQ(controlled.Count(FindingKind::kAssertion), 1) << controlled.Text();
  EXPECT_EQ(Unwound(), (std::vector<int>{1, 0}));
}

// A thread that has performed no operation since its start has frames all the same.
TEST(EngineUnwindTest, AThreadThatFailsBeforeItsFirstOperationIsUnwound) {
  unwound_count = 0;
  Controlled controlled;
  controlled.RunRandom([] {
    const Frame frame{0};
    Assert(false, "at once");
  });
  EXPECT_EQ(controlled.Count(FindingKind::kAssertion), 1) << controlled.Text();
  EXPECT_EQ(Unwound(), std::vector<int>{0});
}

}  // namespace
}  // namespace heddle
