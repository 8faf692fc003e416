#include "harness/runtime/controlled/race_shadow.h"

#include "harness/runtime/heap/program_context.h"

namespace heddle {

// A read beside one of another thread that it is not ordered after, or beside several.
void RaceShadow::AddConcurrentRead(ShadowCell& cell, Epoch now) {
  if (!Current(cell.read)) {  // a set of an earlier execution
    cell.read = now;
    return;
  }
  HarnessScope scope;  // the table's memory is not the program's
  if (!cell.read.IsShared()) {
    if (used_ == shared_reads_.size()) shared_reads_.emplace_back();
    shared_reads_[used_].assign({cell.read, now});
    cell.read = Epoch::SharedReads(stamp_, used_++);
    return;
  }
  std::vector<Epoch>& reads = shared_reads_[cell.read.shared_index()];
  for (Epoch& read : reads) {
    if (read.thread() == now.thread()) {
      read = now;
      return;
    }
  }
  reads.push_back(now);
}

RaceShadow::Conflict RaceShadow::WithSharedReads(Epoch reads, const ThreadClock& clock) const {
  if (!Current(reads)) return {};
  for (Epoch read : shared_reads_[reads.shared_index()]) {
    if (!Ordered(read, clock)) return With(read, false);
  }
  return {};
}

}  // namespace heddle
