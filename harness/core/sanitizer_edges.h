// What LLVM's ThreadSanitizer is told of a SyncClock, so that its happens-before order is the
// engine's and nothing else.
//
// Each release stores the releasing thread's sanitizer clock at a tag of its own; a SyncClock
// carries the tags of all releases that it stands for (at most one a thread: a later one covers an
// earlier), and an acquire loads them. In other builds the class is empty and its calls are
// nothing.
//
// Costs, in a sanitizer build only: a release about 50 ns; acquire and join O(threads).
#ifndef HEDDLE_HARNESS_CORE_SANITIZER_EDGES_H_
#define HEDDLE_HARNESS_CORE_SANITIZER_EDGES_H_

#include <cstddef>

#include "harness/core/ids.h"

namespace heddle {

#if defined(HEDDLE_TSAN)

inline constexpr bool kThreadSanitizer = true;

class SanitizerEdges {
 public:
  // The calling thread's context must be that of `owner`, here and in OnAcquire.
  void OnRelease(ThreadId owner);
  void OnJoin(const SanitizerEdges& other);
  void OnAcquire() const;

  // Tags of earlier executions may be used again.
  static void BeginExecution();

 private:
  struct Node;
  class Pool;
  static Pool& ThePool();
  bool Covers(const Node& release) const;
  void Replace(const Node& release);
  void Push(const Node& release);

  const Node* first_ = nullptr;
};

// Copies without being seen: for what a door keeps in the program's memory on the engine's behalf.
void StoreUnseen(void* to, const void* from, size_t size);

#else

inline constexpr bool kThreadSanitizer = false;

class SanitizerEdges {
 public:
  void OnRelease(ThreadId) {}
  void OnJoin(const SanitizerEdges&) {}
  void OnAcquire() const {}
  static void BeginExecution() {}
};

void StoreUnseen(void* to, const void* from, size_t size) = delete;

#endif

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_SANITIZER_EDGES_H_
