// The fingerprint of a finding: 16 hexadecimal digits that stay the same for the same bug, whatever
// schedule showed it, from whichever checkout, after edits elsewhere in the file.
//
// A hash of the kind and the unordered set of {function, n-th operation of that name in it,
// declared name of the object} of the primary places: both accesses of a race; the waits of a
// deadlock's cycle; the waits that are stuck by themselves, not for another thread; all steps of a
// lock-order, atomicity or livelock finding; else the first witness. No line, no address, no
// thread, no schedule, no order.
#ifndef HEDDLE_HARNESS_REPORT_FINGERPRINT_H_
#define HEDDLE_HARNESS_REPORT_FINGERPRINT_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/report/evidence.h"

namespace heddle {

// `case_name` stands for a place in the user's code where none is known: an exception that left the
// case's body, a hang.
std::string FingerprintOf(const Evidence& evidence, std::string_view case_name);

// The threads whose waits name the bug, for deadlocks and stuck executions; else empty.
std::vector<ThreadId> ThreadsAtFault(const Evidence& evidence);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_FINGERPRINT_H_
