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

template <MemoryOrder kOrder>
void AwaitFlagBehindFence() {
  Atomic<bool> flag{false};
  Thread waiter([&] {
    while (!flag.load(MemoryOrder::relaxed)) heddle::atomic_thread_fence(kOrder);
  });
  flag.store(true);
  waiter.join();
}

inline void OnlyFences() {
  Atomic<int> value{0};
  Thread other([&] {
    for (int i = 0; i < 50; ++i) heddle::atomic_thread_fence(MemoryOrder::acquire);
    value.load();
  });
  value.store(1);
  other.join();
}

// A reader of two words that tries again where a writer came between.
inline void ReadUnderSequence() {
  Atomic<unsigned> sequence{0};
  Atomic<int> words[2] = {{0}, {0}};
  Thread writer([&] {
    sequence.store(1);
    for (Atomic<int>& word : words) word.store(1);
    sequence.store(2);
  });
  int seen[2];
  unsigned before;
  do {
    before = sequence.load(MemoryOrder::acquire);
    for (int i = 0; i < 2; ++i) seen[i] = words[i].load(MemoryOrder::relaxed);
    heddle::atomic_thread_fence(MemoryOrder::acquire);
  } while (before % 2 == 1 || sequence.load(MemoryOrder::relaxed) != before);
  Assert(seen[0] == seen[1], "both words are of one writer");
  writer.join();
}

// A lock that is taken by comparing and exchanging.
struct CasLock {
  void lock() {
    for (int expected = 0; !taken.compare_exchange_strong(expected, 1); expected = 0) {
    }
  }
  void unlock() { taken.store(0); }

  Atomic<int> taken{0};
};

// A lock that is taken by setting a flag: the standard's own example of one.
struct TestAndSetLock {
  void lock() {
    while (flag.test_and_set(std::memory_order_acquire)) {
    }
  }
  void unlock() { flag.clear(std::memory_order_release); }

  AtomicFlag flag;
};

// A lock that is taken by exchanging, after a look whether it is worth it.
struct TestTestAndSetLock {
  void lock() {
    do {
      while (taken.load() != 0) {
      }
    } while (taken.exchange(1) != 0);
  }
  void unlock() { taken.store(0); }

  Atomic<int> taken{0};
};

// The same as TestAndSetLock, with a fence after each look.
struct FencingLock {
  void lock() {
    while (taken.exchange(true)) heddle::atomic_thread_fence(MemoryOrder::acquire);
  }
  void unlock() { taken.store(false); }

  Atomic<bool> taken{false};
};

// A lock that serves in the order of arrival.
struct TicketLock {
  void lock() {
    const int ticket = next.fetch_add(1);
    while (serving.load() != ticket) {
    }
    served = ticket;
  }
  void unlock() { serving.store(served + 1); }

  Atomic<int> next{0};
  Atomic<int> serving{0};
  int served = 0;  // of whoever holds the lock
};

// Threads that each count once under a lock of that kind.
template <typename Lock, int kThreads>
void CountUnder() {
  Lock lock;
  Var<int> count{0};
  Thread threads[kThreads];
  for (Thread& thread : threads) {
    thread = Thread([&] {
      const std::lock_guard guard(lock);
      count = count + 1;
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
