// The steps of a finding's execution, and which of them a reader needs.
//
// A step matters if it is a witness, touches an object that the finding is about or a lock held
// there, or starts or joins a thread that takes part; at most kMaxMattering are chosen, those
// nearest to the end first. Of a livelock, what a thread does again and again matters the first
// time, and as a witness. (What the cause is told by matters as well: explore/cause.h.) Threads
// that wait when the execution ends get a last line each (step 0).
#ifndef HEDDLE_HARNESS_REPORT_INTERLEAVING_H_
#define HEDDLE_HARNESS_REPORT_INTERLEAVING_H_

#include <vector>

#include "harness/report/evidence.h"

namespace heddle {

inline constexpr size_t kMaxMattering = 22;
// A longer execution keeps what matters and its last kMaxSteps events.
inline constexpr size_t kMaxSteps = 1000;

std::vector<FindingStep> MakeInterleaving(const Evidence& evidence);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_INTERLEAVING_H_
