// A bounded buffer whose consumer notifies the wrong condition variable.
//
// One condition variable for "not full", one for "not empty", as it should be; but after taking an
// item the consumer notifies "not empty". A producer that waits for space is never woken. It goes
// unnoticed as long as the buffer is large enough never to be full in tests: the usual
// copy-and-paste error in hand-written queues.
//
// The twin notifies the condition that has become true.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::CondVar;
using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

constexpr int kCapacity = 1;
constexpr int kItems = 2;

class Buffer {
 public:
  void Put() {
    std::unique_lock hold(mutex_);
    while (count_ == kCapacity) not_full_.wait(hold);
    ++count_;
    not_empty_.notify_one();
  }

  void TakeNotifyingConsumers() {
    std::unique_lock hold(mutex_);
    while (count_ == 0) not_empty_.wait(hold);
    --count_;
    not_empty_.notify_one();
  }

  void Take() {
    std::unique_lock hold(mutex_);
    while (count_ == 0) not_empty_.wait(hold);
    --count_;
    not_full_.notify_one();  // fix
  }

 private:
  Mutex mutex_{"buffer"};
  CondVar not_full_;
  CondVar not_empty_;
  Var<int> count_ = 0;
};

template <void (Buffer::*kTake)()>
void ProduceAndConsume() {
  Buffer buffer;
  Thread producer([&] {
    for (int i = 0; i < kItems; ++i) buffer.Put();
  });
  for (int i = 0; i < kItems; ++i) (buffer.*kTake)();
  producer.join();
}

const heddle::RegisterCase kBug{{.name = "liveness/bounded_buffer",
                                 .body = ProduceAndConsume<&Buffer::TakeNotifyingConsumers>,
                                 .expect = {heddle::FindingKind::kStuck},
                                 .about = "the producer that waits for space is never notified"}};
const heddle::RegisterCase kFixed{{.name = "liveness/bounded_buffer_fixed",
                                   .body = ProduceAndConsume<&Buffer::Take>,
                                   .about = "the condition that became true is notified"}};

}  // namespace
