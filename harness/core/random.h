// A small, fast, seeded pseudo-random generator: the only source of randomness in the harness.
//
// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", TOMS 2021),
// seeded by splitmix64. About 1 ns a draw. Not for cryptography.
#ifndef HEDDLE_HARNESS_CORE_RANDOM_H_
#define HEDDLE_HARNESS_CORE_RANDOM_H_

#include <cstdint>

namespace heddle {

// One step of splitmix64; also used to derive the seed of execution i from (campaign seed, i).
constexpr uint64_t SplitMix64(uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// A seed that depends on every argument; the order of arguments matters.
constexpr uint64_t MixSeed(uint64_t a, uint64_t b, uint64_t c = 0) {
  uint64_t state = a;
  state = SplitMix64(state) ^ b;
  state = SplitMix64(state) ^ c;
  return SplitMix64(state);
}

class Random {
 public:
  explicit constexpr Random(uint64_t seed = 0) { Seed(seed); }

  constexpr void Seed(uint64_t seed) {
    for (uint64_t& word : state_) word = SplitMix64(seed);
  }

  constexpr uint64_t Next() {
    const uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = RotateLeft(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound), bound > 0. Lemire's multiply-shift without the rejection step: the bias
  // is below bound / 2^32, far under anything a search can notice.
  constexpr uint32_t Below(uint32_t bound) {
    return static_cast<uint32_t>(((Next() >> 32) * bound) >> 32);
  }

 private:
  static constexpr uint64_t RotateLeft(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

  uint64_t state_[4] = {};
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_RANDOM_H_
