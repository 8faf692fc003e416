// What can be told of an exception that ends the program: its type and text, and the noexcept
// function that it was about to leave. Called in the thread of the exception, while it is being
// handled.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_EXCEPTIONS_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_EXCEPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::internal {

// "std::out_of_range ("no such key")"; "an int"; empty if no exception is being handled.
std::string DescribeCurrentException();

// In a terminate handler: return addresses, from the function that must not be left by an exception
// outwards. Empty if that is not why std::terminate was called, or cannot be told: where the
// function itself calls it (as code of clang does), the stack does not say why.
std::vector<uintptr_t> StackOfNoexceptFunction();

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_EXCEPTIONS_H_
