// A reader that asks for the writer's lock while it still holds the reader's.
//
// The cache is read under a shared lock; on a miss the thread wants to fill it and takes the
// exclusive lock on top. The exclusive lock waits for all readers to leave, this one among them: it
// waits for itself, and two readers that both upgrade wait for each other. Java's
// ReentrantReadWriteLock documents that upgrading is not possible, SRW locks on Windows deadlock;
// only locks made for it (Boost's upgrade_lock, which admits one upgrader) allow it.
//
// The twin releases the shared lock first. Then somebody else may have filled the cache in between,
// so it looks again under the exclusive lock.
#include <mutex>
#include <shared_mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/shared_mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::SharedMutex;
using heddle::Thread;
using heddle::Var;

class Cache {
 public:
  int Get() {
    std::shared_lock read(mutex_);
    if (value_ != 0) return value_;
    std::unique_lock write(mutex_);
    return Fill();
  }

  int GetAgain() {
    std::shared_lock read(mutex_);
    if (value_ != 0) return value_;
    read.unlock();  // fix
    std::unique_lock write(mutex_);
    if (value_ != 0) return value_;  // fix
    return Fill();
  }

 private:
  int Fill() {
    heddle::Assert(value_ == 0, "the cache is filled once");
    value_ = 42;
    return value_;
  }

  SharedMutex mutex_{"cache"};
  Var<int> value_ = 0;
};

template <int (Cache::*kGet)()>
void TwoReaders() {
  Cache cache;
  Thread other([&] { (cache.*kGet)(); });
  (cache.*kGet)();
  other.join();
}

const heddle::RegisterCase kBug{
    {.name = "deadlock/rw_upgrade",
     .body = TwoReaders<&Cache::Get>,
     .expect = {heddle::FindingKind::kDeadlock},
     .tolerate = {heddle::FindingKind::kMisuse},
     .about = "a reader takes the exclusive lock on top of its shared one"}};
const heddle::RegisterCase kFixed{
    {.name = "deadlock/rw_upgrade_fixed",
     .body = TwoReaders<&Cache::GetAgain>,
     .about = "the shared lock is released first, then looked again"}};

}  // namespace
