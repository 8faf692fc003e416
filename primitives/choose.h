// heddle::Choose: a choice that the search makes, for inputs and failures that are part of a case.
//
// Under control each of the values 0 .. bound - 1 is a branch of the search, recorded in the
// schedule. Without an engine the values are pseudo-random, from one sequence per process with a
// fixed seed: a program with one thread gets the same answers in each run.
// Not a scheduling point, orders nothing. Cost: a decision of the search; natively one relaxed
// fetch_add.
#ifndef HEDDLE_PRIMITIVES_CHOOSE_H_
#define HEDDLE_PRIMITIVES_CHOOSE_H_

#include <atomic>
#include <cstdint>

#include "harness/core/random.h"
#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle {

namespace internal {

// splitmix64 is a mixed counter, so that threads share the sequence without a lock.
inline uint32_t NativeChoice(uint32_t bound) {
  static constinit std::atomic<uint64_t> counter{0};
  const uint64_t draw = MixSeed(counter.fetch_add(1, std::memory_order_relaxed), 0);
  return static_cast<uint32_t>(((draw >> 32) * bound) >> 32);
}

}  // namespace internal

// A number below `bound`; 0 when there is nothing to choose (bound 0 or 1).
HEDDLE_DOOR inline uint32_t Choose(uint32_t bound) {
  if (bound < 2) return 0;
  if (Runtime* runtime = Runtime::Current()) {
    return static_cast<uint32_t>(runtime->Choose(bound));
  }
  return internal::NativeChoice(bound);
}

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_CHOOSE_H_
