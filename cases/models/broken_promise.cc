// A promise that is destroyed without a result while somebody waits for it.
//
// The worker returns early on bad input and forgets that a thread waits for its answer.
// std::promise turns that into a std::future_error, "broken promise", in the waiting thread, far
// from the early return; with hand-written results, condition variables and callbacks the waiter
// just waits for ever.
//
// The twin answers on the early way out, too.
#include <future>
#include <utility>

#include "harness/explore/case.h"
#include "primitives/future.h"
#include "primitives/thread.h"

namespace {

using heddle::Future;
using heddle::Promise;
using heddle::Thread;

constexpr int kBadInput = -1;

void Invert(Promise<int> answer, int input) {
  if (input == 0) return;
  answer.set_value(100 / input);
}

void InvertOrRefuse(Promise<int> answer, int input) {
  if (input == 0) {
    answer.set_value(kBadInput);  // fix
    return;
  }
  answer.set_value(100 / input);
}

template <void (*kInvert)(Promise<int>, int)>
void AskForZero() {
  Promise<int> promise;
  Future<int> answer = promise.get_future();
  Thread worker([&promise] { kInvert(std::move(promise), 0); });
  try {
    answer.get();
  } catch (const std::future_error&) {
    // What is left to do for the waiter: it cannot tell what went wrong.
  }
  worker.join();
}

const heddle::RegisterCase kBug{{.name = "models/broken_promise",
                                 .body = AskForZero<Invert>,
                                 .expect = {heddle::FindingKind::kMisuse},
                                 .about = "an early return leaves a promise without a result"}};
const heddle::RegisterCase kFixed{{.name = "models/broken_promise_fixed",
                                   .body = AskForZero<InvertOrRefuse>,
                                   .about = "the early return sets a result"}};

}  // namespace
