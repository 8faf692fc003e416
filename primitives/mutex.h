// heddle::Mutex and heddle::RecursiveMutex: std::mutex and std::recursive_mutex under control.
//
// Contract as of [thread.mutex.class] and [thread.mutex.recursive]; breaking it is a finding
// (misuse) instead of undefined behaviour. An unlock synchronises with the next successful lock.
// Without an engine they are the standard ones. std::lock_guard, std::unique_lock and
// std::scoped_lock work on them. lock and try_lock are scheduling points, unlock is an event.
#ifndef HEDDLE_PRIMITIVES_MUTEX_H_
#define HEDDLE_PRIMITIVES_MUTEX_H_

#include <mutex>

#include "harness/runtime/runtime.h"

namespace heddle {

class CondVar;

namespace internal {

template <typename Native, bool kRecursive>
class BasicMutex {
 public:
  constexpr BasicMutex() = default;
  // The name appears in reports and must outlive the mutex.
  explicit constexpr BasicMutex(const char* name) : name_(name) {}
  ~BasicMutex() {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Destroy(handle_, ObjectKind::kMutex, this);
    }
  }
  BasicMutex(const BasicMutex&) = delete;
  BasicMutex& operator=(const BasicMutex&) = delete;

  void lock() {
    if (Runtime* runtime = Runtime::Current()) {
      Do(*runtime, OpKind::kLock);
    } else {
      native_.lock();
    }
  }

  bool try_lock() {
    if (Runtime* runtime = Runtime::Current()) {
      return Do(*runtime, OpKind::kTryLock).outcome == Outcome::kDone;
    }
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
      return ObjectInit{.kind = ObjectKind::kMutex,
                        .address = this,
                        .size = sizeof(*this),
                        .initial = kRecursive ? 1u : 0u,
                        .name = name_};
    });
  }
  Result Do(Runtime& runtime, OpKind kind, VirtualTime deadline = kNoDeadline) {
    Operation op{.kind = kind, .object = Id(runtime), .deadline = deadline};
    return runtime.Perform(op);
  }
  Native& native() { return native_; }

 private:
  friend class ::heddle::CondVar;
  Native native_;
  ObjectHandle handle_;
  const char* name_ = nullptr;
};

}  // namespace internal

class Mutex : public internal::BasicMutex<std::mutex, false> {
 public:
  using BasicMutex::BasicMutex;
};

class RecursiveMutex : public internal::BasicMutex<std::recursive_mutex, true> {
 public:
  using BasicMutex::BasicMutex;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_H_
