// The sizes of blocks that the arena hands out, and how many pages a slab of each takes.
//
// Up to 256 bytes every multiple of 16; above, four steps to each doubling, so that at most a fifth
// of a block is slack. Blocks of up to 32 KiB share a slab; a larger one has a slab of its own,
// whose unused tail costs address space only.
// Threading: pure functions and a constant table.
// Cost: a few instructions.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_SIZE_CLASS_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_SIZE_CLASS_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace heddle {

struct SizeClass {
  uint64_t block_size;  // invariant: a multiple of 16
  uint32_t slab_pages;
  uint32_t capacity;    // blocks in a slab
  uint32_t reciprocal;  // see BlockIndex; 0 when the slab holds one block
};

inline constexpr size_t kArenaPage = 4096;
inline constexpr size_t kGranule = 16;
inline constexpr size_t kLargestSharedBlock = size_t{32} << 10;
inline constexpr size_t kLargestBlock = size_t{1} << 36;
inline constexpr uint32_t kSizeClassCount = 128;

// The class whose blocks fit `size` bytes, 1 <= size <= kLargestBlock, with the least slack.
constexpr uint32_t SizeClassOf(size_t size) {
  if (size <= 256) return static_cast<uint32_t>((size - 1) / kGranule);
  const uint32_t log = static_cast<uint32_t>(std::bit_width(size - 1)) - 1;
  return 16 + (log - 8) * 4 + static_cast<uint32_t>(((size - 1) >> (log - 2)) & 3);
}

constexpr std::array<SizeClass, kSizeClassCount> MakeSizeClasses() {
  std::array<SizeClass, kSizeClassCount> classes{};
  for (uint32_t i = 0; i < kSizeClassCount; ++i) {
    SizeClass& c = classes[i];
    if (i < 16) {
      c.block_size = (i + 1) * kGranule;
    } else {
      const uint32_t log = 8 + (i - 16) / 4;
      c.block_size = (uint64_t{1} << log) + (uint64_t{(i - 16) % 4 + 1} << (log - 2));
    }
    size_t slab = c.block_size;
    if (slab <= kLargestSharedBlock) {
      // Sixteen blocks or more to a slab, but never more than 128 KiB, so that small executions
      // touch few pages.
      slab = std::max(kArenaPage, std::min(slab * 16, size_t{128} << 10));
      slab = (slab + kArenaPage - 1) & ~(kArenaPage - 1);
      // Rounded up; exact for offsets below 2^17 and blocks of up to 2^15, since the error stays
      // below one block's share.
      c.reciprocal = static_cast<uint32_t>(((uint64_t{1} << 32) + c.block_size - 1) / c.block_size);
    }
    c.slab_pages = static_cast<uint32_t>(slab / kArenaPage);
    c.capacity = static_cast<uint32_t>(slab / c.block_size);
  }
  return classes;
}

inline constexpr std::array<SizeClass, kSizeClassCount> kSizeClasses = MakeSizeClasses();

// Which block of a slab holds the byte `offset` from its start.
constexpr uint32_t BlockIndex(uint64_t offset, uint32_t reciprocal) {
  return static_cast<uint32_t>((offset * reciprocal) >> 32);
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_SIZE_CLASS_H_
