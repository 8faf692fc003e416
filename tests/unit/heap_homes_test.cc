// What the arena promises of threads: that what one does is independent of what others do.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/heap_use.h"
#include "harness/runtime/heap/arena.h"
#include "harness/runtime/heap/size_class.h"
#include "tests/unit/heap_test_support.h"

namespace heddle {
namespace {

class HeapHomesTest : public HeapTest {
 protected:
  // Four threads, the last of which has no home.
  void Begin() {
    arena_->set_step_counter(&steps_);
    arena_->set_use(&use_);
    arena_->set_reuse_decision(
        [](void* test, uint32_t own, uint32_t all) {
          auto* self = static_cast<HeapHomesTest*>(test);
          self->asked_.push_back({own, all});
          return std::min(self->answer_, all - 1);
        },
        this);
    arena_->BeginExecution();
    for (uint32_t thread = 0; thread < 3; ++thread) arena_->BeginThread(thread, thread);
    arena_->BeginThread(3, Arena::kNoHome);
  }

  std::vector<char*> Used() const {
    std::vector<char*> blocks;
    for (const uintptr_t block : use_.blocks()) blocks.push_back(reinterpret_cast<char*>(block));
    return blocks;
  }

  using Asked = std::vector<std::pair<uint32_t, uint32_t>>;
  Asked asked_;
  uint32_t answer_ = 0;
  uint64_t steps_ = 0;
  HeapUse use_;
};

TEST_F(HeapHomesTest, NoTwoPlacesInTheTreeOfSpawnsHaveOne) {
  std::set<uint32_t> homes = {0};
  std::vector<uint32_t> children;
  for (uint32_t i = 1; i < 2000; ++i) {
    const uint32_t home = Arena::HomeOfChild(0, i);
    EXPECT_EQ(home != Arena::kNoHome, i < 1024) << i;
    if (home == Arena::kNoHome) continue;
    EXPECT_TRUE(homes.insert(home).second);
    children.push_back(home);
  }
  std::vector<uint32_t> grandchildren;
  for (size_t parent = 0; parent < children.size(); ++parent) {
    for (uint32_t i = 1; i < 20; ++i) {
      const uint32_t home = Arena::HomeOfChild(children[parent], i);
      EXPECT_EQ(home != Arena::kNoHome, parent < 16 && i <= 16) << parent << ' ' << i;
      if (home == Arena::kNoHome) continue;
      EXPECT_TRUE(homes.insert(home).second);
      grandchildren.push_back(home);
    }
  }
  EXPECT_EQ(homes.size(), 1280u);
  for (const uint32_t home : grandchildren) EXPECT_EQ(Arena::HomeOfChild(home, 1), Arena::kNoHome);
  EXPECT_EQ(Arena::HomeOfChild(Arena::kNoHome, 1), Arena::kNoHome);
}

// A fixed sequence of calls for each of three threads.
struct Calls {
  explicit Calls(uint32_t thread) : thread(thread), random(thread) {}

  void Make(Arena* arena) {
    if (random() % 5 < 3 || live.empty()) {
      const size_t size = 1 + random() % (random() % 10 == 0 ? 3000 : 200);
      live.push_back(arena->Allocate(size, size_t{16} << random() % 4, {thread, 0}));
      addresses.push_back(live.back());
    } else {
      std::swap(live[random() % live.size()], live.back());
      arena->Free(live.back(), {thread, 0});
      live.pop_back();
    }
  }

