#include "harness/runtime/controlled/memory_hash.h"

#include <cstdint>
#include <cstring>
#include <ios>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "harness/core/random.h"

namespace heddle {
namespace {

uint64_t HashOf(const std::vector<unsigned char>& bytes, uint64_t before = 0) {
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  return HashMemory(before, begin, begin + bytes.size());
}

TEST(MemoryHashTest, EveryBitMatters) {
  std::vector<unsigned char> bytes(77);
  Random random(1);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random.Next());
  std::set<uint64_t> hashes = {HashOf(bytes)};
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= 1 << bit % 8;
    hashes.insert(HashOf(bytes));
    bytes[bit / 8] ^= 1 << bit % 8;
  }
  EXPECT_EQ(hashes.size(), 8 * bytes.size() + 1);
  EXPECT_NE(HashOf(bytes, 1), HashOf(bytes, 2));
}

// Memory is full of words that mean something to a hash: the constants of SplitMix64, of which this
// one is made, and of wyhash.
TEST(MemoryHashTest, NoWordHidesWhatIsBeforeIt) {
  constexpr uint64_t kWords[] = {0,
                                 1,
                                 UINT64_MAX,
                                 UINT64_MAX - 1,
                                 uint64_t{1} << 63,
                                 0x9e3779b97f4a7c15,
                                 0xbf58476d1ce4e5b9,
                                 0x94d049bb133111eb,
                                 0xa0761d6478bd642f,
                                 0xe7037ed1a0b428db,
                                 0x8ebc6af09c88c6e3,
                                 0x589965cc75374cc3};
  for (const uint64_t word : kWords) {
    std::vector<unsigned char> bytes(16 * sizeof(word));
    for (size_t at = 0; at < bytes.size(); at += sizeof(word)) {
      std::memcpy(&bytes[at], &word, sizeof(word));
    }
    EXPECT_NE(HashOf(bytes, 1), HashOf(bytes, 2)) << std::hex << word;
    std::set<uint64_t> hashes = {HashOf(bytes)};
    for (size_t at = 0; at < bytes.size(); ++at) {
      bytes[at] ^= 1;
      hashes.insert(HashOf(bytes));
      bytes[at] ^= 1;
    }
    EXPECT_EQ(hashes.size(), bytes.size() + 1) << std::hex << word;
  }
}

TEST(MemoryHashTest, OrderMatters) {
  std::vector<unsigned char> bytes(96);
  std::set<uint64_t> hashes;
  for (size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] = 1;
    hashes.insert(HashOf(bytes));
    bytes[at] = 0;
  }
  EXPECT_EQ(hashes.size(), bytes.size());
}

}  // namespace
}  // namespace heddle
