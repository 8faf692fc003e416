// The slow path of the race check: FastTrack on a ShadowCell (core/shadow.h has the fast path).
//
// Exact: reads that are concurrent are kept one epoch per thread in a side table, never dropped.
// Cost: a few ns; O(readers) where reads are concurrent.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_RACE_SHADOW_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_RACE_SHADOW_H_

#include <cstdint>
#include <vector>

#include "harness/core/shadow.h"
#include "harness/core/vector_clock.h"

namespace heddle {

class RaceShadow {
 public:
  // An earlier access that is not ordered before the present one.
  struct Conflict {
    bool found = false;
    bool earlier_is_write = false;
    ThreadId thread = kNoThread;
    uint32_t time = 0;
  };

  void BeginExecution(uint64_t stamp) {
    stamp_ = stamp;
    used_ = 0;
  }

  // Whether the location has been accessed in this execution.
  bool Knows(const ShadowCell& cell) const { return Current(cell.write) || Current(cell.read); }

  Conflict OnRead(ShadowCell& cell, const ThreadClock& clock) {
    // Also when the inline check is off, so that recording an execution finds the same races.
    const Epoch now(stamp_, clock.self(), clock.time());
    if (cell.ReadIsKnown(now)) return {};
    const Conflict conflict =
        Ordered(cell.write, clock) ? Conflict{} : With(cell.write, true);
    if (!cell.read.IsShared() && Ordered(cell.read, clock)) [[likely]] {
      cell.read = now;
    } else {
      AddConcurrentRead(cell, now);
    }
    return conflict;
  }

  // What nearly every write comes to: true if it is ordered after all that went before.
  bool WriteInOrder(ShadowCell& cell, Epoch now, const ThreadClock& clock) const {
    if (!Ordered(cell.write, clock)) return false;
    if (cell.read.IsShared() || !Ordered(cell.read, clock)) return false;
    cell.write = now;
    cell.read = Epoch();
    return true;
  }

  Conflict OnWrite(ShadowCell& cell, const ThreadClock& clock) {
    const Epoch now(stamp_, clock.self(), clock.time());
    if (cell.WriteIsKnown(now)) return {};
    Conflict conflict;
    if (!Ordered(cell.write, clock)) [[unlikely]] {
      conflict = With(cell.write, true);
    } else if (cell.read.IsShared()) {
      conflict = WithSharedReads(cell.read, clock);
    } else if (!Ordered(cell.read, clock)) {
      conflict = With(cell.read, false);
    }
    cell.write = now;
    cell.read = Epoch();
    return conflict;
  }

 private:
  void AddConcurrentRead(ShadowCell& cell, Epoch now);
  Conflict WithSharedReads(Epoch reads, const ThreadClock& clock) const;
  bool Current(Epoch epoch) const { return epoch.stamp() == stamp_; }
  // Known to the acting thread, or of another execution.
  bool Ordered(Epoch epoch, const ThreadClock& clock) const {
    return !Current(epoch) || clock.At(epoch.thread()) >= epoch.time();
  }
  static Conflict With(Epoch epoch, bool is_write) {
    return {true, is_write, epoch.thread(), epoch.time()};
  }

  uint64_t stamp_ = 0;
  std::vector<std::vector<Epoch>> shared_reads_;
  uint32_t used_ = 0;  // of shared_reads_ in this execution
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_RACE_SHADOW_H_
