// The shadow of one race-checked location: the last write and the reads since, as epochs.
//
// FastTrack (Flanagan and Freund, PLDI 2009): a thread's epoch is its (thread, time); a location
// needs whole vector clocks only while reads are concurrent, and then spills to a side table kept
// by the engine. Departures: epochs also carry the execution's stamp, so that a cell of an earlier
// execution needs no reset; and a write in the same epoch covers a later read in that epoch.
//
// The check inlined into programs is one or two compares with the running thread's epoch;
// everything else is the engine's (runtime/race_shadow.h).
#ifndef HEDDLE_HARNESS_CORE_SHADOW_H_
#define HEDDLE_HARNESS_CORE_SHADOW_H_

#include <cstdint>

#include "harness/core/ids.h"

namespace heddle {

// (execution stamp, thread, time) in one word; 0 is "never".
//
//   63      62..30           29..18       17..0
//   shared  stamp (33 bits)  thread (12)  time (18)
//
// With `shared` set, bits 29..0 are instead the index of a set of reads in the engine's side table.
class Epoch {
 public:
  static constexpr int kTimeBits = 18;
  static constexpr int kThreadBits = 12;
  static constexpr int kStampBits = 33;
  static constexpr uint32_t kMaxThreads = 1u << kThreadBits;
  static constexpr uint32_t kMaxTime = (1u << kTimeBits) - 1;
  static constexpr uint64_t kMaxStamp = (uint64_t{1} << kStampBits) - 1;

  constexpr Epoch() = default;
  constexpr Epoch(uint64_t stamp, ThreadId thread, uint32_t time)
      : bits_(stamp << (kTimeBits + kThreadBits) | uint64_t{Index(thread)} << kTimeBits | time) {}
  static constexpr Epoch SharedReads(uint64_t stamp, uint32_t index) {
    Epoch epoch;
    epoch.bits_ = kSharedBit | stamp << (kTimeBits + kThreadBits) | index;
    return epoch;
  }

  // The epoch of the same thread at `time`, for one that was made with time 0.
  constexpr Epoch At(uint32_t time) const {
    Epoch epoch;
    epoch.bits_ = bits_ | time;
    return epoch;
  }

  constexpr bool IsShared() const { return (bits_ & kSharedBit) != 0; }
  constexpr uint64_t stamp() const { return (bits_ & ~kSharedBit) >> (kTimeBits + kThreadBits); }
  constexpr ThreadId thread() const {
    return ThreadId{static_cast<uint32_t>(bits_ >> kTimeBits) & (kMaxThreads - 1)};
  }
  constexpr uint32_t time() const { return static_cast<uint32_t>(bits_) & kMaxTime; }
  constexpr uint32_t shared_index() const {
    return static_cast<uint32_t>(bits_) & ((1u << (kTimeBits + kThreadBits)) - 1);
  }
  constexpr bool operator==(const Epoch&) const = default;

 private:
  static constexpr uint64_t kSharedBit = uint64_t{1} << 63;
  uint64_t bits_ = 0;
};

struct ShadowCell {
  Epoch write;
  Epoch read;

  // Nothing to do: this thread has accessed the location since its last release.
  bool ReadIsKnown(Epoch now) const { return read == now || write == now; }
  bool WriteIsKnown(Epoch now) const { return write == now; }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_SHADOW_H_
