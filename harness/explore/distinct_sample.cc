#include "harness/explore/distinct_sample.h"

#include <span>
#include <utility>

namespace heddle {

void DistinctSample::Grow() {
  if (size_ <= kMost) Rebuild(2 * slots_.size(), level_);
  while (size_ > kMost) Rebuild(slots_.size(), level_ + 1);
}

void DistinctSample::Reserve(size_t most) {
  const size_t slots = std::bit_ceil(2 * std::min(most, kMost));
  if (slots > slots_.size()) Rebuild(slots, level_);
}

void DistinctSample::Rebuild(size_t slots, int level) {
  const std::vector<uint64_t> old = std::exchange(slots_, std::vector<uint64_t>(slots));
  level_ = level;
  size_ = once_ = 0;
  for (const uint64_t slot : old) {
    if (!Keeps(slot)) continue;
    SlotOf(slot) = slot;
    ++size_;
    once_ += ~slot & kAgain;
  }
}

void DistinctSample::Add(const DistinctSample& other) {
  if (other.level_ > level_) Rebuild(slots_.size(), other.level_);
  Reserve(size_ + other.size_);
  for (const uint64_t slot : other.slots_) {
    if (Keeps(slot)) Keep(slot);
  }
}

void DistinctSample::Clear() {
  slots_.assign(std::max(kFewestSlots, std::bit_ceil(2 * size_)), kEmpty);
  size_ = once_ = 0;
  level_ = 0;
}

std::vector<uint64_t> DistinctSample::Sorted(uint64_t again) const {
  std::vector<uint64_t> sorted;
  sorted.reserve(size_);
  for (const uint64_t slot : slots_) {
    if (slot != kEmpty && (slot & kAgain) == again) sorted.push_back(slot & ~kAgain);
  }
  std::ranges::sort(sorted);
  return sorted;
}

void DistinctSample::Put(ByteWriter* writer) const {
  writer->Put(level_);
  writer->PutSpan(std::span<const uint64_t>(Sorted(0)));
  writer->PutSpan(std::span<const uint64_t>(Sorted(kAgain)));
}

bool DistinctSample::Get(ByteReader* reader) {
  Clear();
  std::vector<uint64_t> once;
  std::vector<uint64_t> more;
  if (!reader->Get(&level_) || level_ < 0 || level_ > 48 || !reader->GetVector(&once) ||
      !reader->GetVector(&more) || once.size() + more.size() > kMost) {
    return false;
  }
  const auto kept = [this](uint64_t hash) { return Keeps(hash) && (hash & kAgain) == 0; };
  if (!std::ranges::all_of(once, kept) || !std::ranges::all_of(more, kept)) return false;
  Reserve(once.size() + more.size());
  for (const uint64_t hash : once) Keep(hash);
  for (const uint64_t hash : more) Keep(hash | kAgain);
  return once_ == once.size() && size_ == once.size() + more.size();
}

}  // namespace heddle
