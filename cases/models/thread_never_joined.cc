// A thread that is neither joined nor detached.
//
// The handle goes out of scope while the thread may still run. std::thread's destructor then calls
// std::terminate; before it does, the thread's references to the caller's variables dangle. With
// POSIX threads nothing terminates and each such thread keeps its stack until the process ends: a
// leak that servers die of weeks later. Early returns are where the join gets lost, as here: no
// work, no join.
//
// The twin joins on that way out, too. (heddle::JThread, as std::jthread, cannot forget it.)
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"

namespace {

using heddle::Atomic;
using heddle::Thread;

void ForgetsOnEarlyReturn() {
  Atomic<bool> found{false};
  Thread search([&] { found.store(true); });
  if (found.load()) return;
  search.join();
}

void JoinsOnEveryWay() {
  Atomic<bool> found{false};
  Thread search([&] { found.store(true); });
  if (found.load()) {
    search.join();  // fix
    return;
  }
  search.join();
}

const heddle::RegisterCase kBug{{.name = "models/thread_never_joined",
                                 .body = ForgetsOnEarlyReturn,
                                 .expect = {heddle::FindingKind::kThreadLeak},
                                 .preemptions = 1,
                                 .about = "an early return leaves a thread unjoined"}};
const heddle::RegisterCase kFixed{{.name = "models/thread_never_joined_fixed",
                                   .body = JoinsOnEveryWay,
                                   .about = "every way out joins"}};

}  // namespace
