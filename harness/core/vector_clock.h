// Vector clocks (Fidge 1988, Mattern 1989), laid out so that a release costs O(1).
//
// A thread's clock is its own time plus an array of what it knows of the others. A release
// publishes a SyncClock that *shares* that array and adds the releasing thread's time, then the
// thread's time moves on; whoever changes an array that is shared copies it first. So each
// published time belongs to one array, and an acquire can skip everything when it already knows the
// publisher at that time
// (FastTrack's observation, PLDI 2009, section 3).
//
// Costs: Release O(1); Acquire O(1) when nothing is new, else O(threads). Arrays live in a
// ClockArena that is reset with the execution; nothing is freed one by one.
// Threading: none; the engine runs one program thread at a time.
#ifndef HEDDLE_HARNESS_CORE_VECTOR_CLOCK_H_
#define HEDDLE_HARNESS_CORE_VECTOR_CLOCK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/core/ids.h"
#include "harness/core/sanitizer_edges.h"

namespace heddle {

// Bump allocation of clock arrays for one execution.
class ClockArena {
 public:
  uint32_t* Allocate(uint32_t entries) {
    if (used_ + entries > kBlockEntries || blocks_.empty()) [[unlikely]]
      return AllocateSlow(entries);
    uint32_t* result = blocks_[block_].get() + used_;
    used_ += entries;
    return result;
  }
  // Everything allocated so far is forgotten; the memory is kept for the next execution.
  void Reset() {
    block_ = 0;
    used_ = 0;
    large_.clear();
  }

 private:
  static constexpr uint32_t kBlockEntries = 16 * 1024;
  uint32_t* AllocateSlow(uint32_t entries);

  std::vector<std::unique_ptr<uint32_t[]>> blocks_;
  std::vector<std::unique_ptr<uint32_t[]>> large_;  // arrays of more than a block
  size_t block_ = 0;
  uint32_t used_ = 0;
};

// What a release leaves behind for a later acquire: the releasing thread's knowledge at that
// moment.
struct SyncClock {
  const uint32_t* base = nullptr;  // immutable; indexed by thread
  uint32_t size = 0;
  uint32_t time = 0;             // of `owner`; overrides base[owner]
  ThreadId owner = kNoThread;    // kNoThread: a join of several releases, all of it in `base`
  [[no_unique_address]] SanitizerEdges edges;

  bool empty() const { return size == 0 && owner == kNoThread; }
  uint32_t At(ThreadId thread) const {
    if (thread == owner) return time;
    return Index(thread) < size ? base[Index(thread)] : 0;
  }
};

class ThreadClock {
 public:
  ThreadClock() = default;

  // The clock of a new thread that knows nothing yet. Times start at 1.
  void Start(ThreadId self) {
    self_ = self;
    time_ = 1;
    base_ = nullptr;
    size_ = 0;
    shared_ = true;
  }

  ThreadId self() const { return self_; }
  uint32_t time() const { return time_; }
  uint32_t At(ThreadId thread) const {
    if (thread == self_) return time_;
    return Index(thread) < size_ ? base_[Index(thread)] : 0;
  }
  // One past the largest thread index that this clock may know something of.
  uint32_t size() const { return size_ > Index(self_) ? size_ : Index(self_) + 1; }

  // Replaces what `place` holds.
  void Release(SyncClock* place) {
    place->base = base_;
    place->size = size_;
    place->owner = self_;
    place->time = time_;
    place->edges.OnRelease(self_);
    shared_ = true;
    ++time_;
  }

  // Adds to what `place` holds: a release sequence continued by another thread, a semaphore.
  void ReleaseJoin(SyncClock* place, ClockArena& arena);

  // Whether an acquire of `from` would add nothing, as far as that can be told in O(1).
  bool Knows(const SyncClock& from) const {
    return from.owner != kNoThread ? At(from.owner) >= from.time : from.size == 0;
  }
  void Acquire(const SyncClock& from, ClockArena& arena) {
    if (!Knows(from)) AcquireSlow(from, arena);
  }

 private:
  void AcquireSlow(const SyncClock& from, ClockArena& arena);

  uint32_t* base_ = nullptr;
  uint32_t size_ = 0;
  uint32_t time_ = 0;
  ThreadId self_ = kNoThread;
  bool shared_ = true;  // base_ is visible to a SyncClock: copy before changing it
};

// Adds `from` to what `into` holds, without any thread taking part.
void Join(const SyncClock& from, SyncClock* into, ClockArena& arena);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_VECTOR_CLOCK_H_
