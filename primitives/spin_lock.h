// heddle::SpinLock: a lock whose waiters look again and again, letting others run in between.
//
// BasicLockable and Lockable: std::lock_guard, std::unique_lock and std::scoped_lock work on it.
// Not recursive. An unlock synchronises with the next successful lock or try_lock. Under control an
// unlock by a thread that does not hold it is a finding (misuse) without effect; a lock by the
// thread that holds it is one too, and then spins for ever, as the real thing does. Cost: lock is
// one atomic exchange (a scheduling step) for each look and a yield after a failed one; unlock is
// one atomic store (a scheduling step).
#ifndef HEDDLE_PRIMITIVES_SPIN_LOCK_H_
#define HEDDLE_PRIMITIVES_SPIN_LOCK_H_

#include <atomic>
#include <cstdint>

#include "harness/runtime/runtime.h"
#include "primitives/atomic.h"
#include "primitives/internal/door.h"
#include "primitives/internal/misuse.h"
#include "primitives/thread.h"

namespace heddle {

class SpinLock {
 public:
  constexpr SpinLock() = default;
  // The name appears in reports and must outlive the lock.
  explicit constexpr SpinLock(const char* name) : locked_(false, name) {}
  ~SpinLock() {
    if (owner_.load(std::memory_order_relaxed) != 0 && OwnedInThisExecution()) {
      internal::Misuse("destruction of a SpinLock that is locked");
    }
  }
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  HEDDLE_DOOR void lock() {
    if (OwnedByCaller()) internal::Misuse("lock of a SpinLock that the thread holds already");
    while (!try_lock()) Yield();
  }

  HEDDLE_DOOR bool try_lock() {
    bool expected = false;
    if (!locked_.compare_exchange_strong(expected, true, MemoryOrder::acquire,
                                         MemoryOrder::relaxed)) {
      return false;
    }
    owner_.store(Caller(), std::memory_order_relaxed);
    return true;
  }

  HEDDLE_DOOR void unlock() {
    if (Runtime::Current() != nullptr && !OwnedByCaller()) {
      internal::Misuse("unlock of a SpinLock that the thread does not hold");
      return;
    }
    owner_.store(0, std::memory_order_relaxed);
    locked_.store(false, MemoryOrder::release);
  }

 private:
  static constexpr int kThreadBits = 24;

  // The calling thread in this execution; 0 without an engine, which does not check.
  static uint64_t Caller() {
    Runtime* runtime = Runtime::Current();
    if (runtime == nullptr) return 0;
    return runtime->stamp() << kThreadBits | Index(runtime->CurrentThread());
  }
  bool OwnedByCaller() const {
    return Runtime::Current() != nullptr && owner_.load(std::memory_order_relaxed) == Caller();
  }
  bool OwnedInThisExecution() const {
    Runtime* runtime = Runtime::Current();
    return runtime != nullptr &&
           owner_.load(std::memory_order_relaxed) >> kThreadBits == runtime->stamp();
  }

  Atomic<bool> locked_{false, "spin lock"};
  // Not an Atomic: looking at it is no operation of the program. Stamps start at 1, so that 0 is
  // nobody.
  std::atomic<uint64_t> owner_{0};
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SPIN_LOCK_H_
