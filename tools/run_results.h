// What `run` and `merge` share: results on the standard output, and the exit status.
#ifndef HEDDLE_TOOLS_RUN_RESULTS_H_
#define HEDDLE_TOOLS_RUN_RESULTS_H_

#include <vector>

#include "harness/explore/campaign.h"
#include "tools/exit_status.h"
#include "tools/run_table.h"

namespace heddle {

// The case's line, and the reports of what was not expected. `last`: no case comes behind it.
void PrintCase(const RunTable& table, const CaseResult& result, bool last);

ExitStatus StatusOf(const std::vector<CaseResult>& results, bool require_complete);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_RUN_RESULTS_H_
