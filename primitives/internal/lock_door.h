// What the doors of all mutexes have in common: that they can be locked exclusively.
//
// `Native` is the standard mutex that does the work without an engine; kKind and kInitial say how
// the engine models it. The contract is the one of the class that is made of it.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_LOCK_DOOR_H_
#define HEDDLE_PRIMITIVES_INTERNAL_LOCK_DOOR_H_

#include <cstdint>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

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

  HEDDLE_DOOR void lock() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kLock);
    } else {
      LockNatively();
    }
  }
  HEDDLE_DOOR bool try_lock() {
    if (Runtime* runtime = Runtime::Current()) return Do(*runtime, OpKind::kTryLock);
    return native_.try_lock();
  }
  HEDDLE_DOOR void unlock() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kUnlock);
    } else {
      UnlockNatively();
    }
  }

 protected:
  ObjectId Id(Runtime& runtime) {
    return runtime.Resolve(handle_, [this] { return Init(); });
  }
  // True when it completed normally.
  HEDDLE_DOOR bool Do(Runtime& runtime, OpKind kind, VirtualTime deadline = kNoDeadline) {
    Operation op{.kind = kind, .object = Id(runtime), .deadline = deadline};
    return runtime.Perform(op).outcome == Outcome::kDone;
  }
  Native& native() { return native_; }

 private:
  // Not inlined: the smaller a door, the more of the guards that call it compilers inline.
  [[gnu::noinline]] ObjectInit Init() const {
    return ObjectInit{.kind = kKind,
                      .address = this,
                      .size = sizeof(*this),
                      .initial = kInitial,
                      .name = name_};
  }
  [[gnu::noinline]] void LockNatively() { native_.lock(); }
  [[gnu::noinline]] void UnlockNatively() { native_.unlock(); }

  friend class ::heddle::CondVar;
  Native native_;
  ObjectHandle handle_;
  const char* name_ = nullptr;
};

}  // namespace internal

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_INTERNAL_LOCK_DOOR_H_
