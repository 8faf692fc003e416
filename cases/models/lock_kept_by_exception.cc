// A lock kept by a thread that an exception took out of its critical section.
//
// lock() and unlock() are called by hand, and what is between them throws. The caller handles the
// error and goes on, or ends its thread; the lock stays taken and every other thread waits for it
// for ever, far from the cause. It is the reason for which std::lock_guard exists (resource
// acquisition is initialisation), and for "defer" and "with" in other languages.
//
// The twin holds the lock by a guard, which unlocks on every way out.
#include <mutex>
#include <stdexcept>

#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

class Ledger {
 public:
  void Add(int amount) {
    mutex_.lock();
    Book(amount);
    mutex_.unlock();
  }

  void AddGuarded(int amount) {
    std::lock_guard hold(mutex_);  // fix
    Book(amount);
  }

 private:
  void Book(int amount) {
    if (amount <= 0) throw std::invalid_argument("the amount is not positive");
    total_ += amount;
  }

  Mutex mutex_{"ledger"};
  Var<int> total_ = 0;
};

template <void (Ledger::*kAdd)(int)>
void OneBadAmount() {
  Ledger ledger;
  Thread other([&] {
    try {
      (ledger.*kAdd)(5);
      (ledger.*kAdd)(0);
    } catch (const std::invalid_argument&) {
      // Refused; the amount before it stays booked.
    }
  });
  (ledger.*kAdd)(10);
  other.join();
}

const heddle::RegisterCase kBug{
    {.name = "models/lock_kept_by_exception",
     .body = OneBadAmount<&Ledger::Add>,
     .expect = {heddle::FindingKind::kMisuse},
     .tolerate = {heddle::FindingKind::kStuck, heddle::FindingKind::kDeadlock},
     .about = "an exception leaves between lock() and unlock()"}};
const heddle::RegisterCase kFixed{{.name = "models/lock_kept_by_exception_fixed",
                                   .body = OneBadAmount<&Ledger::AddGuarded>,
                                   .about = "a guard unlocks on every way out"}};

}  // namespace