  uint32_t thread;
  std::mt19937 random;
  std::vector<void*> live;
  std::vector<void*> addresses;
};

// With its own freed blocks taken as often as there are any, or never.
TEST_F(HeapHomesTest, AddressesDoNotDependOnWhatOtherThreadsDo) {
  for (const uint32_t answer : {0u, 1u}) {
    std::vector<std::vector<void*>> alone;
    for (uint32_t seed = 0; seed < 20; ++seed) {
      Begin();
      arena_->set_reuse_decision([](void* wanted, uint32_t own, uint32_t) {
        return std::min(*static_cast<uint32_t*>(wanted), own - 1);
      }, const_cast<uint32_t*>(&answer));
      std::vector<Calls> threads = {Calls(0), Calls(1), Calls(2)};
      std::mt19937 schedule(seed);
      int left[] = {300, 300, 300};
      while (left[0] + left[1] + left[2] > 0) {
        // The first seed runs one after the other.
        const uint32_t thread =
            seed == 0 ? (left[0] > 0 ? 0 : left[1] > 0 ? 1 : 2) : schedule() % 3;
        if (left[thread] == 0) continue;
        --left[thread];
        use_.Clear();
        ++steps_;
        threads[thread].Make(arena_.get());
        EXPECT_FALSE(use_.shared);
        EXPECT_FALSE(use_.everything);
      }
      for (uint32_t i = 0; i < 3; ++i) {
        if (seed == 0) alone.push_back(threads[i].addresses);
        ASSERT_EQ(threads[i].addresses, alone[i]) << "seed " << seed << " thread " << i;
      }
      arena_->EndExecution();
      ASSERT_TRUE(log_.faults.empty());
    }
  }
}

TEST_F(HeapHomesTest, OffersFirstWhatTheThreadItselfHasFreed) {
  Begin();
  char* const a = Alloc(24, 0);
  char* const b = Alloc(24, 1);
  char* const c = Alloc(24, 1);
  ++steps_;
  arena_->Free(a, {1, 0});
  Alloc(24, 0);
  EXPECT_EQ(asked_, (Asked{{1, 2}}));
  arena_->Free(b, {1, 0});
  arena_->Free(c, {0, 0});
  asked_.clear();
  Alloc(24, 0);  // c is the thread's own, and the latest of all
  Alloc(24, 1);  // b is the thread's own, c the other's
  Alloc(24, 2);
  EXPECT_EQ(asked_, (Asked{{2, 2}, {2, 3}, {1, 2}}));
  answer_ = 1;
  EXPECT_EQ(Alloc(24, 1), b);
  EXPECT_EQ(Alloc(24, 2), c);
  EXPECT_EQ(Alloc(24, 0), a);
  asked_.clear();
  Alloc(24, 0);
  EXPECT_TRUE(asked_.empty());
  answer_ = 2;
  arena_->Free(a, {0, 0});
  ++steps_;
  arena_->Free(b, {1, 0});
  EXPECT_EQ(Alloc(24, 1), b) << "what was freed in its own step is not offered, but b was not";
}

TEST_F(HeapHomesTest, DoesNotOfferWhatNoOtherThreadCanHaveSeen) {
  Begin();
  answer_ = 1;
  char* const block = Alloc(24, 1);
  arena_->Free(block, {1, 0});
  EXPECT_NE(Alloc(24, 1), block);
  EXPECT_TRUE(asked_.empty());
  EXPECT_TRUE(Used().empty());
  EXPECT_TRUE(arena_->IsFreed(block));
  arena_->Free(block, {2, 0});
  EXPECT_EQ(log_.faults.size(), 1u);
  EXPECT_EQ(log_.faults[0].kind, HeapFaultKind::kDoubleFree);
  EXPECT_EQ(Used(), std::vector<char*>{block});
  block[3] = 1;
  arena_->EndExecution();
  EXPECT_EQ(log_.faults.size(), 2u);
  EXPECT_EQ(log_.faults[1].kind, HeapFaultKind::kWriteAfterFree);
}

TEST_F(HeapHomesTest, TellsWhichBlocksAreFreedAndTakenAgain) {
  Begin();
  char* const a = Alloc(24, 0);
  char* const b = Alloc(24, 1);
  EXPECT_TRUE(Used().empty());
  ++steps_;
  arena_->Free(a, {1, 0});
  arena_->Free(b, {1, 0});
  arena_->Free(a, {1, 0});
  EXPECT_EQ(Used(), (std::vector<char*>{a, b, a}));
  use_.Clear();
  answer_ = 1;
  EXPECT_EQ(Alloc(24, 1), b);
  EXPECT_EQ(Used(), std::vector<char*>{b});
  EXPECT_FALSE(use_.shared);
  ++steps_;
  arena_->Reallocate(b, 25, {0, 0});
  EXPECT_EQ(Used(), (std::vector<char*>{b, b}));
  use_.Clear();
  std::vector<char*> many;
  for (int i = 0; i < 65; ++i) many.push_back(Alloc(24, 2));
  ++steps_;
  use_.Clear();
  for (char* const block : many) arena_->Free(block, {2, 0});
  EXPECT_TRUE(use_.everything);
  EXPECT_EQ(Used().size(), 64u);
}

TEST_F(HeapHomesTest, WhatDoesNotFitAHomeIsShared) {
  Begin();
  const auto uses_shared = [&](size_t size, uint32_t thread, size_t alignment = 16) {
    use_.Clear();
    const char* const block = Alloc(size, thread, 0, alignment);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
    return use_.shared;
  };
  EXPECT_FALSE(uses_shared(kLargestSharedBlock, 0));
  EXPECT_TRUE(uses_shared(kLargestSharedBlock + 1, 0));
  EXPECT_TRUE(uses_shared(1, 3));
  EXPECT_TRUE(uses_shared(1, 1'000'000'000));
  for (size_t alignment = 16; alignment <= 16'384; alignment *= 2) {
    EXPECT_EQ(uses_shared(100, 1, alignment), alignment > Arena::kMostHomeAlignment) << alignment;
  }
  // A block of the home that is freed is not taken where more alignment is wanted.
  answer_ = 1;
  arena_->Free(Alloc(4096, 1), {1, 0});
  ++steps_;
  EXPECT_TRUE(uses_shared(4096, 1, 4096));
  size_t blocks = 0;
  while (!uses_shared(100, 2)) ++blocks;
  EXPECT_GE(blocks * 112, 200u << 10);
  EXPECT_LE(blocks * 112, 256u << 10);
  EXPECT_TRUE(uses_shared(100, 2));
  EXPECT_FALSE(uses_shared(100, 1));
  arena_->EndExecution();
  Begin();
  EXPECT_FALSE(uses_shared(100, 2));
  EXPECT_TRUE(log_.faults.empty());
}

TEST_F(HeapHomesTest, ThreadsWithoutAHomeShareWhatTheyFree) {
  Begin();
  char* const block = Alloc(24, 3);
  ++steps_;
  use_.Clear();
  arena_->Free(block, {3, 0});
  EXPECT_TRUE(use_.shared);
  use_.Clear();
  answer_ = 1;
  EXPECT_EQ(Alloc(24, 4), block);
  EXPECT_EQ(asked_, (Asked{{2, 2}}));
  EXPECT_TRUE(use_.shared);
}

TEST_F(HeapHomesTest, WhatIsNotOfferedIsTakenWhenNothingElseIsLeft) {
  Make({.reserve_bytes = 1 << 20, .limit_bytes = 1 << 20});
  Begin();
  for (int i = 0; i < 100'000; ++i) {
    char* const block = Alloc(48, 1);
    ASSERT_NE(block, nullptr) << i;
    arena_->Free(block, {1, 0});
  }
  EXPECT_TRUE(asked_.empty());
  EXPECT_TRUE(use_.everything);
  EXPECT_TRUE(log_.faults.empty());
}

TEST_F(HeapHomesTest, BlocksOfFormerExecutionsAreForgotten) {
  Begin();
  char* const block = Alloc(24, 2);
  arena_->EndExecution();
  arena_->BeginExecution();
  EXPECT_FALSE(arena_->Describe(block).has_value());
  arena_->BeginThread(2, 2);
  EXPECT_FALSE(arena_->Describe(block).has_value());
  EXPECT_EQ(Alloc(24, 2), block);
  EXPECT_TRUE(arena_->Describe(block).has_value());
  EXPECT_FALSE(arena_->Describe(block + 32).has_value());
  EXPECT_FALSE(arena_->Describe(block + 2048).has_value());
}

}  // namespace
}  // namespace heddle
