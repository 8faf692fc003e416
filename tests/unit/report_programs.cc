#include "tests/unit/report_programs.h"

#include <mutex>

#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace heddle::testing {
namespace {

Mutex static_mutex;

void Check(bool condition, const char* message) {
  if (condition) return;
  Runtime::Current()->Fail(FindingKind::kAssertion, message);
}

__attribute__((noinline)) void Increment(Var<int>& counter) {
  const int old = counter;
  counter = old + 1;
}

}  // namespace

void RaceWithoutLocks() {
  Var<int> x(0, "x");
  Thread writer([&] {
    Increment(x);
    std::atomic_signal_fence(MemoryOrder::seq_cst);  // not a tail call: keeps the frame
  });
  const int seen = x;
  writer.join();
  static_cast<void>(seen);
}

void RaceWithDifferentLocks() {
  Mutex a("a"), b("b");
  Var<int> x(0, "x");
  const auto with_a = [&] {
    const std::lock_guard lock(a);
    Increment(x);
  };
  const auto with_b = [&] {
    const std::lock_guard lock(b);
    Increment(x);
  };
  Thread one(with_a);
  Thread two(with_b);
  one.join();
  two.join();
}

void RaceThatALockDoesNotPrevent() {
  Mutex m("m");
  Var<int> x(0, "x");
  Thread one([&] {
    const std::lock_guard lock(m);
    x = 1;
  });
  Thread two([&] {
    {
      const std::lock_guard lock(m);
    }
    x = 2;
  });
  one.join();
  two.join();
}

void RaceBehindARelaxedFlag() {
  Atomic<int> ready(0, "ready");
  Var<int> data(0, "data");
  Thread producer([&] {
    data = 42;
    ready.store(1, MemoryOrder::relaxed);
  });
  Thread consumer([&] {
    if (ready.load(MemoryOrder::acquire) == 1) Increment(data);
  });
  producer.join();
  consumer.join();
}

void AbBa() {
  Mutex a("a"), b("b");
  const auto a_then_b = [&] {
    const std::lock_guard first(a);
    const std::lock_guard second(b);
  };
  const auto b_then_a = [&] {
    const std::lock_guard first(b);
    const std::lock_guard second(a);
  };
  Thread one(a_then_b);
  Thread two(b_then_a);
  one.join();
  two.join();
}

void LockTakenTwice() {
  static_mutex.lock();
  static_mutex.lock();
  static_mutex.unlock();
}

void LockOfAnEndedThread() {
  Mutex m("m");
  Thread forgetful([&] { m.lock(); });
  forgetful.join();
  m.lock();
  m.unlock();
}

void LostUpdate() {
  Atomic<int> n(0, "n");
  const auto add = [&] { n.store(n.load() + 1); };
  Thread one(add);
  Thread two(add);
  one.join();
  two.join();
  Check(n.load() == 2, "n is 2");
}

void UnlockByAnotherThread() {
  Mutex m("m");
  m.lock();
  Thread other([&] { m.unlock(); });
  other.join();
  m.unlock();
}

void ForgottenThread() {
  Atomic<int> n(0, "n");
  Thread forgotten([&] { n.store(1); });
  while (n.load() == 0) Yield();
}

void JoinOfABlockedThread() {
  Mutex m("m");
  m.lock();
  Thread blocked([&] { const std::lock_guard lock(m); });
  blocked.join();
  m.unlock();
}

void ThreadsOfThreads() {
  Var<int> x(0, "x");
  const auto tree = [&] {
    Thread left([&] { Increment(x); });
    Thread right([&] { Increment(x); });
    left.join();
    right.join();
  };
  Thread one(tree);
  one.join();
}

void ManyThreadsDeadlock() {
  constexpr int kCount = 5;
  Mutex forks[kCount];
  Thread philosophers[kCount];
  for (int i = 0; i < kCount; ++i) {
    philosophers[i] = Thread([&forks, i] {
      const std::lock_guard left(forks[i]);
      const std::lock_guard right(forks[(i + 1) % kCount]);
    });
  }
  for (Thread& philosopher : philosophers) philosopher.join();
}

void LostWakeup() {
  Mutex m("m");
  CondVar ready("ready");
  const auto signal = [&] { ready.notify_one(); };
  const auto wait = [&] {
    std::unique_lock lock(m);
    ready.wait(lock);
  };
  Thread signaller(signal);
  Thread waiter(wait);
  signaller.join();
  waiter.join();
}

// Who wakes without being notified wants b while it holds a.
void SleepHoldingALock() {
  Mutex a("a"), b("b");
  CondVar condition("condition");
  Thread one([&] {
    const std::lock_guard first(a);
    std::unique_lock second(b);
    condition.wait(second);
  });
  Thread two([&] {
    const std::lock_guard first(b);
    const std::lock_guard second(a);
  });
  one.join();
  two.join();
}

}  // namespace heddle::testing
