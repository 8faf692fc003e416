// Check, then act: whether there is something left to sell is asked under the lock, and it is sold
// under the lock, but in between another buyer can take the last one. There is no data race.
//
// Where: "if the key is not there, insert it" on concurrent maps; access() followed by open(),
// which the security world knows as time of check to time of use; booking systems that sell a seat
// twice.
//
// The twin makes the question and the sale one step, by a lock around both.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

class Stock {
 public:
  int Left() {
    const std::lock_guard lock(mutex_);
    return left_;
  }
  void Take() {
    const std::lock_guard lock(mutex_);
    --left_;
  }

 private:
  heddle::Mutex mutex_{"stock"};
  heddle::Var<int> left_ = 1;
};

void CheckThenAct() {
  Stock stock;
  const auto buy = [&] {
    if (stock.Left() > 0) stock.Take();
  };
  heddle::Thread first(buy);
  heddle::Thread second(buy);
  first.join();
  second.join();
  heddle::Assert(stock.Left() == 0, "what was there has been sold once");
}

void CheckThenActFixed() {
  Stock stock;
  heddle::Mutex sale("sale");
  const auto buy = [&] {
    const std::lock_guard lock(sale);  // fix
    if (stock.Left() > 0) stock.Take();
  };
  heddle::Thread first(buy);
  heddle::Thread second(buy);
  first.join();
  second.join();
  heddle::Assert(stock.Left() == 0, "what was there has been sold once");
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/check_then_act",
    .body = CheckThenAct,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "two buyers see the last one and both take it",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/check_then_act_fixed",
    .body = CheckThenActFixed,
    .about = "the look and the sale are one step",
}};

}  // namespace
