// Two-stage lock protocol: a look-up gets the row of a name from one table, under its lock, and
// then the phone number in that row from another table, under its lock. In between the row is given
// to somebody else. Each access is locked; the pair is not atomic.
//
// Where: indexes kept beside the data that they point into: directories, file systems, caches.
// Artho, Havelund and Biere, "High-Level Data Races" (2003), describe the pattern.
//
// The look-up declares by heddle::AtomicBlock that it means to be one step; the finding is that no
// order of whole steps explains what happened, even where the result looks right. In the twin the
// look-up and the change hold one lock over both tables.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/atomic_block.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

class Directory {
 public:
  int Row() {
    const std::lock_guard lock(index_mutex_);
    return row_;
  }
  void MoveTo(int row) {
    const std::lock_guard lock(index_mutex_);
    row_ = row;
  }
  int Phone(int row) {
    const std::lock_guard lock(phones_mutex_);
    return phones_[row];
  }
  void SetPhone(int row, int phone) {
    const std::lock_guard lock(phones_mutex_);
    phones_[row] = phone;
  }

 private:
  heddle::Mutex index_mutex_{"index"};
  heddle::Mutex phones_mutex_{"phones"};
  heddle::Var<int> row_ = 0;
  heddle::Var<int> phones_[2] = {5550, 0};
};

void TwoStageLock() {
  Directory directory;
  heddle::Thread move([&] {
    directory.SetPhone(1, 5550);
    directory.MoveTo(1);
    directory.SetPhone(0, 9990);
  });
  {
    const heddle::AtomicBlock look_up;
    directory.Phone(directory.Row());
  }
  move.join();
}

void TwoStageLockFixed() {
  Directory directory;
  heddle::Mutex whole("whole");
  heddle::Thread move([&] {
    const std::lock_guard lock(whole);  // fix
    directory.SetPhone(1, 5550);
    directory.MoveTo(1);
    directory.SetPhone(0, 9990);
  });
  {
    const heddle::AtomicBlock look_up;
    const std::lock_guard lock(whole);  // fix
    directory.Phone(directory.Row());
  }
  move.join();
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/two_stage_lock",
    .body = TwoStageLock,
    .expect = {heddle::FindingKind::kAtomicity},
    .preemptions = 1,
    .about = "a row is looked up in one locked table and read in another",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/two_stage_lock_fixed",
    .body = TwoStageLockFixed,
    .about = "both looks are under one lock",
}};

}  // namespace
