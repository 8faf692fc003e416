// A future that its own executor waits for: the thread that would complete it is the one that
// blocks.
//
// A click handler on the user interface's only thread starts a download and waits for it. The
// download's last step is posted back to that thread, as usual for code that may touch the
// interface, and the handler occupies it. Known from .NET, where .Result or .Wait() on the
// context's thread hangs
// ("don't block on async code"), and from every single-threaded event loop with a blocking get().
//
// The twin lets the download complete on its own thread, as ConfigureAwait(false) does. (Not
// waiting in a handler at all is better still.)
#include "harness/explore/case.h"
#include "primitives/future.h"
#include "primitives/thread.h"
#include "primitives/thread_pool.h"

namespace {

using heddle::Future;
using heddle::Promise;
using heddle::Thread;
using heddle::ThreadPool;

// Runs on the executor; the download completes on `complete_on`, or where it is if that is null.
void Click(ThreadPool* complete_on) {
  Promise<int> promise;
  Future<int> bytes = promise.get_future();
  Thread download([&] {
    const auto complete = [&] { promise.set_value(42); };
    if (complete_on != nullptr) {
      complete_on->submit(complete).get();
    } else {
      complete();
    }
  });
  bytes.get();
  download.join();
}

void CompleteOnInterface() {
  ThreadPool interface(1, "interface");
  interface.submit([&] { Click(&interface); }).get();
}

void CompleteAnywhere() {
  ThreadPool interface(1, "interface");
  ThreadPool* complete_on = &interface;
  complete_on = nullptr;  // fix
  interface.submit([&] { Click(complete_on); }).get();
}

const heddle::RegisterCase kBug{
    {.name = "deadlock/future_on_own_executor",
     .body = CompleteOnInterface,
     .expect = {heddle::FindingKind::kStuck},
     .about = "a handler waits for what its own thread would complete"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/future_on_own_executor_fixed",
                                   .body = CompleteAnywhere,
                                   .about = "the download completes on its own thread"}};

}  // namespace
