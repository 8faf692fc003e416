// Two locks for one thing: every access to the balance is made under a lock, but not under the same
// one. Locks that have nothing in common order nothing.
//
// Where: a member guarded by the object's lock in one method and by the collection's in another;
// code moved between classes along with its lock_guard. Eraser (Savage and others, 1997), the first
// lockset detector, was built to find this.
//
// In the twin the second thread takes the lock of the first, too.
#include <mutex>

#include "cases/race/plain.h"
#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

template <template <typename> class Memory>
void TwoLocks() {
  heddle::Mutex account("account");
  heddle::Mutex bank("bank");
  Memory<int> balance = 100;
  heddle::Thread customer([&] {
    const std::lock_guard lock(account);
    balance += 10;
  });
  heddle::Thread interest([&] {
    const std::lock_guard lock(bank);
    balance += 1;
  });
  customer.join();
  interest.join();
}

template <template <typename> class Memory>
void TwoLocksFixed() {
  heddle::Mutex account("account");
  heddle::Mutex bank("bank");
  Memory<int> balance = 100;
  heddle::Thread customer([&] {
    const std::lock_guard lock(account);
    balance += 10;
  });
  heddle::Thread interest([&] {
    const std::lock_guard lock(bank);
    const std::lock_guard same(account);  // fix
    balance += 1;
  });
  customer.join();
  interest.join();
}

const heddle::RegisterCase kBug{{
    .name = "race/two_locks",
    .body = TwoLocks<heddle::Var>,
    .expect = {heddle::FindingKind::kDataRace},
    .about = "two threads change a balance, each under another lock",
}};
const heddle::RegisterCase kTwin{{
    .name = "race/two_locks_fixed",
    .body = TwoLocksFixed<heddle::Var>,
    .about = "both under the same lock",
}};
const heddle::RegisterCase kPlainBug{{
    .name = "race/two_locks_plain",
    .body = TwoLocks<heddle::cases::Plain>,
    .expect = {heddle::FindingKind::kDataRace},
    .needs_thread_sanitizer = true,
    .about = "two threads change a balance, each under another lock (on plain memory)",
}};
const heddle::RegisterCase kPlainTwin{{
    .name = "race/two_locks_plain_fixed",
    .body = TwoLocksFixed<heddle::cases::Plain>,
    .needs_thread_sanitizer = true,
    .about = "both under the same lock (on plain memory)",
}};

}  // namespace
