// An object given back to its pool twice.
//
// A connection is returned by its request when it is done, and by the watchdog when the request
// takes too long; when both happen, the pool hands one connection to two users, who write into each
// other's conversation. Apache Commons Pool refuses it with "Object has already been returned to
// this pool or is invalid"; pools without such a check corrupt data far from the cause.
//
// The twin lets exactly one of the two return it.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/object_pool.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Atomic;
using heddle::ObjectPool;
using heddle::Thread;
using heddle::Var;

struct Connection {
  Var<int> requests = 0;
};

class Request {
 public:
  explicit Request(ObjectPool<Connection>& pool) : pool_(pool), connection_(pool.acquire()) {}

  void Finish() {
    if (done_.load()) return;
    done_.store(true);
    pool_.release(connection_);
  }

  void FinishOnce() {
    if (done_.exchange(true)) return;  // fix
    pool_.release(connection_);
  }

 private:
  ObjectPool<Connection>& pool_;
  Connection* const connection_;
  Atomic<bool> done_{false};
};

template <void (Request::*kFinish)()>
void RequestAndWatchdog() {
  ObjectPool<Connection> pool(2, "connections");
  Request request(pool);
  Thread watchdog([&] { (request.*kFinish)(); });
  (request.*kFinish)();
  watchdog.join();
}

const heddle::RegisterCase kBug{{.name = "models/pool_double_release",
                                 .body = RequestAndWatchdog<&Request::Finish>,
                                 .expect = {heddle::FindingKind::kPoolMisuse},
                                 .preemptions = 1,
                                 .about = "request and watchdog both return the connection"}};
const heddle::RegisterCase kFixed{{.name = "models/pool_double_release_fixed",
                                   .body = RequestAndWatchdog<&Request::FinishOnce>,
                                   .about = "an exchange decides which of them returns it"}};

}  // namespace
