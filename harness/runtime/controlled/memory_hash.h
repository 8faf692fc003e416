// A hash of memory, for telling whether the state of a program has come back.
//
// Every word is absorbed by a bijection of the hash so far, as in xxHash64 (Y. Collet), whose
// constants these are, so that no word, whatever it is, makes it forget what came before. Hashes
// that multiply words by each other do: a word that is their constant makes a factor zero, and the
// memory of programs has such constants in it, those of random generators for one.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_MEMORY_HASH_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_MEMORY_HASH_H_

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "harness/core/random.h"

namespace heddle {

// Of what lies from `begin` to `end`, after what `hash` is of. Cost: some 8 cycles for 32 bytes.
// Memory is read as it is: AddressSanitizer would object to the red zones of stacks; of a memcpy,
// too, that is larger than a word and so becomes a call.
__attribute__((no_sanitize("address"))) inline uint64_t HashMemory(uint64_t hash, uintptr_t begin,
                                                                   uintptr_t end) {
  constexpr auto absorb = [](uint64_t lane, uint64_t word) {
    return std::rotl(lane + word * 0xc2b2ae3d27d4eb4f, 31) * 0x9e3779b185ebca87;
  };
  std::array<uint64_t, 4> lanes = {hash, 1, 2, 3};
  for (; begin + sizeof(lanes) <= end; begin += sizeof(lanes)) {
    for (size_t i = 0; i < lanes.size(); ++i) {
      uint64_t word;
      std::memcpy(&word, reinterpret_cast<const void*>(begin + i * sizeof(word)), sizeof(word));
      lanes[i] = absorb(lanes[i], word);
    }
  }
  for (; begin < end; ++begin) {
    lanes[0] = absorb(lanes[0], *reinterpret_cast<const unsigned char*>(begin));
  }
  return MixSeed(MixSeed(lanes[0], lanes[1], lanes[2]), lanes[3]);
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_MEMORY_HASH_H_
