// The calling thread's stack as return addresses.
#ifndef HEDDLE_HARNESS_REPORT_UNWIND_H_
#define HEDDLE_HARNESS_REPORT_UNWIND_H_

#include "harness/core/recording.h"

namespace heddle::internal {

// Innermost first, without this function's own frame. Ends where the thread or fiber begins; deep
// recursion is cut after kMaxFrames.
inline constexpr size_t kMaxFrames = 96;
Stack UnwindHere();

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_UNWIND_H_
