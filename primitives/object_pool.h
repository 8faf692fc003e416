// heddle::ObjectPool<T>: objects made in memory that is kept and used again, fixed in number or
// growing.
//
//   heddle::ObjectPool<Buffer> pool(8);
//   Buffer* buffer = pool.acquire();   // T's constructor; waits while all 8 are in use
//   pool.release(buffer);              // T's destructor
//
// The memory released last is used first. A release happens before the acquire that uses the memory
// again (all calls take the pool's mutex, so in fact before every later acquire).
//
// Findings under control (pool-misuse): release of an object that has been released already, or
// that comes from elsewhere; a use after release; destruction of the pool while objects are in use.
// Uses after release show in two ways. Through the checked pointer Pooled<T> each is found where it
// happens. Through a T*, a use that changes a byte of the object (every access to a Var, and the
// first use of a Mutex, an Atomic or another primitive in it, changes one of theirs) is found when
// the memory is used again or the pool is destroyed, and one that is not ordered with its
// destruction or with its next user's accesses is a data race on its Vars. Without an engine a
// wrong release has no effect, and nothing else is checked.
//
// Cost: acquire takes the mutex once, release twice (T's destructor runs between, without it); one
// allocation for each object that is in use at the same time; under control two passes over T's
// bytes.
#ifndef HEDDLE_PRIMITIVES_OBJECT_POOL_H_
#define HEDDLE_PRIMITIVES_OBJECT_POOL_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include "primitives/condition_variable.h"
#include "primitives/internal/misuse.h"
#include "primitives/internal/monitor.h"
#include "primitives/internal/pool_slot.h"

namespace heddle {

template <typename T>
class ObjectPool;

// A pointer to a pool's object that knows when the object has been released. Valid, also for being
// asked, while its pool is. Copies stand for the same use of the object.
template <typename T>
class Pooled {
 public:
  Pooled() = default;

  // Reports a use after release; the memory is still there, but what is in it is no T.
  T* get() const {
    if (slot_ != nullptr && slot_->generation() != generation_) {
      internal::Misuse("use of a pool's object after its release", FindingKind::kPoolMisuse);
    }
    return slot_ != nullptr ? slot_->address() : nullptr;
  }
  T* operator->() const { return get(); }
  T& operator*() const { return *get(); }
  explicit operator bool() const { return slot_ != nullptr; }
  friend bool operator==(const Pooled&, const Pooled&) = default;

 private:
  friend class ObjectPool<T>;
  explicit Pooled(internal::PoolSlot<T>* slot) : slot_(slot), generation_(slot->generation()) {}

  internal::PoolSlot<T>* slot_ = nullptr;
  uint64_t generation_ = 0;
};

template <typename T>
class ObjectPool {
  using Slot = internal::PoolSlot<T>;

 public:
  static constexpr size_t kGrowing = std::numeric_limits<size_t>::max();

  // At most `capacity` objects at one time. The name appears in reports and must outlive the pool.
  explicit ObjectPool(size_t capacity = kGrowing, const char* name = "object pool")
      : capacity_(capacity), monitor_(name) {}
  ~ObjectPool() {
    bool in_use = false;
    for (const std::unique_ptr<Slot>& slot : slots_) {
      in_use |= !slot->is_free();
      CheckUndisturbed(*slot);
    }
    if (in_use) {
      internal::Misuse("an ObjectPool is destroyed while objects of it are in use",
                       FindingKind::kPoolMisuse);
    }
  }
  ObjectPool(const ObjectPool&) = delete;
  ObjectPool& operator=(const ObjectPool&) = delete;

  // Makes an object of `arguments`. Waits while all are in use.
  template <typename... Arguments>
  T* acquire(Arguments&&... arguments) {
    return Make(*TakeSlot(true), std::forward<Arguments>(arguments)...);
  }
  // Null: all are in use.
  template <typename... Arguments>
  T* try_acquire(Arguments&&... arguments) {
    Slot* const slot = TakeSlot(false);
    return slot != nullptr ? Make(*slot, std::forward<Arguments>(arguments)...) : nullptr;
  }
  // As acquire, with uses checked.
  template <typename... Arguments>
  Pooled<T> acquire_checked(Arguments&&... arguments) {
    Slot* const slot = TakeSlot(true);
    Make(*slot, std::forward<Arguments>(arguments)...);
    return Pooled<T>(slot);
  }

