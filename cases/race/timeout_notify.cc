// A race between a timeout and a notification: a client waits for the answer to its request, gives
// up after ten milliseconds, and uses the request's memory for something else. The server, which
// answers at that moment, still has the pointer.
//
// Where: requests on the caller's stack. In the Linux kernel, fixes of wait_for_completion_timeout
// whose caller returns while the interrupt handler still writes to the request are a genre of their
// own; so are asynchronous reads whose buffer is freed after a cancel that came too late.
//
// The twin withdraws the request, under the lock, before it goes on.
#include <chrono>
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
struct Request {
  Memory<int> answer = 0;
};

template <template <typename> class Memory>
class Server {
 public:
  void Answer() {
    heddle::SleepFor(kTime);
    const std::lock_guard lock(mutex_);
    if (request_ == nullptr) return;
    request_->answer = 42;
    request_ = nullptr;
    answered_.notify_one();
  }

  void Ask(Request<Memory>* request) {
    std::unique_lock lock(mutex_);
    request_ = request;
    answered_.wait_for(lock, kTime, [&] { return request_ == nullptr; });
  }

  void AskFixed(Request<Memory>* request) {
    std::unique_lock lock(mutex_);
    request_ = request;
    answered_.wait_for(lock, kTime, [&] { return request_ == nullptr; });
    request_ = nullptr;  // fix
  }

 private:
  // The client's patience, and what the answer takes.
  static constexpr std::chrono::milliseconds kTime{10};

  heddle::Mutex mutex_{"server"};
  heddle::CondVar answered_{"answered"};
  Memory<Request<Memory>*> request_ = nullptr;  // null: nobody waits for an answer
};

template <template <typename> class Memory>
void TimeoutNotify() {
  Server<Memory> server;
  Request<Memory> request;
  heddle::Thread answer([&] { server.Answer(); });
  server.Ask(&request);
  request.answer = -1;
  answer.join();
}

template <template <typename> class Memory>
void TimeoutNotifyFixed() {
  Server<Memory> server;
  Request<Memory> request;
  heddle::Thread answer([&] { server.Answer(); });
  server.AskFixed(&request);
  request.answer = -1;
  answer.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/timeout_notify",
    .body = TimeoutNotify<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .preemptions = 1,
    .about = "a request times out, and its memory is used again, as it is answered",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/timeout_notify_fixed",
    .body = TimeoutNotifyFixed<heddle::Var>,
    .about = "a request that times out is withdrawn",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/timeout_notify_plain",
    .body = TimeoutNotify<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .preemptions = 1,
    .needs_thread_sanitizer = true,
    .about =
        "a request times out, and its memory is used again, as it is answered (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/timeout_notify_plain_fixed",
    .body = TimeoutNotifyFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "a request that times out is withdrawn (on plain memory)",
}};

}  // namespace
