// A promise satisfied twice: the answer and the timeout both deliver.
//
// A request ends with the server's answer or with the watchdog's "timed out", whichever comes
// first. Both look whether the other was there and then set the result; in between is the race.
// std::promise throws std::future_error, "promise already satisfied", in the second, often on a
// thread where nobody catches it; a JavaScript or Java (CompletableFuture) promise quietly keeps
// the first result.
//
// The twin lets one of them win with an exchange.
#include "harness/explore/case.h"
#include "primitives/atomic.h"
#include "primitives/future.h"
#include "primitives/thread.h"

namespace {

using heddle::Atomic;
using heddle::Future;
using heddle::Promise;
using heddle::Thread;

struct Request {
  void Deliver(int value) {
    if (delivered.load()) return;
    delivered.store(true);
    result.set_value(value);
  }

  void DeliverOnce(int value) {
    if (delivered.exchange(true)) return;  // fix
    result.set_value(value);
  }

  Promise<int> result;
  Atomic<bool> delivered{false};
};

template <void (Request::*kDeliver)(int)>
void AnswerAndTimeout() {
  Request request;
  Future<int> result = request.result.get_future();
  Thread server([&] { (request.*kDeliver)(200); });
  Thread watchdog([&] { (request.*kDeliver)(504); });
  result.get();
  server.join();
  watchdog.join();
}

const heddle::RegisterCase kBug{{.name = "models/promise_set_twice",
                                 .body = AnswerAndTimeout<&Request::Deliver>,
                                 .expect = {heddle::FindingKind::kMisuse},
                                 .tolerate = {heddle::FindingKind::kException},
                                 .preemptions = 1,
                                 .about = "answer and timeout both set the result"}};
const heddle::RegisterCase kFixed{{.name = "models/promise_set_twice_fixed",
                                   .body = AnswerAndTimeout<&Request::DeliverOnce>,
                                   .about = "an exchange decides which of them sets it"}};

}  // namespace