  // Ends the object's life and takes its memory back. Null is ignored.
  void release(T* object) {
    if (object == nullptr) return;
    Slot* slot = nullptr;
    {
      std::unique_lock<Mutex> lock(monitor_);
      const auto found = by_address_.find(object);
      slot = found != by_address_.end() ? found->second : nullptr;
      if (!MayRelease(slot, nullptr)) return;
      slot->BeginRelease();
    }
    FinishRelease(*slot);
  }
  void release(const Pooled<T>& object) {
    if (!object) return;
    Slot* slot = object.slot_;
    {
      std::unique_lock<Mutex> lock(monitor_);
      const auto found = by_address_.find(slot->address());
      if (found == by_address_.end()) slot = nullptr;
      if (!MayRelease(slot, &object.generation_)) return;
      slot->BeginRelease();
    }
    FinishRelease(*slot);
  }

  // Objects in use.
  size_t in_use() const {
    std::unique_lock<Mutex> lock(monitor_);
    return slots_.size() - free_.size();
  }
  size_t capacity() const { return capacity_; }

 private:
  // Gives the slot back when T's constructor throws.
  struct Return {
    ~Return() {
      if (slot != nullptr) pool.PutBack(*slot);
    }
    ObjectPool& pool;
    Slot* slot;
  };

  Slot* TakeSlot(bool wait) {
    std::unique_lock<Mutex> lock(monitor_);
    if (wait) {
      released_.wait(lock, [this] { return HasSlot(); });
    } else if (!HasSlot()) {
      return nullptr;
    }
    if (free_.empty()) {
      slots_.push_back(std::make_unique<Slot>(slots_.size()));
      by_address_.emplace(slots_.back()->address(), slots_.back().get());
      free_.push_back(slots_.back().get());
    }
    Slot* const slot = free_.back();
    free_.pop_back();
    CheckUndisturbed(*slot);
    slot->Take();
    monitor_.Annotate(Annotation::kPoolAcquire, slot->index());
    return slot;
  }

  template <typename... Arguments>
  T* Make(Slot& slot, Arguments&&... arguments) {
    Return on_exception{*this, &slot};
    T* const object = new (slot.address()) T(std::forward<Arguments>(arguments)...);
    on_exception.slot = nullptr;
    return object;
  }

  // With monitor_ held. A null `slot` is none of this pool's.
  static bool MayRelease(const Slot* slot, const uint64_t* generation) {
    if (slot == nullptr) {
      internal::Misuse("release to an ObjectPool that the object does not come from",
                       FindingKind::kPoolMisuse);
      return false;
    }
    if (slot->is_free() || (generation != nullptr && slot->generation() != *generation)) {
      internal::Misuse("release of a pool's object that has been released already",
                       FindingKind::kPoolMisuse);
      return false;
    }
    return true;
  }

  // T's destructor may use anything, and so runs without the mutex.
  void FinishRelease(Slot& slot) {
    slot.address()->~T();
    PutBack(slot);
  }

  void PutBack(Slot& slot) {
    slot.Clear();
    std::unique_lock<Mutex> lock(monitor_);
    slot.EndRelease();
    free_.push_back(&slot);
    monitor_.Annotate(Annotation::kPoolRelease, slot.index());
    released_.notify_one();
  }

  static void CheckUndisturbed(const Slot& slot) {
    if (!slot.WasDisturbed()) return;
    internal::Misuse("a pool's object was used after its release, before its memory was used again",
                     FindingKind::kPoolMisuse);
  }

  bool HasSlot() const { return !free_.empty() || slots_.size() < capacity_; }

  const size_t capacity_;
  mutable internal::MonitorMutex monitor_;
  CondVar released_{"object pool release"};
  // The rest is guarded by monitor_.
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;  // the last is used first
  std::unordered_map<const T*, Slot*> by_address_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_OBJECT_POOL_H_
