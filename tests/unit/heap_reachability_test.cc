// Leaks against blocks that static storage still leads to.
#include <stdlib.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/runtime/heap/reachability.h"

namespace heddle {
namespace {

// Roots in .bss and in .data. Volatile, so that they are really stored to.
char packed_root[24];
void* volatile zero_root = nullptr;
void* volatile data_root = packed_root;

class UnsanitizedHeapReachabilityTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string error;
    arena_ = Arena::Create({.base = 0xe'5a00'0000}, &error);
    ASSERT_NE(arena_, nullptr) << error;
    arena_->BeginExecution();
  }

  void TearDown() override {
    zero_root = nullptr;
    data_root = packed_root;
    for (char& c : packed_root) c = 0;
  }

  void** Alloc(size_t size) { return static_cast<void**>(arena_->AllocateZeroed(size, {})); }

  std::unique_ptr<Arena> arena_;
};

std::vector<void*> Starts(const std::vector<BlockInfo>& blocks) {
  std::vector<void*> starts;
  for (const BlockInfo& block : blocks) starts.push_back(block.start);
  return starts;
}

using Blocks = std::vector<void*>;

TEST_F(UnsanitizedHeapReachabilityTest, FollowsStaticStorageAndChains) {
  void** lost = Alloc(24);
  void** from_bss = Alloc(100);
  void** from_data = Alloc(5000);
  void** second = Alloc(16);
  void** third = Alloc(200'000);
  void** lost_too = Alloc(24);
  zero_root = from_bss;
  data_root = reinterpret_cast<char*>(from_data) + 4999;  // an interior pointer counts
  from_bss[3] = second;
  second[1] = third + 1000;
  third[24'999] = from_bss;  // a cycle
  lost[0] = lost_too;        // lost blocks that hold each other stay lost
  lost_too[0] = lost;
  lost_too[1] = second;
  arena_->EndExecution();
  const LiveBlockClasses classes = ClassifyLiveBlocks(*arena_, {});
  EXPECT_EQ(Starts(classes.leaked), (Blocks{lost, lost_too}));
  EXPECT_EQ(Starts(classes.still_reachable), (Blocks{from_bss, from_data, second, third}));
}

TEST_F(UnsanitizedHeapReachabilityTest, FreedBlocksLeadNowhere) {
  void** freed = Alloc(400);
  void** behind = Alloc(24);
  freed[40] = behind;  // past the fill, so that the pointer survives the free
  zero_root = freed;
  arena_->Free(freed, {});
  arena_->EndExecution();
  const LiveBlockClasses classes = ClassifyLiveBlocks(*arena_, {});
  EXPECT_EQ(Starts(classes.leaked), (Blocks{behind}));
  EXPECT_TRUE(classes.still_reachable.empty());
}

TEST_F(UnsanitizedHeapReachabilityTest, OnlyAlignedWordsAndOnlyAddressesInBlocksCount) {
  void** block = Alloc(24);
  void** other = Alloc(24);
  // Unaligned: not a pointer that a compiler makes.
  const uintptr_t address = reinterpret_cast<uintptr_t>(block);
  char* at = packed_root;
  while (reinterpret_cast<uintptr_t>(at) % 8 != 4) ++at;
  __builtin_memcpy(at, &address, sizeof(address));
  zero_root = other + 4 * 100;  // in the arena, but in no block
  arena_->EndExecution();
  EXPECT_EQ(Starts(ClassifyLiveBlocks(*arena_, {}).leaked), (Blocks{block, other}));
}

TEST_F(UnsanitizedHeapReachabilityTest, TheCLibrarysOwnStorageIsNoRoot) {
  void** block = Alloc(128);
  char* before = initstate(1, reinterpret_cast<char*>(block), 128);  // kept in a static variable
  arena_->EndExecution();
  const LiveBlockClasses classes = ClassifyLiveBlocks(*arena_, {});
  setstate(before);
  EXPECT_EQ(Starts(classes.leaked), (Blocks{block}));
}

TEST_F(UnsanitizedHeapReachabilityTest, SkipsTheRangesThatItIsGiven) {
  void** a = Alloc(24);
  void** b = Alloc(24);
  zero_root = a;
  data_root = b;
  arena_->EndExecution();
  const auto range = [](void* volatile& root) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(&root);
    return AddressRange{at, at + sizeof(void*)};
  };
  EXPECT_EQ(Starts(ClassifyLiveBlocks(*arena_, {}).leaked), (Blocks{}));
  EXPECT_EQ(Starts(ClassifyLiveBlocks(*arena_, {range(zero_root)}).leaked), (Blocks{a}));
  EXPECT_EQ(Starts(ClassifyLiveBlocks(*arena_, {range(data_root)}).leaked), (Blocks{b}));
  EXPECT_EQ(Starts(ClassifyLiveBlocks(*arena_, {range(data_root), range(zero_root)}).leaked),
            (Blocks{a, b}));
  const LiveBlockClasses everything_skipped =
      ClassifyLiveBlocks(*arena_, {{0, UINTPTR_MAX}, range(zero_root)});
  EXPECT_EQ(Starts(everything_skipped.leaked), (Blocks{a, b}));
}

TEST_F(UnsanitizedHeapReachabilityTest, AgreesWithANaiveModelOnRandomGraphs) {
  uint64_t state = 1;
  const auto below = [&state](uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  };
  for (int round = 0; round < 50; ++round) {
    arena_->BeginExecution();
    const size_t count = 200;
    std::vector<void**> blocks;
    std::vector<std::vector<size_t>> edges(count);
    for (size_t i = 0; i < count; ++i) blocks.push_back(Alloc(8 * (1 + below(60))));
    for (size_t e = 0; e < count; ++e) {
      const size_t from = below(count), to = below(count);
      const size_t words = arena_->Describe(blocks[from])->size / 8;
      void** slot = blocks[from] + below(words);
      if (*slot != nullptr) continue;
      *slot = blocks[to];
      edges[from].push_back(to);
    }
    const size_t root = below(count);
    zero_root = blocks[root];
    std::set<size_t> reachable = {root};
    for (bool grew = true; grew;) {
      grew = false;
      for (size_t i : std::set<size_t>(reachable)) {
        for (size_t to : edges[i]) grew |= reachable.insert(to).second;
      }
    }
    arena_->EndExecution();
    Blocks expected;
    for (size_t i : reachable) expected.push_back(blocks[i]);
    const LiveBlockClasses classes = ClassifyLiveBlocks(*arena_, {});
    ASSERT_EQ(Starts(classes.still_reachable), expected) << "round " << round;
    ASSERT_EQ(classes.leaked.size() + classes.still_reachable.size(), count);
  }
}

}  // namespace
}  // namespace heddle
