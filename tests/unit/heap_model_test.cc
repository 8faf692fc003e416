// The arena against a naive model, with random calls.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <random>
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

using HeapModelTest = HeapTest;

// The naive model: a map of what was allocated, with a byte pattern in each block.
class Model {
 public:
  struct Block {
    size_t size;
    unsigned char seed;
    uint32_t thread, index;
    uintptr_t pc;
  };

  explicit Model(Arena* arena, uint64_t seed) : arena_(arena), random_(seed) {}

  void Begin() {
    arena_->set_step_counter(&steps_);
    arena_->BeginExecution();
    arena_->BeginThread(0, 0);
    arena_->BeginThread(1, Arena::HomeOfChild(0, 1));
    arena_->BeginThread(2, Arena::HomeOfChild(1, 1));
  }

  void Step() {
    const uint32_t dice = Below(100);
    if (dice < 45 || live_.empty()) {
      Allocate();
    } else if (dice < 75) {
      Free();
    } else if (dice < 88) {
      Reallocate();
    } else {
      LookUp();
    }
  }

  uint32_t AnswerReuse(uint32_t own, uint32_t all) {
    EXPECT_GE(own, 1u);
    EXPECT_LE(own, 2u);
    EXPECT_GE(all, std::max(own, 2u));
    EXPECT_LE(all, own + 1);
    return Below(all);
  }

  void Finish() {
    for (const auto& [start, block] : live_) CheckContents(start, block, block.size);
    ASSERT_EQ(arena_->live_blocks(), live_.size());
    std::vector<BlockInfo> blocks = arena_->LiveBlocks();
    ASSERT_EQ(blocks.size(), live_.size());
    for (size_t i = 0; i < blocks.size(); ++i) {
      ASSERT_TRUE(live_.count(blocks[i].start));
      if (i > 0) {
        ASSERT_LT(blocks[i - 1].serial, blocks[i].serial);
      }
    }
  }

 private:
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }

  size_t Size() {
    const uint32_t dice = Below(100);
    if (dice < 70) return Below(300);
    if (dice < 95) return Below(10'000);
    return Below(200'000);
  }

  static void Fill(char* start, size_t size, unsigned char seed) {
    for (size_t i = 0; i < size; ++i) start[i] = static_cast<char>(seed + i * 7);
  }

  static void CheckContents(const char* start, const Block& block, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      ASSERT_EQ(start[i], static_cast<char>(block.seed + i * 7)) << "byte " << i << " of " << size;
    }
  }

  void Add(char* start, size_t size, HeapSite site) {
    const auto next = live_.lower_bound(start);
    if (next != live_.end()) {
      ASSERT_LE(start + std::max<size_t>(size, 1), next->first);
    }
    if (next != live_.begin()) {
      const auto& [before, block] = *std::prev(next);
      ASSERT_LE(before + std::max<size_t>(block.size, 1), start);
    }
    const Block block{size, static_cast<unsigned char>(Below(256)), site.thread,
                      counts_[site.thread]++, site.pc};
    Fill(start, size, block.seed);
    live_[start] = block;
    freed_.erase(start);
  }

  // The last two threads have no home.
  HeapSite Site() {
    if (Below(4) == 0) ++steps_;
    return {Below(5), 0x1000 + Below(1000)};
  }

  void Allocate() {
    const size_t size = Size();
    const size_t alignment = Below(5) == 0 ? size_t{1} << Below(15) : 16;
    const HeapSite site = Site();
    char* start = static_cast<char*>(arena_->Allocate(size, alignment, site));
    ASSERT_NE(start, nullptr);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(start) % std::max<size_t>(alignment, 16), 0u);
    Add(start, size, site);
  }

  std::map<char*, Block>::iterator Any() {
    return std::next(live_.begin(), Below(static_cast<uint32_t>(live_.size())));
  }

  void Free() {
    const auto it = Any();
    CheckContents(it->first, it->second, it->second.size);
    const HeapSite site = Site();
    arena_->Free(it->first, site);
    freed_[it->first] = {it->second, site};
    live_.erase(it);
  }

  void Reallocate() {
    const auto it = Any();
    char* const old = it->first;
    const Block block = it->second;
    const size_t size = Size() + 1;
    const HeapSite site = Site();
    char* moved = static_cast<char*>(arena_->Reallocate(old, size, site));
    ASSERT_NE(moved, nullptr);
    CheckContents(moved, block, std::min(size, block.size));
    if (moved == old) {
      it->second.size = size;
      Fill(moved, size, block.seed);
    } else {
      live_.erase(it);
      Add(moved, size, site);
      ASSERT_TRUE(arena_->IsFreed(old));
      freed_[old] = {block, site};
    }
  }

  void LookUp() {
    const auto it = Any();
    const auto& [start, block] = *it;
    const size_t offset = block.size == 0 ? 0 : Below(static_cast<uint32_t>(block.size));
    const auto info = arena_->Describe(start + offset);
    ASSERT_TRUE(info.has_value());
    ASSERT_EQ(info->start, start);
    ASSERT_EQ(info->size, block.size);
    ASSERT_EQ(info->offset, offset);
    ASSERT_EQ(info->state, BlockState::kLive);
    ASSERT_EQ(info->allocated_by.thread, block.thread);
    ASSERT_EQ(info->allocated_by.pc, block.pc);
    ASSERT_EQ(info->allocation_index, block.index);
    ASSERT_FALSE(arena_->IsFreed(start + offset));
    ASSERT_GE(arena_->UsableSize(start), block.size);
    if (freed_.empty()) return;
    const auto gone = std::next(freed_.begin(), Below(static_cast<uint32_t>(freed_.size())));
    const auto old = arena_->Describe(gone->first);
    ASSERT_TRUE(old.has_value());
    ASSERT_EQ(old->state, BlockState::kFreed);
    ASSERT_EQ(old->size, gone->second.first.size);
    ASSERT_EQ(old->allocation_index, gone->second.first.index);
    ASSERT_EQ(old->freed_by.thread, gone->second.second.thread);
    ASSERT_EQ(old->freed_by.pc, gone->second.second.pc);
    ASSERT_TRUE(arena_->IsFreed(gone->first));
    ASSERT_EQ(arena_->UsableSize(gone->first), 0u);
  }

  Arena* arena_;
  uint64_t steps_ = 0;
  std::mt19937_64 random_;
  std::map<char*, Block> live_;
  std::map<char*, std::pair<Block, HeapSite>> freed_;
  std::map<uint32_t, uint32_t> counts_;
};

TEST_F(HeapModelTest, AgreesWithTheNaiveModelOnRandomCalls) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Model model(arena_.get(), seed);
    model.Begin();
    arena_->set_reuse_decision(
        [](void* m, uint32_t own, uint32_t all) {
          return static_cast<Model*>(m)->AnswerReuse(own, all);
        },
        &model);
    for (int step = 0; step < 2000; ++step) {
      model.Step();
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " step " << step;
    }
    arena_->EndExecution();
    model.Finish();
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
    ASSERT_TRUE(log_.faults.empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace heddle
