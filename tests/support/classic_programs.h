// Programs on which tools for complete search are compared, and some that the others get wrong.
#ifndef HEDDLE_TESTS_SUPPORT_CLASSIC_PROGRAMS_H_
#define HEDDLE_TESTS_SUPPORT_CLASSIC_PROGRAMS_H_

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace heddle::testing {

// N writers, each writes 1 more than it reads beside it; a reader looks for a zero from the end.
// Abdulla, Aronis, Jonsson, Sagonas (POPL 2014), section 8.
template <int kWriters>
void LastZero() {
  Atomic<int> cells[kWriters + 1] = {};
  Thread threads[kWriters + 1];
  threads[0] = Thread([&] {
    for (int i = kWriters; cells[i].load() != 0;) --i;
  });
  for (int i = 1; i <= kWriters; ++i) {
    threads[i] = Thread([i, &cells] { cells[i].store(cells[i - 1].load() + 1); });
  }
  for (Thread& thread : threads) thread.join();
}

// A writer and N readers of one cell (ibid.).
template <int kReaders>
void Readers() {
  Atomic<int> cell{0};
  Thread threads[kReaders + 1];
  threads[0] = Thread([&] { cell.store(1); });
  for (int i = 1; i <= kReaders; ++i) threads[i] = Thread([&] { cell.load(); });
  for (Thread& thread : threads) thread.join();
}

// N threads insert four words each into one hash table; from 12 threads on, some collide. Flanagan,
// Godefroid, "Dynamic partial-order reduction" (POPL 2005), figure 1.
template <int kThreads>
void Indexer() {
  constexpr int kSize = 128;
  Atomic<int> table[kSize] = {};
  Thread threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    threads[i] = Thread([i, &table] {
      for (int m = 1; m <= 4; ++m) {
        const int word = m * 11 + i;
        for (int hash = word * 7 % kSize;; hash = (hash + 1) % kSize) {
          int expected = 0;
          if (table[hash].compare_exchange_strong(expected, word)) break;
        }
      }
    });
  }
  for (Thread& thread : threads) thread.join();
}

// Each takes the fork on its left, then the one on its right.
template <int kPhilosophers>
void Philosophers() {
  Mutex forks[kPhilosophers];
  Thread threads[kPhilosophers];
  for (int i = 0; i < kPhilosophers; ++i) {
    threads[i] = Thread([i, &forks] {
      std::lock_guard<Mutex> left(forks[i]);
      std::lock_guard<Mutex> right(forks[(i + 1) % kPhilosophers]);
    });
  }
  for (Thread& thread : threads) thread.join();
}

// The flag is looked at before the mutex is taken: the notification may fall between.
inline void LostWakeup() {
  Mutex mutex;
  CondVar condition;
  Atomic<bool> ready{false};
  Thread waiter([&] {
    if (!ready.load()) {
      std::unique_lock<Mutex> lock(mutex);
      condition.wait(lock);
    }
  });
  Thread notifier([&] {
    ready.store(true);
    condition.notify_one();
  });
  waiter.join();
  notifier.join();
}

// A bounded buffer of one, two producers and two consumers, each of one item. `if` where `while` is
// needed: a consumer that was woken may find that another has taken the item.
template <bool kIfForWhile>
void BoundedBuffer() {
  Mutex mutex;
  CondVar not_empty;
  CondVar not_full;
  Var<int> items{0};
  const auto wait = [&](std::unique_lock<Mutex>& lock, CondVar& condition, int unwanted) {
    if (kIfForWhile) {
      if (items == unwanted) condition.wait(lock);
    } else {
      while (items == unwanted) condition.wait(lock);
    }
  };
  const auto produce = [&] {
    std::unique_lock<Mutex> lock(mutex);
    wait(lock, not_full, 1);
    items = items + 1;
    Assert(items == 1, "the buffer holds at most one item");
    not_empty.notify_one();
  };
  const auto consume = [&] {
    std::unique_lock<Mutex> lock(mutex);
    wait(lock, not_empty, 0);
    items = items - 1;
    Assert(items == 0, "the buffer held an item");
    not_full.notify_one();
  };
  Thread threads[4] = {Thread(produce), Thread(produce), Thread(consume), Thread(consume)};
  for (Thread& thread : threads) thread.join();
}

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_CLASSIC_PROGRAMS_H_
