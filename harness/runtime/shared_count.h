// The counts of owners in the standard library: of std::shared_ptr, and what works like it.
//
// libstdc++ tells race detectors of their order by two macros, of which it says (bits/c++config.h)
// that before a count falls all that its owner did happens before what whoever takes the last
// reference does. Defined here, before any header of the library is included: heddle::primitives
// has every source file that links it include this first, and nothing else. Code that is compiled
// otherwise is not seen.
//
// Nor is it if the linker takes the library's functions, which are inline, from code that is: such
// object files come last.
//
// Not seen either: who raises a count, and what it is. A step that takes a reference, tries to
// (std::weak_ptr::lock) or asks for the count is independent of others here.
// Costs nothing outside of an execution but a test.
#ifndef HEDDLE_HARNESS_RUNTIME_SHARED_COUNT_H_
#define HEDDLE_HARNESS_RUNTIME_SHARED_COUNT_H_

namespace heddle::internal {

// `count` is about to fall. A scheduling point, unless there has never been another owner or under
// ThreadSanitizer.
void SharedCountFalls(const int* count);
// It has fallen to nothing, in the calling thread.
void SharedCountIsGone(const int* count);

}  // namespace heddle::internal

#define _GLIBCXX_SYNCHRONIZATION_HAPPENS_BEFORE(count) ::heddle::internal::SharedCountFalls(count)
#define _GLIBCXX_SYNCHRONIZATION_HAPPENS_AFTER(count) ::heddle::internal::SharedCountIsGone(count)

#endif  // HEDDLE_HARNESS_RUNTIME_SHARED_COUNT_H_
