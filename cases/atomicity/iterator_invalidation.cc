// Iterator invalidation: a thread takes the list's lock to find an element, gives it back, and goes
// on with the element, which another thread has removed and freed meanwhile. That what it does with
// the element is atomic is no help: the atomic is freed, too.
//
// Where: servers that keep an iterator into a table of connections across a call; the
// use-after-free bugs of kernels, where a list is walked without its lock or a reference to the
// element.
//
// The twin holds the list's lock for as long as it uses the element.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

struct Connection {
  heddle::Atomic<int> requests{0};
};

class Connections {
 public:
  heddle::RecursiveMutex& mutex() { return mutex_; }

  Connection* First() {
    const std::lock_guard lock(mutex_);
    return first_;
  }
  void RemoveFirst() {
    const std::lock_guard lock(mutex_);
    delete static_cast<Connection*>(first_);
    first_ = nullptr;
  }

 private:
  heddle::RecursiveMutex mutex_{"connections"};
  heddle::Var<Connection*> first_ = new Connection;
};

void IteratorInvalidation() {
  Connections connections;
  heddle::Thread close([&] { connections.RemoveFirst(); });
  if (Connection* const connection = connections.First()) connection->requests.fetch_add(1);
  close.join();
}

void IteratorInvalidationFixed() {
  Connections connections;
  heddle::Thread close([&] { connections.RemoveFirst(); });
  const auto count = [&] {
    const std::lock_guard lock(connections.mutex());  // fix
    if (Connection* const connection = connections.First()) connection->requests.fetch_add(1);
  };
  count();
  close.join();
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/iterator_invalidation",
    .body = IteratorInvalidation,
    .expect = {heddle::FindingKind::kUseAfterFree},
    .tolerate = {heddle::FindingKind::kDataRace},
    .preemptions = 1,
    .about = "an element found under the list's lock is used after it",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/iterator_invalidation_fixed",
    .body = IteratorInvalidationFixed,
    .about = "the lock is held while it is used",
}};

}  // namespace
