// Self-deadlock: a thread locks a mutex that it holds already.
//
// A public method takes the lock and calls another public method, which takes it too. Not found by
// review because each is right alone; often it is a rarely taken branch, as here, where only an
// overdrawn account is closed. POSIX calls it a deadlock for PTHREAD_MUTEX_NORMAL, C++ undefined
// behaviour; a signal handler that calls malloc inside malloc is the same bug.
//
// The twin splits the inner method: a private one that expects the lock to be held does the work.
// (A recursive mutex also stops the deadlock, but shows the inner method a half-changed object.)
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

class Account {
 public:
  void Close() {
    std::lock_guard hold(mutex_);
    CloseLocked();
  }

  void Withdraw(int amount) {
    std::lock_guard hold(mutex_);
    balance_ -= amount;
    if (balance_ < 0) Close();
  }

  void WithdrawSplit(int amount) {
    std::lock_guard hold(mutex_);
    balance_ -= amount;
    if (balance_ < 0) CloseLocked();  // fix
  }

  bool closed() {
    std::lock_guard hold(mutex_);
    return closed_;
  }

 private:
  void CloseLocked() { closed_ = true; }

  Mutex mutex_{"account"};
  Var<int> balance_ = 100;
  Var<bool> closed_ = false;
};

template <void (Account::*kWithdraw)(int)>
void Overdraw() {
  Account account;
  Thread shop([&] { (account.*kWithdraw)(60); });
  (account.*kWithdraw)(60);
  shop.join();
  heddle::Assert(account.closed(), "an overdrawn account is closed");
}

const heddle::RegisterCase kBug{
    {.name = "deadlock/self_lock",
     .body = Overdraw<&Account::Withdraw>,
     .expect = {heddle::FindingKind::kDeadlock},
     .about = "a locked method calls another that takes the same lock"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/self_lock_fixed",
                                   .body = Overdraw<&Account::WithdrawSplit>,
                                   .about = "the inner method expects the lock to be held"}};

}  // namespace
