// A timeout taken for "it did not happen".
//
// The client waits ten milliseconds for the answer and looks only at how the wait ended. The answer
// that arrives in the moment at which the time runs out is there, stored and notified, and is
// thrown away: the payment was made, the client reports that it failed, and pays again. Whether
// wait_for says timeout or not tells why the thread woke, not what is true.
//
// The twin looks at the condition, whatever ended the wait. (wait_for with a predicate does just
// that.)
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"

namespace {

using heddle::CondVar;
using heddle::Mutex;
using heddle::Thread;
using heddle::Var;
using std::chrono::milliseconds;

struct Call {
  void Answer() {
    heddle::SleepFor(milliseconds(10));
    {
      std::lock_guard hold(mutex);
      answered = true;
    }
    changed.notify_one();
  }

  bool AwaitByOutcome() {
    std::unique_lock hold(mutex);
    bool failed = false;
    if (!answered) failed = changed.wait_for(hold, milliseconds(10)) == std::cv_status::timeout;
    return Report(failed);
  }

  bool AwaitByCondition() {
    std::unique_lock hold(mutex);
    bool failed = false;
    if (!answered) failed = changed.wait_for(hold, milliseconds(10)) == std::cv_status::timeout;
    failed = !answered;  // fix
    return Report(failed);
  }

  bool Report(bool failed) {
    heddle::Assert(!(failed && answered), "no call is reported as failed that was answered");
    return failed;
  }

  Mutex mutex{"call"};
  CondVar changed;
  Var<bool> answered = false;
};

template <bool (Call::*kAwait)()>
void AnswerAtTheDeadline() {
  Call call;
  Thread server([&] { call.Answer(); });
  (call.*kAwait)();
  server.join();
}

const heddle::RegisterCase kBug{{.name = "liveness/timeout_vs_notify",
                                 .body = AnswerAtTheDeadline<&Call::AwaitByOutcome>,
                                 .expect = {heddle::FindingKind::kAssertion},
                                 .preemptions = 1,
                                 .about = "an answer at the deadline is taken for no answer"}};
const heddle::RegisterCase kFixed{{.name = "liveness/timeout_vs_notify_fixed",
                                   .body = AnswerAtTheDeadline<&Call::AwaitByCondition>,
                                   .about = "the condition decides, not how the wait ended"}};

}  // namespace
