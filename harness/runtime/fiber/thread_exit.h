// The destructors of a fiber's thread_local variables.
//
// The compiler registers each with __cxa_thread_atexit, which calls __cxa_thread_atexit_impl of the
// C library, which runs them when the OS thread ends: for a fiber, never at the right time. So this
// file defines __cxa_thread_atexit_impl itself (the executable's definition comes before the C
// library's, given -rdynamic). While a fiber runs, the destructor goes to the fiber's list, which
// the engine runs when the fiber ends; otherwise it is handed on to the C library.
//
// Threading: a list belongs to its fiber. Cost: a switch pays nothing; a registration asks the
// engine for the list of the running fiber. No malloc, because that may be the program's.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_EXIT_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_EXIT_H_

#include <cstddef>

namespace heddle {

class ThreadExitList {
 public:
  using Destructor = void (*)(void* object);

  ThreadExitList() = default;
  ~ThreadExitList();
  ThreadExitList(const ThreadExitList&) = delete;
  ThreadExitList& operator=(const ThreadExitList&) = delete;

  void Add(Destructor destructor, void* object);

  // Runs the destructors, newest first, those included that are registered meanwhile. To be called
  // on the fiber. An exception that leaves a destructor leaves the others in the list.
  void Run();

  // Forgets all, for a fiber that was abandoned.
  void Clear();

  bool empty() const { return count_ == 0; }

 private:
  struct Entry {
    Destructor destructor;
    void* object;
  };

  // The first entries lie in the list itself, the others in a mapping that grows and is kept.
  static constexpr size_t kInlineEntries = 4;

  Entry* Slot(size_t index) {
    return index < kInlineEntries ? &inline_[index] : &mapped_[index - kInlineEntries];
  }
  void Grow();

  size_t count_ = 0;
  size_t mapped_capacity_ = 0;
  Entry* mapped_ = nullptr;
  Entry inline_[kInlineEntries];
};

// The engine's answer to "which fiber's list?" for the code that calls it; null for code that does
// not run on a fiber, such as another OS thread.
using ThreadExitListFinder = ThreadExitList* (*)();

// Installs the engine's answer; null (the initial state) when there is no engine.
void SetThreadExitListFinder(ThreadExitListFinder finder);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_THREAD_EXIT_H_
