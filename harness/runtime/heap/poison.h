// Fills blocks with a recognisable byte and tells where such a fill was disturbed.
//
// Written out instead of calling memset and memcmp: the program under test may intercept those, and
// for the few dozen bytes of a usual block the call costs more than the work.
// Threading: none.
// Cost: one 16-byte store or comparison per 16 bytes.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_POISON_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_POISON_H_

#include <cstddef>
#include <cstdint>

namespace heddle {

// What a freed block is filled with: as a pointer it is not canonical, so following it faults at
// once.
inline constexpr uint8_t kFreedByte = 0xdb;
// What a new block is filled with, so that reading memory that was never written gives the same
// answer in every execution.
inline constexpr uint8_t kFreshByte = 0xcd;

namespace internal {
// May alias whatever the program keeps in the block.
using PoisonUnit = uint64_t __attribute__((vector_size(16), may_alias));

constexpr PoisonUnit PoisonUnitOf(uint8_t byte) {
  const uint64_t word = uint64_t{byte} * 0x0101010101010101u;
  return PoisonUnit{word, word};
}
}  // namespace internal

// Fills `bytes` (a multiple of 16) from `start` (a multiple of 16).
inline void FillPoison(void* start, size_t bytes, uint8_t byte) {
  const internal::PoisonUnit pattern = internal::PoisonUnitOf(byte);
  auto* unit = static_cast<internal::PoisonUnit*>(start);
  auto* const end = unit + bytes / sizeof(*unit);
  while (unit != end) {
    *unit++ = pattern;
    asm volatile("" ::: "memory");  // keeps the compiler from making this loop a call of memset
  }
}

// The first byte that is no longer `byte`, or null if all are. Same restrictions as FillPoison.
inline const void* FindDisturbed(const void* start, size_t bytes, uint8_t byte) {
  const internal::PoisonUnit pattern = internal::PoisonUnitOf(byte);
  const auto* unit = static_cast<const internal::PoisonUnit*>(start);
  const auto* const end = unit + bytes / sizeof(*unit);
  for (; unit != end; ++unit) {
    const internal::PoisonUnit difference = *unit ^ pattern;
    if ((difference[0] | difference[1]) == 0) continue;
    const auto* at = reinterpret_cast<const unsigned char*>(unit);
    while (*at == byte) ++at;
    return at;
  }
  return nullptr;
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_POISON_H_
