// The sentences of a finding: what happened, and why.
#ifndef HEDDLE_HARNESS_REPORT_EXPLAIN_H_
#define HEDDLE_HARNESS_REPORT_EXPLAIN_H_

#include <string>
#include <vector>

#include "harness/core/finding.h"
#include "harness/report/evidence.h"

namespace heddle {

// The verdict, one sentence without a full stop that begins with the kind in words.
std::string Summarize(const Evidence& evidence);
// Why; several sentences. Empty where the verdict says it all.
std::string Explain(const Evidence& evidence);

namespace internal {

// For data races: why nothing orders the two accesses (explain_race.cc).
std::string ExplainRace(const Evidence& evidence);
// For deadlocks and stuck executions: who waits for what, and why it never comes (explain_wait.cc).
std::string SummarizeWaits(const Evidence& evidence);
std::string ExplainWaits(const Evidence& evidence);
std::string ExplainWait(const Evidence& evidence, ThreadId thread);

// For livelocks: what each loop looks at (explain_loop.cc).
std::string ExplainLoops(const Evidence& evidence);

// For histories of calls (explain_calls.cc).
std::string SummarizeCalls(const Evidence& evidence);
std::string ExplainCalls(const Evidence& evidence);
std::vector<FindingCall> CallsOf(const Evidence& evidence);

}  // namespace internal
}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_EXPLAIN_H_
