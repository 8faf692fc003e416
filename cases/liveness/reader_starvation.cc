// Reader starvation: a lock that prefers writers lets them overtake a waiting reader without end.
//
// Readers wait while a writer is inside or waiting, so that writers do not starve. Two writers that
// come back in time for each other keep readers out for ever: Courtois, Heymans and Parnas gave
// both reader-preferring and writer-preferring versions in 1971 and said of each whom it starves. A
// lock without a bound on overtaking shows up in production as a tail latency that nobody can
// reproduce; the bound makes it checkable: a reader that waits is overtaken by one writer at most.
//
// The twin, when a writer leaves, admits the readers that wait at that moment before the next
// writer.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::CondVar;
using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

class ReadWriteLock {
 public:
  void LockShared() {
    std::unique_lock hold(mutex_);
    overtaken_ = 0;
    ++readers_waiting_;
    while (writing_ || (writers_waiting_ > 0 && admitted_ == 0)) changed_.wait(hold);
    if (admitted_ > 0) --admitted_;
    --readers_waiting_;
    ++readers_;
  }

  void UnlockShared() {
    std::lock_guard hold(mutex_);
    --readers_;
    changed_.notify_all();
  }

  void Lock() {
    std::unique_lock hold(mutex_);
    ++writers_waiting_;
    while (writing_ || readers_ > 0 || admitted_ > 0) changed_.wait(hold);
    --writers_waiting_;
    writing_ = true;
    if (readers_waiting_ > 0) ++overtaken_;
    heddle::Assert(overtaken_ <= 1, "a waiting reader is overtaken by one writer at most");
  }

  void UnlockToWriters() {
    std::lock_guard hold(mutex_);
    writing_ = false;
    changed_.notify_all();
  }

  void UnlockToReaders() {
    std::lock_guard hold(mutex_);
    writing_ = false;
    admitted_ = readers_waiting_;  // fix
    changed_.notify_all();
  }

 private:
  Mutex mutex_{"state"};
  CondVar changed_;
  Var<bool> writing_ = false;
  Var<int> readers_ = 0;
  Var<int> readers_waiting_ = 0;
  Var<int> writers_waiting_ = 0;
  Var<int> admitted_ = 0;   // waiting readers that go before the next writer
  Var<int> overtaken_ = 0;  // writers that went before the waiting reader
};

template <void (ReadWriteLock::*kUnlock)()>
void OneReaderTwoWriters() {
  ReadWriteLock lock;
  Thread reader([&] {
    lock.LockShared();
    lock.UnlockShared();
  });
  Thread writer([&] {
    lock.Lock();
    (lock.*kUnlock)();
  });
  for (int i = 0; i < 2; ++i) {
    lock.Lock();
    (lock.*kUnlock)();
  }
  reader.join();
  writer.join();
}

const heddle::RegisterCase kBug{{.name = "liveness/reader_starvation",
                                 .body = OneReaderTwoWriters<&ReadWriteLock::UnlockToWriters>,
                                 .expect = {heddle::FindingKind::kAssertion},
                                 .preemptions = 1,
                                 .about = "writers overtake a waiting reader again and again"}};
const heddle::RegisterCase kFixed{{.name = "liveness/reader_starvation_fixed",
                                   .body = OneReaderTwoWriters<&ReadWriteLock::UnlockToReaders>,
                                   .about = "a leaving writer admits the readers that wait"}};

}  // namespace
