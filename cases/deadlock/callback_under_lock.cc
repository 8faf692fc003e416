// A callback called with a lock held: the caller's lock and the callback's meet in both orders.
//
// The event source calls its listener while it holds its own lock; the listener takes the lock of
// the window it updates. Another thread that holds the window's lock unsubscribes, which takes the
// source's. Neither class is wrong alone, and neither author sees the other's lock: Bloch calls it
// the alien method (Effective Java, "Avoid excessive synchronization"), Sutter's rule is to call no
// unknown code inside a critical section. Signal and observer libraries, GUI toolkits and caches
// with eviction listeners have all had it.
//
// The twin copies the listener under the lock and calls it after the lock is released.
#include <functional>
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

class Source {
 public:
  explicit Source(std::function<void()> listener) : listener_(std::move(listener)) {}

  void Unsubscribe() {
    std::lock_guard hold(mutex_);
    listener_ = nullptr;
  }

  void Emit() {
    std::lock_guard hold(mutex_);
    if (listener_) listener_();
  }

  void EmitUnlocked() {
    std::unique_lock hold(mutex_);
    const std::function<void()> listener = listener_;
    hold.unlock();  // fix
    if (listener) listener();
  }

 private:
  Mutex mutex_{"source"};
  std::function<void()> listener_;
};

template <void (Source::*kEmit)()>
void EventDuringUnsubscribe() {
  Mutex window("window");
  Var<int> painted = 0;
  Source source([&] {
    std::lock_guard hold(window);
    ++painted;
  });
  Thread emitter([&] { (source.*kEmit)(); });
  {
    std::lock_guard hold(window);
    ++painted;
    source.Unsubscribe();
  }
  emitter.join();
}

const heddle::RegisterCase kBug{{.name = "deadlock/callback_under_lock",
                                 .body = EventDuringUnsubscribe<&Source::Emit>,
                                 .expect = {heddle::FindingKind::kDeadlock},
                                 .tolerate = {heddle::FindingKind::kLockOrder},
                                 .preemptions = 1,
                                 .about = "a listener is called with the source's lock held"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/callback_under_lock_fixed",
                                   .body = EventDuringUnsubscribe<&Source::EmitUnlocked>,
                                   .about = "the listener is called after the lock is released"}};

}  // namespace
