// heddle::Thread::id: std::thread::id under control.
//
// Contract as of [thread.thread.id]. Under control an id is the thread's place in the tree of
// threads (main, T1, T1.2: the names that reports use), so that order, hash and text are the same
// under every schedule. A thread comes after the one that started it, and after those that the same
// one started before it. Without an engine it is the standard one. No operation on an id is a step.
// Cost: equality is a compare; under control order, hash and text climb to the main thread.
#ifndef HEDDLE_PRIMITIVES_THREAD_ID_H_
#define HEDDLE_PRIMITIVES_THREAD_ID_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <thread>

#include "harness/core/random.h"
#include "harness/runtime/runtime.h"

namespace heddle::internal {

class ThreadIdentity {
 public:
  // Of no thread.
  ThreadIdentity() noexcept = default;
  explicit ThreadIdentity(ThreadId thread) noexcept : thread_(thread) {}
  explicit ThreadIdentity(std::thread::id native) noexcept : native_(native) {}

  static ThreadIdentity OfCaller() noexcept {
    if (Runtime* runtime = Runtime::Current()) return ThreadIdentity(runtime->CurrentThread());
    return ThreadIdentity(std::this_thread::get_id());
  }

  friend bool operator==(ThreadIdentity a, ThreadIdentity b) noexcept {
    return a.thread_ == b.thread_ && a.native_ == b.native_;
  }
  friend std::strong_ordering operator<=>(ThreadIdentity a, ThreadIdentity b) noexcept {
    const Runtime* const runtime = Runtime::Current();
    if (runtime != nullptr && a.IsControlled() && b.IsControlled()) {
      return Compare(*runtime, a.thread_, b.thread_);
    }
    if (a.thread_ != b.thread_) return a.thread_ <=> b.thread_;
    return a.native_ <=> b.native_;
  }

  template <typename Char, typename Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                                      ThreadIdentity id) {
    const Runtime* const runtime = Runtime::Current();
    if (!id.IsControlled()) return out << id.native_;
    if (runtime == nullptr) return out << "thread " << Index(id.thread_);
    Print(*runtime, id.thread_, out);
    return out;
  }

  size_t Hash() const noexcept {
    const Runtime* const runtime = Runtime::Current();
    if (!IsControlled()) return std::hash<std::thread::id>()(native_);
    if (runtime == nullptr) return MixSeed(Index(thread_), 0);
    uint64_t hash = 0;
    for (ThreadId at = thread_; at != kMainThread;) {
      const ThreadOrigin origin = runtime->OriginOf(at);
      hash = MixSeed(hash, origin.ordinal);
      at = origin.parent;
    }
    return hash;
  }

 private:
  bool IsControlled() const noexcept { return thread_ != kNoThread; }

  // Climbs, always from the younger thread, to the last one that both descend from.
  static std::strong_ordering Compare(const Runtime& runtime, ThreadId a, ThreadId b) noexcept {
    uint32_t way_to_a = 0;  // the child, on the way down, of where the climb has come to; 0: none
    uint32_t way_to_b = 0;
    while (a != b) {
      ThreadId& younger = a > b ? a : b;
      const ThreadOrigin origin = runtime.OriginOf(younger);
      (a > b ? way_to_a : way_to_b) = origin.ordinal;
      younger = origin.parent;
    }
    return way_to_a <=> way_to_b;
  }

  template <typename Out>
  static void Print(const Runtime& runtime, ThreadId thread, Out& out) {
    if (thread == kMainThread) {
      out << "main";
      return;
    }
    const ThreadOrigin origin = runtime.OriginOf(thread);
    if (origin.parent == kMainThread) {
      out << "T";
    } else {
      Print(runtime, origin.parent, out);
      out << ".";
    }
    out << origin.ordinal;
  }

  ThreadId thread_ = kNoThread;  // of the current execution
  std::thread::id native_;
};

}  // namespace heddle::internal

template <>
struct std::hash<heddle::internal::ThreadIdentity> {
  size_t operator()(heddle::internal::ThreadIdentity id) const noexcept { return id.Hash(); }
};

#endif  // HEDDLE_PRIMITIVES_THREAD_ID_H_
