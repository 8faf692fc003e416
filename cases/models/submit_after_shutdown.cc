// A task submitted to a thread pool that has been shut down.
//
// The server stops: it shuts the pool down, then joins the thread that accepts connections. A
// connection accepted in between goes to a pool that takes nothing any more: java.util.concurrent
// answers with RejectedExecutionException, other pools drop the task without a word and its client
// waits.
//
// The twin stops the source first: what submits is joined before the pool is shut down.
#include "harness/explore/case.h"
#include "primitives/thread.h"
#include "primitives/thread_pool.h"

namespace {

using heddle::Thread;
using heddle::ThreadPool;

struct Server {
  void Accept() {
    pool.submit([] {});
  }

  ThreadPool pool{1, "requests"};
  Thread acceptor{[this] { Accept(); }};
};

void ShutDownPoolFirst() {
  Server server;
  server.pool.shutdown();
  server.acceptor.join();
}

void JoinAcceptorFirst() {
  Server server;
  server.acceptor.join();  // fix
  server.pool.shutdown();
  if (server.acceptor.joinable()) server.acceptor.join();
}

const heddle::RegisterCase kBug{{.name = "models/submit_after_shutdown",
                                 .body = ShutDownPoolFirst,
                                 .expect = {heddle::FindingKind::kMisuse},
                                 .about = "a task is submitted to a pool that has shut down"}};
const heddle::RegisterCase kFixed{{.name = "models/submit_after_shutdown_fixed",
                                   .body = JoinAcceptorFirst,
                                   .about = "the submitting thread ends before the pool does"}};

}  // namespace
