// Lost stop request: a worker looks whether it is to stop, and then goes to sleep; a request that
// comes in between wakes nobody.
//
// The stop callback notifies the condition variable, but without its mutex: it cannot take it, for
// a stop that has been requested already is told by the thread that registers the callback, mutex
// in hand. So the notification can fall between the question and the wait. Every hand-written
// interruptible wait has had this race; std::condition_variable_any has waits that take a
// stop_token because of it (P0660, "Stop Token and Joining Thread", tells the story).
//
// The twin uses such a wait.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/condition_variable_any.h"
#include "primitives/jthread.h"
#include "primitives/mutex.h"
#include "primitives/stop_token.h"
#include "primitives/var.h"

namespace {

using heddle::CondVarAny;
using heddle::JThread;
using heddle::Mutex;
using heddle::StopCallback;
using heddle::StopToken;
using heddle::Var;

class Inbox {
 public:
  void Await(StopToken stop) {
    std::unique_lock hold(mutex_);
    const StopCallback wake(stop, [this] { changed_.notify_all(); });
    while (letters_ == 0 && !stop.stop_requested()) changed_.wait(hold);
  }

  void AwaitFixed(StopToken stop) {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, stop, [this] { return letters_ > 0; });  // fix
    heddle::Assert(letters_ > 0 || stop.stop_requested(), "the worker has a reason to go on");
  }

 private:
  Mutex mutex_{"inbox"};
  CondVarAny changed_{"changed"};
  Var<int> letters_ = 0;
};

template <void (Inbox::*kAwait)(StopToken)>
void StopAnIdleWorker() {
  Inbox inbox;
  JThread worker([&](StopToken stop) { (inbox.*kAwait)(stop); });
  worker.request_stop();
  worker.join();
}

const heddle::RegisterCase kBug{{.name = "liveness/lost_stop",
                                 .body = StopAnIdleWorker<&Inbox::Await>,
                                 .expect = {heddle::FindingKind::kStuck},
                                 .preemptions = 2,
                                 .about = "a stop is requested between the question and the wait"}};
const heddle::RegisterCase kFixed{{.name = "liveness/lost_stop_fixed",
                                   .body = StopAnIdleWorker<&Inbox::AwaitFixed>,
                                   .about = "a wait that a stop request ends"}};

}  // namespace
