#include "harness/runtime/heap/reachability.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace heddle {
namespace {

constexpr uintptr_t kWord = sizeof(uintptr_t);
using Word = uintptr_t __attribute__((may_alias));

// Marks the live blocks that it is led to, each once, and remembers to scan them.
class Marker {
 public:
  explicit Marker(const Arena& arena) : arena_(arena), marked_(arena.block_numbers(), false) {}

  void Scan(AddressRange range) {
    uintptr_t at = (range.begin + kWord - 1) & ~(kWord - 1);
    for (; at + kWord <= range.end; at += kWord) {
      const uintptr_t value = *reinterpret_cast<const Word*>(at);
      if (arena_.Contains(reinterpret_cast<const void*>(value))) Visit(value);
    }
  }

  void ScanMarkedBlocks() {
    while (!pending_.empty()) {
      const AddressRange block = pending_.back();
      pending_.pop_back();
      Scan(block);
    }
  }

  bool IsMarked(const BlockInfo& block) const { return marked_[block.number]; }

 private:
  void Visit(uintptr_t address) {
    const auto block = arena_.Describe(reinterpret_cast<const void*>(address));
    if (!block || block->state != BlockState::kLive || marked_[block->number]) return;
    marked_[block->number] = true;
    const uintptr_t start = reinterpret_cast<uintptr_t>(block->start);
    pending_.push_back({start, start + block->size});
  }

  const Arena& arena_;
  std::vector<bool> marked_;  // by BlockInfo::number
  std::vector<AddressRange> pending_;
};

// The parts of `range` outside of all of `skip`, which is in order of address.
std::vector<AddressRange> Without(AddressRange range, const std::vector<AddressRange>& skip) {
  std::vector<AddressRange> parts;
  for (const AddressRange& hole : skip) {
    if (hole.end <= range.begin || hole.begin >= range.end) continue;
    if (hole.begin > range.begin) parts.push_back({range.begin, hole.begin});
    range.begin = std::min(hole.end, range.end);
  }
  if (range.begin < range.end) parts.push_back(range);
  return parts;
}

}  // namespace

LiveBlockClasses ClassifyLiveBlocks(const Arena& arena, const std::vector<AddressRange>& skip) {
  std::vector<AddressRange> holes = skip;
  std::sort(holes.begin(), holes.end(),
            [](const AddressRange& a, const AddressRange& b) { return a.begin < b.begin; });
  Marker marker(arena);
  for (const AddressRange& storage : ProgramStaticStorage()) {
    for (const AddressRange& part : Without(storage, holes)) marker.Scan(part);
  }
  marker.ScanMarkedBlocks();
  LiveBlockClasses classes;
  for (const BlockInfo& block : arena.LiveBlocks()) {
    (marker.IsMarked(block) ? classes.still_reachable : classes.leaked).push_back(block);
  }
  return classes;
}

}  // namespace heddle
