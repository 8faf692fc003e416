// heddle::Assert: a condition that every execution must meet.
//
// Under control a false condition is a finding (assertion; invariant, inside a case's invariant or
// final check) at the caller, and ends the execution: Assert does not return. Without an engine it
// prints the place and aborts, in every build.
// Not a scheduling point, orders nothing. Cost: a compare.
#ifndef HEDDLE_PRIMITIVES_ASSERT_H_
#define HEDDLE_PRIMITIVES_ASSERT_H_

#include <cstdio>
#include <cstdlib>
#include <source_location>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle {

namespace internal {

[[noreturn, gnu::noinline, gnu::cold]] inline void NativeAssertFailed(
    const char* what, const std::source_location& where) {
  std::fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name(), what);
  std::abort();
}

}  // namespace internal

// `what` is what should have held, in words: it is the finding's message.
HEDDLE_DOOR inline void Assert(
    bool condition, const char* what = "the condition is true",
    const std::source_location& where = std::source_location::current()) {
  if (condition) [[likely]]
    return;
  Runtime* runtime = Runtime::Current();
  if (runtime == nullptr) internal::NativeAssertFailed(what, where);
  runtime->Fail(FindingKind::kAssertion, what);
}

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_ASSERT_H_
