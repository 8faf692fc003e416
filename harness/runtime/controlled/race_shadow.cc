#include "harness/runtime/controlled/race_shadow.h"

namespace heddle {

RaceShadow::Conflict RaceShadow::OnRead(ShadowCell& cell, const ThreadClock& clock) {
  // Also when the inline check is off, so that recording an execution finds the same races.
  const Epoch now(stamp_, clock.self(), clock.time());
  if (cell.ReadIsKnown(now)) return {};
  Conflict conflict;
  if (!Ordered(cell.write, clock)) conflict = With(cell.write, true);
  if (!Current(cell.read)) {
    cell.read = now;
  } else if (cell.read.IsShared()) {
    std::vector<Epoch>& reads = shared_reads_[cell.read.shared_index()];
    for (Epoch& read : reads) {
      if (read.thread() == clock.self()) {
        read = now;
        return conflict;
      }
    }
    reads.push_back(now);
  } else if (Ordered(cell.read, clock)) {
    cell.read = now;
  } else {
    if (used_ == shared_reads_.size()) shared_reads_.emplace_back();
    shared_reads_[used_].assign({cell.read, now});
    cell.read = Epoch::SharedReads(stamp_, used_++);
  }
  return conflict;
}

RaceShadow::Conflict RaceShadow::OnWrite(ShadowCell& cell, const ThreadClock& clock) {
  const Epoch now(stamp_, clock.self(), clock.time());
  if (cell.WriteIsKnown(now)) return {};
  Conflict conflict;
  if (!Ordered(cell.write, clock)) {
    conflict = With(cell.write, true);
  } else if (Current(cell.read)) {
    if (!cell.read.IsShared()) {
      if (!Ordered(cell.read, clock)) conflict = With(cell.read, false);
    } else {
      for (Epoch read : shared_reads_[cell.read.shared_index()]) {
        if (!Ordered(read, clock)) {
          conflict = With(read, false);
          break;
        }
      }
    }
  }
  cell.write = now;
  cell.read = Epoch();
  return conflict;
}

}  // namespace heddle
