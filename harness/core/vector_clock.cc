#include "harness/core/vector_clock.h"

#include <algorithm>

namespace heddle {
namespace {

// Arrays are sized in steps so that a late thread does not force a copy each time.
uint32_t RoundUp(uint32_t entries) { return (entries + 3) & ~3u; }

// Four entries at a time, written out because compilers do not vectorise loops of unknown length at
// -O2. Sizes of arrays are multiples of four. Signed, because SSE2 compares nothing else; times end
// at Epoch::kMaxTime.
using Lanes = int32_t __attribute__((vector_size(16), aligned(4), may_alias));

Lanes Max(Lanes a, Lanes b) { return a > b ? a : b; }

// The array of up to four entries as one register.
Lanes Load(const uint32_t* entries, uint32_t size) {
  return size != 0 ? *reinterpret_cast<const Lanes*>(entries) : Lanes{};
}

bool IsSmall(uint32_t size, ThreadId owner) {
  return size <= 4 && (owner == kNoThread || Index(owner) < 4);
}

void MaxInto(uint32_t* into, const uint32_t* from, uint32_t count) {
  for (uint32_t i = 0; i < count; i += 4) {
    auto* a = reinterpret_cast<Lanes*>(into + i);
    *a = Max(*a, *reinterpret_cast<const Lanes*>(from + i));
  }
}

void CopyInto(uint32_t* into, const uint32_t* from, uint32_t count) {
  for (uint32_t i = 0; i < count; i += 4) {
    *reinterpret_cast<Lanes*>(into + i) = *reinterpret_cast<const Lanes*>(from + i);
  }
}

void ZeroInto(uint32_t* into, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i += 4) *reinterpret_cast<Lanes*>(into + i) = Lanes{};
}

}  // namespace

uint32_t* ClockArena::AllocateSlow(uint32_t entries) {
  if (entries > kBlockEntries) {
    large_.push_back(std::make_unique<uint32_t[]>(entries));
    return large_.back().get();
  }
  if (!blocks_.empty()) ++block_;
  if (block_ == blocks_.size()) {
    blocks_.push_back(std::make_unique_for_overwrite<uint32_t[]>(kBlockEntries));
  }
  used_ = entries;
  return blocks_[block_].get();
}

void ThreadClock::AcquireSlow(const SyncClock& from, ClockArena& arena) {
  from.edges.OnAcquire();
  if (IsSmall(size_ | from.size, from.owner)) {
    // The common case of few threads: one register.
    const Lanes known = Max(Load(base_, size_), Load(from.base, from.size));
    if (shared_ || size_ == 0) base_ = arena.Allocate(4);
    *reinterpret_cast<Lanes*>(base_) = known;
    if (from.owner != kNoThread) {
      uint32_t& own = base_[Index(from.owner)];
      own = std::max(own, from.time);
    }
    size_ = 4;
    shared_ = false;
    return;
  }
  uint32_t needed = std::max(size_, from.size);
  if (from.owner != kNoThread) needed = std::max(needed, Index(from.owner) + 1);
  if (shared_ || needed > size_) {
    // A thread that joins many grows its array by doubling.
    const uint32_t rounded = RoundUp(needed > size_ ? std::max(needed, size_ * 2) : needed);
    uint32_t* copy = arena.Allocate(rounded);
    CopyInto(copy, base_, size_);
    ZeroInto(copy, size_, rounded);
    base_ = copy;
    size_ = rounded;
    shared_ = false;
  }
  MaxInto(base_, from.base, from.size);
  if (from.owner != kNoThread) {
    uint32_t& known = base_[Index(from.owner)];
    known = std::max(known, from.time);
  }
}

void Join(const SyncClock& from, SyncClock* into, ClockArena& arena) {
  if (from.empty()) return;
  if (into->empty()) {
    *into = from;
    return;
  }
  if (IsSmall(into->size | from.size, into->owner) && IsSmall(0, from.owner)) {
    uint32_t* const joined = arena.Allocate(4);
    *reinterpret_cast<Lanes*>(joined) =
        Max(Load(into->base, into->size), Load(from.base, from.size));
    for (const SyncClock* clock : {static_cast<const SyncClock*>(into), &from}) {
      if (clock->owner == kNoThread) continue;
      uint32_t& own = joined[Index(clock->owner)];
      own = std::max(own, clock->time);
    }
    SanitizerEdges edges = into->edges;
    edges.OnJoin(from.edges);
    *into = SyncClock{joined, 4, 0, kNoThread, edges};
    return;
  }
  uint32_t needed = std::max(into->size, from.size);
  if (into->owner != kNoThread) needed = std::max(needed, Index(into->owner) + 1);
  if (from.owner != kNoThread) needed = std::max(needed, Index(from.owner) + 1);
  const uint32_t rounded = RoundUp(needed);
  uint32_t* joined = arena.Allocate(rounded);
  for (uint32_t i = 0; i < rounded; ++i) {
    joined[i] = std::max(into->At(ThreadId{i}), from.At(ThreadId{i}));
  }
  SanitizerEdges edges = into->edges;
  edges.OnJoin(from.edges);
  *into = SyncClock{joined, rounded, 0, kNoThread, edges};
}

void ThreadClock::ReleaseJoin(SyncClock* place, ClockArena& arena) {
  SyncClock mine;
  Release(&mine);
  Join(mine, place, arena);
}

}  // namespace heddle
