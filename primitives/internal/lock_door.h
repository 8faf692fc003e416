// What the doors of all mutexes have in common: that they can be locked exclusively.
//
// `Native` is the standard mutex that does the work without an engine; kKind and kInitial say how
// the engine models it. The contract is the one of the class that is made of it.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_LOCK_DOOR_H_
#define HEDDLE_PRIMITIVES_INTERNAL_LOCK_DOOR_H_

#include <cstdint>

#include "harness/runtime/runtime.h"

namespace heddle {

class CondVar;

namespace internal {

template <typename Native, ObjectKind kKind, uint64_t kInitial = 0>
class LockDoor {
 public:
  constexpr LockDoor() = default;
  // The name appears in reports and must outlive the mutex.
  explicit constexpr LockDoor(const char* name) : name_(name) {}
  ~LockDoor() {
    if (Runtime* runtime = Runtime::Current()) runtime->Destroy(handle_, kKind);
  }
  LockDoor(const LockDoor&) = delete;
  LockDoor& operator=(const LockDoor&) = delete;

  void lock() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kLock);
    } else {
      native_.lock();
    }
  }
  bool try_lock() {
    if (Runtime* runtime = Runtime::Current()) return Do(*runtime, OpKind::kTryLock);
    return native_.try_lock();
  }
  void unlock() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kUnlock);
    } else {
      native_.unlock();
    }
  }

 protected:
  ObjectId Id(Runtime& runtime) {
    return runtime.Resolve(handle_, [this] {
      return ObjectInit{.kind = kKind,
                        .address = this,
                        .size = sizeof(*this),
                        .initial = kInitial,
                        .name = name_};
    });
  }
  // True when it completed normally.
  bool Do(Runtime& runtime, OpKind kind, VirtualTime deadline = kNoDeadline) {
    Operation op{.kind = kind, .object = Id(runtime), .deadline = deadline};
    return runtime.Perform(op).outcome == Outcome::kDone;
  }
  Native& native() { return native_; }

 private:
  friend class ::heddle::CondVar;
  Native native_;
  ObjectHandle handle_;
  const char* name_ = nullptr;
};

}  // namespace internal

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_INTERNAL_LOCK_DOOR_H_
