// What a step did to program memory that the order of steps matters to, for strategies that ask
// which steps commute. Filled in by the heap, which says what it leaves out and why
// (runtime/heap/arena.h). Plain data. Cost: of Note, a store.
#ifndef HEDDLE_HARNESS_CORE_HEAP_USE_H_
#define HEDDLE_HARNESS_CORE_HEAP_USE_H_

#include <array>
#include <cstdint>
#include <span>

namespace heddle {

class HeapUse {
 public:
  // It took memory that is handed out in one order to all threads: such steps depend on each other.
  bool shared = false;
  // It did more than can be told: it depends on every step.
  bool everything = false;

  // The starts of the blocks that it freed, tried to free, or took again after they had been freed:
  // steps with a block in common depend on each other.
  std::span<const uintptr_t> blocks() const { return {blocks_.data(), count_}; }

  void Note(uintptr_t block) {
    if (count_ < blocks_.size()) {
      blocks_[count_++] = block;
    } else {
      everything = true;
    }
  }
  void Clear() {
    shared = everything = false;
    count_ = 0;
  }

 private:
  // Strategies compare the blocks of two steps each with each.
  std::array<uintptr_t, 64> blocks_;
  uint32_t count_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_HEAP_USE_H_
