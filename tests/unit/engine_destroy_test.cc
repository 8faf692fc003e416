// An object is destroyed while another thread has got hold of it, but has not made its step on it.
#include <gtest/gtest.h>

#include <memory>
#include <new>

#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "tests/support/controlled.h"

namespace heddle {
namespace {

using testing::Controlled;

// Heddle's own heap keeps what is freed.
TEST(UnsanitizedEngineDestroyTest, AnAtomicFreedUnderAPendingLoadIsAUseAfterFree) {
  Controlled controlled;
  controlled.RunRandom(
      [] {
        auto* const flag = new Atomic<int>(0);
        Thread reader([=] {
          flag->load();  // the object is known in this execution from here on
          flag->load();
        });
        flag->load();
        delete flag;
        reader.join();
      },
      200);
  EXPECT_GT(controlled.Count(FindingKind::kUseAfterFree), 0) << controlled.Text();
  EXPECT_EQ(controlled.Count(FindingKind::kMisuse), 0) << controlled.Text();
}

// The use that follows, be it a write to the freed block, is the same bug.
TEST(UnsanitizedEngineDestroyTest, AnAtomicFreedUnderAPendingStoreIsToldOnce) {
  int told = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Controlled controlled;
    controlled.RunRandom(
        [] {
          Atomic<bool> ready(false);
          auto* const flag = new Atomic<int>(0);
          // When it is ready, it is about to store.
          Thread writer([&, flag] {
            ready.store(true);
            flag->store(1);
            flag->store(2);
          });
          flag->load();
          while (!ready.load()) Yield();
          delete flag;
          writer.join();
        },
        1, seed);
    if (controlled.Clean()) continue;
    ++told;
    EXPECT_EQ(controlled.Text(),
              "use-after-free: destruction of an atomic that another thread is about to use "
              "(store); ");
  }
  EXPECT_GT(told, 0);
}

TEST(EngineDestroyTest, AnAtomicOnTheStackThatEndsUnderAPendingLoadIsAUseAfterFree) {
  Controlled controlled;
  controlled.RunRandom(
      [] {
        alignas(Atomic<int>) unsigned char storage[sizeof(Atomic<int>)];
        auto* const flag = new (storage) Atomic<int>(0);
        Thread reader([=] { flag->load(); });
        flag->store(1);
        flag->~Atomic();
        reader.join();
      },
      200);
  EXPECT_GT(controlled.Count(FindingKind::kUseAfterFree), 0) << controlled.Text();
  EXPECT_EQ(controlled.Count(FindingKind::kMisuse), 0) << controlled.Text();
}

TEST(EngineDestroyTest, AThreadThatHasMadeItsLastStepIsNoUser) {
  Controlled controlled;
  controlled.RunRandom(
      [] {
        Atomic<int> other(0);
        auto flag = std::make_unique<Atomic<int>>(0);
        Thread user([&, raw = flag.get()] {
          raw->store(1);
          other.load();
        });
        while (flag->load() == 0) Yield();
        flag.reset();
        user.join();
      },
      200);
  EXPECT_TRUE(controlled.Clean()) << controlled.Text();
}

}  // namespace
}  // namespace heddle
