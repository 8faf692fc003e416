// What the arena is built on: size classes and poison.
#include <bit>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "harness/runtime/heap/poison.h"
#include "harness/runtime/heap/size_class.h"

namespace heddle {
namespace {

TEST(HeapSizeClassTest, FitsEverySizeWithTheLeastBlock) {
  for (size_t size = 1; size <= (size_t{1} << 20); ++size) {
    const uint32_t c = SizeClassOf(size);
    ASSERT_GE(kSizeClasses[c].block_size, size);
    if (c > 0) {
      ASSERT_LT(kSizeClasses[c - 1].block_size, size);
    }
  }
  EXPECT_EQ(SizeClassOf(kLargestBlock), kSizeClassCount - 1);
  EXPECT_EQ(kSizeClasses[kSizeClassCount - 1].block_size, kLargestBlock);
}

TEST(HeapSizeClassTest, AMultipleOfAnAlignmentGetsBlocksThatAreOne) {
  for (size_t alignment = 16; alignment <= kArenaPage; alignment *= 2) {
    for (size_t size = alignment; size <= (size_t{8} << 20); size += alignment) {
      ASSERT_EQ(kSizeClasses[SizeClassOf(size)].block_size % alignment, 0u) << size;
    }
  }
}

TEST(HeapSizeClassTest, ReciprocalDividesExactly) {
  for (const SizeClass& c : kSizeClasses) {
    if (c.reciprocal == 0) {
      EXPECT_EQ(c.capacity, 1u);
      continue;
    }
    for (uint64_t offset = 0; offset < c.slab_pages * kArenaPage; ++offset) {
      ASSERT_EQ(BlockIndex(offset, c.reciprocal), offset / c.block_size)
          << offset << " / " << c.block_size;
    }
  }
}

TEST(HeapPoisonTest, FindsTheFirstDisturbedByte) {
  alignas(16) unsigned char block[64];
  FillPoison(block, sizeof(block), kFreedByte);
  EXPECT_EQ(FindDisturbed(block, sizeof(block), kFreedByte), nullptr);
  for (size_t i = 0; i < sizeof(block); ++i) {
    block[i] ^= 1;
    EXPECT_EQ(FindDisturbed(block, sizeof(block), kFreedByte), &block[i]);
    block[63] ^= i == 63 ? 0 : 0x80;
    EXPECT_EQ(FindDisturbed(block, sizeof(block), kFreedByte), &block[i]);
    block[63] = kFreedByte;
    block[i] = kFreedByte;
  }
}

}  // namespace
}  // namespace heddle
