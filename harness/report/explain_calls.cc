#include <algorithm>
#include <optional>

#include "harness/core/call_history.h"
#include "harness/report/explain.h"

namespace heddle::internal {
namespace {

std::optional<CallHistory> HistoryOf(const Evidence& evidence) {
  if (evidence.suspicion().kind != FindingKind::kNotLinearizable) return std::nullopt;
  return CallHistoryFromText(evidence.suspicion().message);
}

}  // namespace

std::string SummarizeCalls(const Evidence& evidence) {
  const auto history = HistoryOf(evidence);
  if (!history || history->calls.empty()) return "not linearizable";
  const size_t calls = history->calls.size();
  return "not linearizable: no sequential order of " +
         (calls == 1 ? "one call" : std::to_string(calls) + " calls") +
         " explains what they returned";
}

std::string ExplainCalls(const Evidence& evidence) {
  const auto history = HistoryOf(evidence);
  return history ? history->why : "";
}

std::vector<FindingCall> CallsOf(const Evidence& evidence) {
  std::vector<FindingCall> calls;
  const auto history = HistoryOf(evidence);
  if (!history) return calls;
  for (const RecordedCall& call : history->calls) {
    const bool known = Index(call.thread) < evidence.recording().threads.size();
    calls.push_back({known ? evidence.Thread(call.thread) : "?", call.call, call.result,
                     call.span.invoked, call.span.returned});
  }
  std::stable_sort(calls.begin(), calls.end(), [](const FindingCall& a, const FindingCall& b) {
    return a.invoked != b.invoked ? a.invoked < b.invoked : a.returned < b.returned;
  });
  return calls;
}

}  // namespace heddle::internal
