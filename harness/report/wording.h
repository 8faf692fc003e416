// Operations in words: "lock m", "x = 3", "load flag -> false (acquire)".
#ifndef HEDDLE_HARNESS_REPORT_WORDING_H_
#define HEDDLE_HARNESS_REPORT_WORDING_H_

#include <string>
#include <string_view>

#include "harness/core/recording.h"
#include "harness/report/names.h"

namespace heddle {

// What happened; a line of the interleaving.
std::string DescribeEvent(const RecordedEvent& event, const Recording& recording,
                          const Names& names);
// What a thread is about to do: "lock m", "join T1".
std::string DescribeIntent(const Operation& op, const Names& names);
// The same as a noun: "lock of mutex m", "end of T1", "notification of condition variable cv".
std::string DescribeWish(const Operation& op, const Names& names);
// "a " or "the ": what goes before a wish.
std::string_view ArticleOf(std::string_view wish);
// An access as the side of a race: "write of 4 bytes to x", "atomic load of 4 bytes from x".
std::string DescribeAccess(const Operation& op, const Names& names);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_WORDING_H_
