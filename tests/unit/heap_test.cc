// The arena by itself: each promise of arena.h on its own.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/runtime/heap/arena.h"
#include "harness/runtime/heap/poison.h"
#include "harness/runtime/heap/size_class.h"
#include "tests/unit/heap_test_support.h"

namespace heddle {
namespace {

uint32_t Always(void*, uint32_t, uint32_t) { return 1; }

TEST(HeapOptionsTest, RefusesBadOptionsWithAReason) {
  const std::tuple<ArenaOptions, const char*> bad[] = {
      {{.base = 0}, "arena: base must be a page address and not 0"},
      {{.base = 0x1001}, "arena: base must be a page address and not 0"},
      {{.reserve_bytes = 0}, "arena: reserve_bytes must be between two pages and 63 GiB"},
      {{.reserve_bytes = Arena::kMostReserve + 4096},
       "arena: reserve_bytes must be between two pages and 63 GiB"},
      {{.reserve_bytes = 8192, .limit_bytes = 8193},
       "arena: limit_bytes must not exceed reserve_bytes"},
  };
  for (const auto& [options, reason] : bad) {
    std::string error;
    EXPECT_EQ(Arena::Create(options, &error), nullptr);
    EXPECT_EQ(error, reason);
  }
}

TEST_F(HeapTest, RefusesAnAddressInUse) {
  std::string error;
  EXPECT_EQ(Arena::Create({.base = kTestBase}, &error), nullptr);
  char expected[100];
  std::snprintf(expected, sizeof(expected),
                "arena: cannot reserve 1073741824 bytes of address space at 0x%zx", kTestBase);
  EXPECT_NE(error.find(expected), std::string::npos) << error;
}

// Runs a fixed pseudo-random execution and returns all the addresses that it got, and the first
// bytes of each block.
std::vector<uintptr_t> Trace(Arena* arena, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::mt19937_64 decisions(seed + 1);
  arena->set_reuse_decision(
      [](void* d, uint32_t, uint32_t all) {
        return static_cast<uint32_t>((*static_cast<std::mt19937_64*>(d))() % all);
      },
      &decisions);
  arena->BeginExecution();
  for (uint32_t thread = 0; thread < 3; ++thread) arena->BeginThread(thread, thread);
  std::vector<uintptr_t> trace;
  std::vector<char*> live;
  for (int i = 0; i < 3000; ++i) {
    if (random() % 3 != 0 || live.empty()) {
      const size_t size = random() % (random() % 50 == 0 ? 100'000 : 400);
      char* block = static_cast<char*>(
          arena->Allocate(size, size_t{16} << (random() % 10), {static_cast<uint32_t>(i % 4), 0}));
      trace.push_back(reinterpret_cast<uintptr_t>(block));
      for (size_t b = 0; b < std::min<size_t>(size, 256); ++b) {
        trace.push_back(static_cast<unsigned char>(block[b]));
      }
      std::memset(block, static_cast<int>(seed), size);
      live.push_back(block);
    } else {
      std::swap(live[random() % live.size()], live.back());
      arena->Free(live.back(), {static_cast<uint32_t>(i / 7 % 4), 0});
      live.pop_back();
    }
  }
  arena->EndExecution();
  return trace;
}

TEST_F(HeapTest, GivesTheSameAddressesAndFreshContentsInEveryExecution) {
  const std::vector<uintptr_t> first = Trace(arena_.get(), 1);
  const std::vector<uintptr_t> other = Trace(arena_.get(), 2);
  EXPECT_NE(first, other);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Trace(arena_.get(), 1), first);
    EXPECT_EQ(Trace(arena_.get(), 2), other);
  }
  Make({});  // and in a new arena, as another process would have it
  EXPECT_EQ(Trace(arena_.get(), 2), other);
}

TEST_F(HeapTest, GivesTheAddressesThatTheLayoutSays) {
  arena_->BeginExecution();
  char* const base = reinterpret_cast<char*>(kTestBase);
  char* const first = base + 4096;
  EXPECT_EQ(Alloc(1), first);
  EXPECT_EQ(Alloc(16), first + 16);
  EXPECT_EQ(Alloc(17), first + 4096);
  EXPECT_EQ(Alloc(0), first + 32);
  EXPECT_EQ(Alloc(40'000), first + 8192);
  EXPECT_EQ(Alloc(1, 0, 0, 64), first + 8192 + 40'960);
  EXPECT_TRUE(arena_->Contains(base));
  EXPECT_FALSE(arena_->Contains(base - 1));
  EXPECT_TRUE(arena_->Contains(base + (size_t{1} << 30)));  // the first home
  EXPECT_FALSE(arena_->Contains(base + arena_->address_space()));
}

TEST_F(HeapTest, NewBlocksHaveKnownContentsAndZeroedOnesAreZero) {
  for (int execution = 0; execution < 2; ++execution) {
    arena_->BeginExecution();
    char* block = Alloc(100);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(static_cast<unsigned char>(block[i]), kFreshByte);
    std::memset(block, 1, 100);
    char* zeroed = static_cast<char*>(arena_->AllocateZeroed(5000, {}));
    for (int i = 0; i < 5000; ++i) ASSERT_EQ(zeroed[i], 0);
    std::memset(zeroed, 1, 5000);
    arena_->EndExecution();
  }
}

TEST_F(HeapTest, AsksAboutReuseOnlyIfSomethingOfThatClassIsFreed) {
  struct Answers {
    std::vector<uint32_t> asked;
    uint32_t answer = 0;
  } answers;
  arena_->set_reuse_decision(
      [](void* context, uint32_t own, uint32_t all) {
        auto* a = static_cast<Answers*>(context);
        EXPECT_EQ(own, all);
        a->asked.push_back(all);
        return a->answer;
      },
      &answers);
  arena_->BeginExecution();
  char* a = Alloc(24);
  char* b = Alloc(24);
  Alloc(100);
  EXPECT_TRUE(answers.asked.empty());
  arena_->Free(a, {});
  arena_->Free(b, {});
  Alloc(100);
  EXPECT_TRUE(answers.asked.empty());
  char* c = Alloc(20);
  EXPECT_EQ(answers.asked, (std::vector<uint32_t>{2}));
  EXPECT_EQ(c, b + 32);
  answers.answer = 1;
  EXPECT_EQ(Alloc(32), b);
  EXPECT_EQ(Alloc(32), a);
  EXPECT_EQ(answers.asked, (std::vector<uint32_t>{2, 2, 2}));
  EXPECT_EQ(Alloc(32), c + 32);
  EXPECT_EQ(answers.asked.size(), 3u);
}

TEST_F(HeapTest, NamesABlockByThreadAndIndexAlsoWhenItsPlaceIsReused) {
  arena_->set_reuse_decision(Always, nullptr);
  arena_->BeginExecution();
  Alloc(24, 1);
  char* block = Alloc(24, 2, 0x10);
  arena_->Free(block, {3, 0x20});
  const auto before = arena_->Describe(block);
  ASSERT_EQ(Alloc(30, 1, 0x30), block);
  const auto after = arena_->Describe(block + 7);
  EXPECT_EQ(before->allocated_by.thread, 2u);
  EXPECT_EQ(before->allocation_index, 0u);
  EXPECT_EQ(before->freed_by.thread, 3u);
  EXPECT_EQ(after->allocated_by.thread, 1u);
  EXPECT_EQ(after->allocation_index, 1u);
  EXPECT_EQ(after->offset, 7u);
  EXPECT_EQ(after->size, 30u);
  EXPECT_EQ(after->number, before->number);
}

TEST_F(HeapTest, ThreadNumbersMayBeLarge) {
  arena_->BeginExecution();
  for (uint32_t thread : {0u, 10'000u, 0xffff'ffffu, 10'000u}) Alloc(8, thread);
  EXPECT_EQ(arena_->Describe(Alloc(8, 10'000))->allocation_index, 2u);
  EXPECT_EQ(arena_->Describe(Alloc(8, 0xffff'ffff))->allocated_by.thread, 0xffff'ffffu);
  arena_->BeginExecution();
  EXPECT_EQ(arena_->Describe(Alloc(8, 10'000))->allocation_index, 0u);
}

TEST_F(HeapTest, ReportsADoubleFreeWithBothSides) {
  arena_->BeginExecution();
  char* block = Alloc(24, 1, 0x100);
  arena_->Free(block, {2, 0x200});
  EXPECT_TRUE(log_.faults.empty());
  arena_->Free(block, {3, 0x300});
  ASSERT_EQ(log_.faults.size(), 1u);
  const HeapFault& fault = log_.faults[0];
  EXPECT_EQ(fault.kind, HeapFaultKind::kDoubleFree);
  EXPECT_EQ(fault.address, block);
  EXPECT_EQ(fault.site.thread, 3u);
  EXPECT_EQ(fault.site.pc, 0x300u);
  ASSERT_TRUE(fault.block.has_value());
  EXPECT_EQ(fault.block->size, 24u);
  EXPECT_EQ(fault.block->state, BlockState::kFreed);
  EXPECT_EQ(fault.block->allocated_by.thread, 1u);
  EXPECT_EQ(fault.block->allocated_by.pc, 0x100u);
  EXPECT_EQ(fault.block->freed_by.thread, 2u);
  EXPECT_EQ(fault.block->freed_by.pc, 0x200u);
  EXPECT_EQ(arena_->live_blocks(), 0u);
  arena_->EndExecution();
  EXPECT_EQ(log_.faults.size(), 1u);
}

TEST_F(HeapTest, ReportsInvalidFrees) {
  arena_->BeginExecution();
  char* block = Alloc(100);
  arena_->Free(block + 16, {});    // inside a block
  arena_->Free(block + 112, {});   // the next block of the slab, not allocated yet
  arena_->Free(block + 4096, {});  // a page that no slab has taken
  arena_->Free(block + 4090, {});  // the tail of the slab, where no block fits
  ASSERT_EQ(log_.faults.size(), 4u);
  for (const HeapFault& fault : log_.faults) EXPECT_EQ(fault.kind, HeapFaultKind::kInvalidFree);
  ASSERT_TRUE(log_.faults[0].block.has_value());
  EXPECT_EQ(log_.faults[0].block->start, block);
  EXPECT_EQ(log_.faults[0].block->offset, 16u);
  for (int i = 1; i < 4; ++i) EXPECT_FALSE(log_.faults[i].block.has_value());
  EXPECT_EQ(arena_->live_blocks(), 1u);
}

TEST_F(HeapTest, TheTailOfAFullSlabIsInNoBlock) {
  arena_->BeginExecution();
  char* first = Alloc(112);
  for (int i = 1; i < 36; ++i) ASSERT_EQ(Alloc(112), first + i * 112);
  EXPECT_EQ(Alloc(112), first + 4096);
  EXPECT_TRUE(arena_->Describe(first + 36 * 112 - 1).has_value());
  EXPECT_FALSE(arena_->Describe(first + 36 * 112).has_value());
}

TEST_F(HeapTest, PagesSkippedForAlignmentAreInNoBlock) {
  arena_->BeginExecution();
  for (int i = 0; i < 300; ++i)
    Alloc(200'000);  // the page table now says so, for an execution that is over
  arena_->BeginExecution();
  char* before = Alloc(16);
  char* aligned = Alloc(16, 0, 0, 1 << 20);
  ASSERT_GT(aligned, before + 4096);
  EXPECT_EQ(arena_->Describe(aligned + 5)->start, aligned);
  for (char* at = before + 4096; at < aligned; at += 4096) {
    ASSERT_FALSE(arena_->Describe(at).has_value());
  }
}

TEST_F(HeapTest, ReallocOfAFreedBlockIsReportedAndGivesAFreshOne) {
  arena_->BeginExecution();
  char* block = Alloc(100);
  arena_->Free(block, {});
  char* other = static_cast<char*>(arena_->Reallocate(block, 50, {}));
  EXPECT_NE(other, nullptr);
  EXPECT_NE(other, block);
  ASSERT_EQ(log_.faults.size(), 1u);
  EXPECT_EQ(log_.faults[0].kind, HeapFaultKind::kDoubleFree);
}

TEST_F(HeapTest, SeesAWriteAfterFreeAtTheEndOfTheExecution) {
  arena_->BeginExecution();
  for (size_t size : {1, 24, 100, 256, 1000, 40'000}) {
    char* block = Alloc(size, 1, size);
    arena_->Free(block, {});
    block[size / 7] = 1;  // within the first 256 bytes, except for the last
  }
  char* aligned = Alloc(10, 1, 7, 65'536);
  arena_->Free(aligned, {});
  aligned[9] = 1;
  EXPECT_TRUE(log_.faults.empty());
  arena_->EndExecution();
  ASSERT_EQ(log_.faults.size(), 6u);
  std::vector<size_t> sizes;
  for (const HeapFault& fault : log_.faults) {
    EXPECT_EQ(fault.kind, HeapFaultKind::kWriteAfterFree);
    ASSERT_TRUE(fault.block.has_value());
    EXPECT_EQ(fault.address, fault.block->start + fault.block->offset);
    if (fault.block->start != aligned) {
      EXPECT_EQ(fault.block->offset, fault.block->size / 7);
    }
    sizes.push_back(fault.block->size);
  }
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<size_t>{1, 10, 24, 100, 256, 1000}));
}

TEST_F(HeapTest, SeesAWriteAfterFreeAtReuseOnce) {
  arena_->set_reuse_decision(Always, nullptr);
  arena_->BeginExecution();
  char* block = Alloc(24, 1);
  arena_->Free(block, {2, 0x20});
  block[5] = 'x';
  EXPECT_EQ(Alloc(24, 3, 0x30), block);
  ASSERT_EQ(log_.faults.size(), 1u);
  EXPECT_EQ(log_.faults[0].kind, HeapFaultKind::kWriteAfterFree);
  EXPECT_EQ(log_.faults[0].address, block + 5);
  EXPECT_EQ(log_.faults[0].site.thread, 3u);
  EXPECT_EQ(log_.faults[0].block->freed_by.thread, 2u);
  arena_->Free(block, {});
  arena_->EndExecution();
  EXPECT_EQ(log_.faults.size(), 1u);
}

TEST_F(HeapTest, KeepsToTheLimitAndGoesOn) {
  Make({.reserve_bytes = 1 << 20, .limit_bytes = 100'000});
  arena_->BeginExecution();
  char* big = Alloc(90'000);
  ASSERT_NE(big, nullptr);
  EXPECT_EQ(Alloc(10'001, 4, 0x40), nullptr);
  ASSERT_EQ(log_.faults.size(), 1u);
  EXPECT_EQ(log_.faults[0].kind, HeapFaultKind::kMemoryLimit);
  EXPECT_EQ(log_.faults[0].size, 10'001u);
  EXPECT_EQ(log_.faults[0].site.thread, 4u);
  EXPECT_EQ(arena_->Reallocate(big, 100'001, {}), nullptr);
  EXPECT_EQ(log_.faults.size(), 2u);
  EXPECT_EQ(arena_->Describe(big)->state, BlockState::kLive);
  EXPECT_NE(Alloc(10'000), nullptr);
  EXPECT_EQ(arena_->live_bytes(), 100'000u);
  arena_->Free(big, {});
  EXPECT_NE(Alloc(80'000), nullptr);
  EXPECT_EQ(log_.faults.size(), 2u);
  for (size_t size : {size_t{2} << 20, SIZE_MAX, SIZE_MAX - 4095, size_t{1} << 63}) {
    EXPECT_EQ(Alloc(size), nullptr);
    EXPECT_EQ(log_.faults.back().kind, HeapFaultKind::kSizeTooLarge);
    EXPECT_EQ(log_.faults.back().size, size);
    EXPECT_EQ(Alloc(size, 0, 0, 65'536), nullptr);
  }
  EXPECT_EQ(Alloc(1, 0, 0, size_t{1} << 63), nullptr);
  EXPECT_EQ(log_.faults.back().kind, HeapFaultKind::kMemoryLimit);
}

TEST_F(HeapTest, ReusesWhateverTheDecisionOnceTheAddressSpaceIsUsedUp) {
  Make({.reserve_bytes = 1 << 20, .limit_bytes = 1 << 20});
  arena_->set_reuse_decision([](void*, uint32_t, uint32_t) { return 0u; }, nullptr);
  arena_->BeginExecution();
  for (int i = 0; i < 1'000'000; ++i) {
    char* block = Alloc(48);
    ASSERT_NE(block, nullptr) << i;
    arena_->Free(block, {});
  }
  EXPECT_TRUE(log_.faults.empty());
  EXPECT_EQ(Alloc(64), nullptr);  // no page left for a class that has nothing to reuse
  EXPECT_EQ(log_.faults.size(), 1u);
}

TEST_F(HeapTest, FreesBetweenExecutionsDoNothing) {
  arena_->BeginExecution();
  char* block = Alloc(24);
  arena_->EndExecution();
  arena_->Free(block, {});
  arena_->Free(block, {});
  EXPECT_TRUE(log_.faults.empty());
  EXPECT_EQ(arena_->live_blocks(), 1u);
  arena_->BeginExecution();
  EXPECT_EQ(arena_->live_blocks(), 0u);
  EXPECT_FALSE(arena_->Describe(block).has_value());
  EXPECT_EQ(arena_->Describe(Alloc(24))->serial, 0u);
}

TEST_F(HeapTest, ListsLiveBlocksInTheOrderOfAllocation) {
  arena_->set_reuse_decision(Always, nullptr);
  arena_->BeginExecution();
  char* a = Alloc(1000);
  char* b = Alloc(16);
  char* c = Alloc(500'000);
  char* d = Alloc(16, 0, 0, 8192);
  arena_->Free(a, {});
  char* e = Alloc(1000);
  EXPECT_EQ(e, a);
  arena_->EndExecution();
  std::vector<char*> starts;
  for (const BlockInfo& block : arena_->LiveBlocks()) starts.push_back(block.start);
  EXPECT_EQ(starts, (std::vector<char*>{b, c, d, e}));
}

size_t ResidentBytes() {
  size_t total = 0, resident = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  const int got = std::fscanf(file, "%zu %zu", &total, &resident);
  std::fclose(file);
  return got == 2 ? resident * 4096 : 0;
}

TEST_F(HeapTest, AMillionExecutionsDoNotGrowTheProcess) {
  size_t before = 0;
  for (int execution = 0; execution < 1'000'000; ++execution) {
    arena_->BeginExecution();
    char* blocks[8];
    for (uint32_t i = 0; i < 8; ++i) blocks[i] = Alloc(16 + i * 100, i);
    for (uint32_t i = 0; i < 6; ++i) arena_->Free(blocks[i], {});  // two of them leak
    arena_->EndExecution();
    if (execution == 1000) before = ResidentBytes();
  }
  EXPECT_TRUE(log_.faults.empty());
  EXPECT_LE(ResidentBytes(), before + (size_t{1} << 20));
}

using ThreadUnsanitizedHeapTest = HeapTest;

// ThreadSanitizer keeps what it noted of that memory.
TEST_F(ThreadUnsanitizedHeapTest, AnExecutionThatUsedMuchMemoryGivesItBack) {
  Make({.keep_bytes = 1 << 20});
  arena_->BeginExecution();
  const size_t before = ResidentBytes();
  for (int i = 0; i < 100; ++i) std::memset(Alloc(1 << 20), 1, 1 << 20);
  EXPECT_GE(ResidentBytes(), before + (size_t{90} << 20));
  arena_->EndExecution();
  arena_->BeginExecution();
  EXPECT_LE(ResidentBytes(), before + (size_t{8} << 20));
  EXPECT_NE(Alloc(2 << 20), nullptr);
}

TEST_F(HeapTest, ResettingCostsTheSameAfterALargeExecution) {
  arena_->BeginExecution();
  for (int i = 0; i < 300'000; ++i) Alloc(16 + i % 1000);
  arena_->EndExecution();
  arena_->BeginExecution();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) {
    Alloc(16);
    arena_->EndExecution();
    arena_->BeginExecution();
  }
  const double ns =
      std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() /
      10'000;
  // It is tens of nanoseconds; a reset that looked at the 300,000 blocks would take a hundred
  // microseconds or more.
  EXPECT_LT(ns, 5'000) << "per execution";
}

}  // namespace
}  // namespace heddle
