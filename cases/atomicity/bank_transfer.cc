// Bank transfer: each account has its lock, and each access takes it. But a transfer is a
// withdrawal and then a deposit, and whoever adds up the accounts in between misses the money on
// its way.
//
// Where: reports and backups that are taken while transactions run; the reason why databases have
// transactions and snapshots, not only atomic rows.
//
// In the twin the transfer and the audit hold the lock of the ledger: both need it.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

class Account {
 public:
  explicit Account(const char* name) : mutex_(name) {}

  void Add(int amount) {
    const std::lock_guard lock(mutex_);
    balance_ += amount;
  }
  int Balance() {
    const std::lock_guard lock(mutex_);
    return balance_;
  }

 private:
  heddle::Mutex mutex_;
  heddle::Var<int> balance_ = 50;
};

void BankTransfer() {
  Account savings("savings");
  Account checking("checking");
  heddle::Thread transfer([&] {
    savings.Add(-10);
    checking.Add(10);
  });
  heddle::Assert(savings.Balance() + checking.Balance() == 100, "no money appears or vanishes");
  transfer.join();
}

void BankTransferFixed() {
  Account savings("savings");
  Account checking("checking");
  heddle::Mutex ledger("ledger");
  heddle::Thread transfer([&] {
    const std::lock_guard lock(ledger);  // fix
    savings.Add(-10);
    checking.Add(10);
  });
  const auto audit = [&] {
    const std::lock_guard lock(ledger);  // fix
    return savings.Balance() + checking.Balance();
  };
  heddle::Assert(audit() == 100, "no money appears or vanishes");
  transfer.join();
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/bank_transfer",
    .body = BankTransfer,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "the accounts are added up while a transfer is half done",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/bank_transfer_fixed",
    .body = BankTransferFixed,
    .about = "transfer and audit hold the ledger",
}};

}  // namespace
