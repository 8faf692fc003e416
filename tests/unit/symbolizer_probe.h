// Stand-ins for primitives, for symbolizer_test.cc: operations that record their return address.
// The test declares this file internal, as primitives/ is.
#ifndef HEDDLE_TESTS_UNIT_SYMBOLIZER_PROBE_H_
#define HEDDLE_TESTS_UNIT_SYMBOLIZER_PROBE_H_

#include <cstdint>
#include <vector>

namespace probe {

// The call stacks of the operations since the last clear(), innermost first.
inline std::vector<std::vector<uintptr_t>>& Stacks() {
  static std::vector<std::vector<uintptr_t>> stacks;
  return stacks;
}

inline uintptr_t ReturnAddress(void* address) { return reinterpret_cast<uintptr_t>(address); }

// Keeps a call from being the last thing that a function does: it would become a jump and leave no
// frame.
inline void NoTailCall() { asm volatile(""); }

// Where the engine would be entered.
[[gnu::noinline]] inline void Perform() {
  Stacks().push_back({ReturnAddress(__builtin_return_address(0))});
  NoTailCall();
}

// Inlined into its user in every build.
struct InlinedMutex {
  [[gnu::always_inline]] void lock() {
    Perform();
    ++locks;
  }
  [[gnu::always_inline]] void unlock() { --locks; }
  [[gnu::always_inline]] InlinedMutex& operator++() {
    lock();
    return *this;
  }
  int locks = 0;
};

// Called by its user in every build.
struct CalledMutex {
  [[gnu::noinline]] void lock() {
    Perform();
    Stacks().back().push_back(ReturnAddress(__builtin_return_address(0)));
    ++locks;
  }
  [[gnu::noinline]] void unlock() {
    --locks;
    NoTailCall();
  }
  [[gnu::noinline]] CalledMutex& operator++() {
    Perform();
    Stacks().back().push_back(ReturnAddress(__builtin_return_address(0)));
    locks += 2;
    return *this;
  }
  int locks = 0;
};

}  // namespace probe

#endif  // HEDDLE_TESTS_UNIT_SYMBOLIZER_PROBE_H_
