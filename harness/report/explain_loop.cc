#include <algorithm>
#include <string>
#include <vector>

#include "harness/report/explain.h"
#include "harness/report/wording.h"

namespace heddle::internal {

// "T1 goes round in a loop of `load go -> 0`", for each thread in the order of the witnesses; then
// what those wait for that are blocked. Empty where a thread does more than to look.
std::string ExplainLoops(const Evidence& evidence) {
  const std::vector<Witness>& witnesses = evidence.suspicion().witnesses;
  const auto& threads = evidence.recording().threads;
  std::string text;
  std::vector<ThreadId> looping;
  for (size_t i = 0; i < witnesses.size();) {
    const ThreadId thread = witnesses[i].thread;
    looping.push_back(thread);
    std::vector<std::string> looks;
    for (; i < witnesses.size() && witnesses[i].thread == thread; ++i) {
      const RecordedEvent* const event = evidence.witnesses()[i];
      if (event == nullptr || witnesses[i].seq == 0) return {};
      looks.push_back("`" + DescribeEvent(*event, evidence.recording(), evidence.names()) + "`" +
                      evidence.At(event->stack));
    }
    if (!text.empty()) text += " ";
    text += evidence.Thread(thread) + " goes round in a loop of " + JoinWords(looks) +
            ", until that is something else.";
  }
  for (uint32_t i = 0; i < threads.size(); ++i) {
    const bool loops = std::ranges::find(looping, ThreadId{i}) != looping.end();
    if (loops || threads[i].finished || !threads[i].has_pending) continue;
    if (!text.empty()) text += " ";
    text += ExplainWait(evidence, ThreadId{i});
  }
  return text;
}

}  // namespace heddle::internal
