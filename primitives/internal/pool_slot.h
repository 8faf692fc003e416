// The memory of one of a pool's objects, and whether it is in use.
//
// State changes happen under the pool's mutex; the generation may be asked without it.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_POOL_SLOT_H_
#define HEDDLE_PRIMITIVES_INTERNAL_POOL_SLOT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "harness/runtime/runtime.h"

namespace heddle::internal {

template <typename T>
class PoolSlot {
 public:
  explicit PoolSlot(size_t index) : index_(index) {}
  PoolSlot(const PoolSlot&) = delete;
  PoolSlot& operator=(const PoolSlot&) = delete;

  size_t index() const { return index_; }
  T* address() { return std::launder(reinterpret_cast<T*>(storage_)); }

  // Odd while the object is in use; every acquire and every release begins a new one.
  uint64_t generation() const { return generation_.load(std::memory_order_relaxed); }
  bool is_free() const { return generation() % 2 == 0; }

  void Take() {
    Advance();
    cleared_ = false;
  }
  // From now on the object counts as released, though its destructor has yet to run.
  void BeginRelease() { Advance(); }
  // Also after a constructor that threw, where the release has not begun.
  void EndRelease() {
    if (!is_free()) Advance();
  }

  // Fills free memory so that a use of it shows. With zeros, which all primitives take for objects
  // that have not been used yet, and which have no address to follow.
  void Clear() {
    cleared_ = Runtime::Current() != nullptr;
    if (!cleared_) return;
    for (unsigned char& byte : storage_) Byte(byte) = 0;
  }
  // Somebody has changed memory that was free.
  bool WasDisturbed() const {
    if (!cleared_) return false;
    for (const unsigned char& byte : storage_) {
      if (Byte(byte) != 0) return true;
    }
    return false;
  }

 private:
  void Advance() { generation_.store(generation() + 1, std::memory_order_relaxed); }
  // The compiler may take memory outside an object's lifetime for unused; what matters here is what
  // is really in it.
  static volatile unsigned char& Byte(unsigned char& byte) { return byte; }
  static const volatile unsigned char& Byte(const unsigned char& byte) { return byte; }

  alignas(T) unsigned char storage_[sizeof(T)];
  std::atomic<uint64_t> generation_{0};
  const size_t index_;
  bool cleared_ = false;
};

}  // namespace heddle::internal

#endif  // HEDDLE_PRIMITIVES_INTERNAL_POOL_SLOT_H_
