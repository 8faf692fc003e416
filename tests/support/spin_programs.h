// Programs whose threads wait for each other in loops, as users write them.
#ifndef HEDDLE_TESTS_SUPPORT_SPIN_PROGRAMS_H_
#define HEDDLE_TESTS_SUPPORT_SPIN_PROGRAMS_H_

#include <mutex>

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/time.h"
#include "primitives/var.h"

namespace heddle::testing {

// A flag, and threads that wait for it.
template <int kSpinners, bool kYields = false>
void AwaitFlag() {
  Atomic<bool> flag{false};
  Thread threads[kSpinners];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      while (!flag.load()) {
        if (kYields) Yield();
      }
    });
  }
  flag.store(true);
  for (Thread& thread : threads) thread.join();
}

// A lock that is taken by comparing and exchanging.
template <int kThreads>
void CasLock() {
  Atomic<int> lock{0};
  Var<int> count{0};
  Thread threads[kThreads];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      for (int expected = 0; !lock.compare_exchange_strong(expected, 1); expected = 0) {
      }
      count = count + 1;
      lock.store(0);
    });
  }
  for (Thread& thread : threads) thread.join();
  Assert(count == kThreads, "nobody was in between");
}

// A lock that is taken by setting a flag: the standard's own example of one.
template <int kThreads>
void TestAndSetLock() {
  AtomicFlag flag;
  Var<int> count{0};
  Thread threads[kThreads];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      while (flag.test_and_set(std::memory_order_acquire)) {
      }
      count = count + 1;
      flag.clear(std::memory_order_release);
    });
  }
  for (Thread& thread : threads) thread.join();
  Assert(count == kThreads, "nobody was in between");
}

// A lock that is taken by exchanging, after a look whether it is worth it.
template <int kThreads>
void TestTestAndSetLock() {
  Atomic<int> lock{0};
  Var<int> count{0};
  Thread threads[kThreads];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      do {
        while (lock.load() != 0) {
        }
      } while (lock.exchange(1) != 0);
      count = count + 1;
      lock.store(0);
    });
  }
  for (Thread& thread : threads) thread.join();
  Assert(count == kThreads, "nobody was in between");
}

// Those who wait look under a lock whether they may go on.
template <int kPollers>
void PollUnderLock() {
  Mutex mutex;
  Var<bool> done{false};
  Thread threads[kPollers];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      for (;;) {
        const std::lock_guard lock(mutex);
        if (done) break;
      }
    });
  }
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  for (Thread& thread : threads) thread.join();
}

// A lock that serves in the order of arrival.
template <int kThreads>
void TicketLock() {
  Atomic<int> next{0};
  Atomic<int> serving{0};
  Var<int> count{0};
  Thread threads[kThreads];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      const int ticket = next.fetch_add(1);
      while (serving.load() != ticket) {
      }
      count = count + 1;
      serving.store(ticket + 1);
    });
  }
  for (Thread& thread : threads) thread.join();
  Assert(count == kThreads, "nobody was in between");
}

// Peterson, "Myths about the mutual exclusion problem" (Information Processing Letters 12, 1981):
// a loop that reads two atomics.
inline void Peterson() {
  Atomic<bool> wants[2] = {{false}, {false}};
  Atomic<int> turn{0};
  Var<int> count{0};
  const auto body = [&](int me) {
    wants[me].store(true);
    turn.store(1 - me);
    while (wants[1 - me].load() && turn.load() == 1 - me) {
    }
    count = count + 1;
    wants[me].store(false);
  };
  Thread one(body, 0);
  Thread two(body, 1);
  one.join();
  two.join();
  Assert(count == 2, "nobody was in between");
}

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_SPIN_PROGRAMS_H_
