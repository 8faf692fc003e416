// AB-BA: two threads take the same two locks in opposite orders.
//
// A transfer locks the account that it takes from, then the one that it gives to. Two transfers in
// opposite directions each get their first lock and then wait for the other's, for ever. It takes
// one preemption at the right place, so it passes tests for years. Seen in every system with more
// than one lock: Linux checks all kernel locking for it at run time (lockdep), databases time it
// out or detect it between transactions that update the same rows in opposite orders, and the JDK's
// synchronized collections had it in a.addAll(b) beside b.addAll(a).
//
// The twin takes the two locks in one global order, by account number, whatever the direction of
// the transfer. (std::scoped_lock of both, which backs off and retries, is the other cure.)
#include <mutex>
#include <utility>

#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

struct Account {
  int number;
  Mutex mutex;
  Var<int> balance{100};
};

void Transfer(Account& from, Account& to, int amount) {
  std::lock_guard hold_from(from.mutex);
  std::lock_guard hold_to(to.mutex);
  from.balance -= amount;
  to.balance += amount;
}

void TransferInOrder(Account& from, Account& to, int amount) {
  Account* first = &from;
  Account* second = &to;
  if (first->number > second->number) std::swap(first, second);  // fix
  std::lock_guard hold_first(first->mutex);
  std::lock_guard hold_second(second->mutex);
  from.balance -= amount;
  to.balance += amount;
}

template <void (*kTransfer)(Account&, Account&, int)>
void BothDirections() {
  Account checking{1, Mutex("checking")};
  Account savings{2, Mutex("savings")};
  Thread save([&] { kTransfer(checking, savings, 10); });
  Thread spend([&] { kTransfer(savings, checking, 25); });
  save.join();
  spend.join();
}

const heddle::RegisterCase kBug{
    {.name = "deadlock/ab_ba",
     .body = BothDirections<Transfer>,
     .expect = {heddle::FindingKind::kDeadlock},
     .tolerate = {heddle::FindingKind::kLockOrder},
     .preemptions = 1,
     .about = "two transfers lock the same two accounts, each its own first"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/ab_ba_fixed",
                                   .body = BothDirections<TransferInOrder>,
                                   .about = "both lock the account with the lower number first"}};

}  // namespace
