// Invariants see the state as it is and leave nothing behind.
#include <gtest/gtest.h>

#include "primitives/atomic.h"
#include "primitives/latch.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/controlled.h"

namespace heddle::testing {
namespace {

struct Account {
  Mutex mutex;
  Var<int> balance{0};
};
Account* account = nullptr;

void Deposit() {
  account->mutex.lock();
  ++account->balance;
  account->mutex.unlock();
}

void TwoDeposits() {
  Account here;
  account = &here;
  Thread a(&Deposit);
  Thread b(&Deposit);
  a.join();
  b.join();
  account = nullptr;
}

class EngineCheckTest : public ::testing::Test {
 protected:
  void Run(void (*body)(), void (*invariant)(), int executions = 100) {
    RandomWalkDecider decider;
    for (int i = 0; i < executions; ++i) {
      Plan plan;
      plan.index = static_cast<uint64_t>(i);
      plan.seed = MixSeed(1, plan.index);
      decider.Begin(plan);
      run_.engine().Run(Program{body, invariant}, decider);
    }
  }

  Controlled run_;
};

TEST_F(EngineCheckTest, AnInvariantThatTakesALockKeepsItsOrder) {
  Run(&TwoDeposits, [] {
    if (account == nullptr || !account->mutex.try_lock()) return;
    account->mutex.unlock();
  });
  EXPECT_TRUE(run_.Clean()) << run_.Text();
}

Atomic<int>* counter = nullptr;

TEST_F(EngineCheckTest, AnInvariantGoesOnAfterMisuse) {
  Run(
      [] {
        Atomic<int> here{0};
        counter = &here;
        here.store(1);
        counter = nullptr;
      },
      [] {
        if (counter == nullptr) return;
        Latch(1).count_down(-1);
        counter->load();  // no step of the program
      },
      1);
  EXPECT_EQ(run_.Count(FindingKind::kMisuse), static_cast<int>(run_.suspicions.size()));
  EXPECT_GT(run_.Count(FindingKind::kMisuse), 0);
}

}  // namespace
}  // namespace heddle::testing
