#include "tools/run_results.h"

#include <unistd.h>

#include <cstdio>

#include "harness/report/text_report.h"
#include "tools/terminal.h"

namespace heddle {

void PrintCase(const RunTable& table, const CaseResult& result, bool last) {
  bool reported = false;
  std::fputs(table.Row(result).c_str(), stdout);
  for (const FoundBug& found : result.findings) {
    if (found.expected) continue;
    const TextOptions layout{UseColor(STDOUT_FILENO), Width(STDOUT_FILENO)};
    std::printf("\n%s", RenderText(found.finding, layout).c_str());
    reported = true;
  }
  // The summary brings an empty line of its own.
  if (reported && !last) std::fputs("\n", stdout);
  std::fflush(stdout);
}

ExitStatus StatusOf(const std::vector<CaseResult>& results, bool require_complete) {
  ExitStatus status = kMet;
  for (const CaseResult& result : results) {
    if (!result.internal_error.empty()) return kInternalError;
    if (!result.met) status = kNotMet;
    if (status == kMet && require_complete && result.Undecided()) status = kBudgetEnded;
  }
  return status;
}

}  // namespace heddle
