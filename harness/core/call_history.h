// A history of calls in words, and its form as the message of a suspicion: what
// heddle::Linearizable tells reports through the seam, which carries text.
#ifndef HEDDLE_HARNESS_CORE_CALL_HISTORY_H_
#define HEDDLE_HARNESS_CORE_CALL_HISTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/ids.h"
#include "harness/core/linearizability.h"

namespace heddle {

// The name of the atomic by which calls tell their order: it is none of the program's.
inline constexpr const char* kCallClock = "clock of calls";

struct RecordedCall {
  ThreadId thread = kNoThread;
  std::string call;    // "push(1)"
  std::string result;  // "1"; empty: it returns nothing
  CallSpan span;
};

struct CallHistory {
  std::string why;  // no order explains it; a sentence or several
  std::vector<RecordedCall> calls;
};

// After which a history is not judged: some tenths of a second, before whoever watches takes the
// thread, which makes no step meanwhile, for one that hangs.
inline constexpr uint64_t kMostWork = uint64_t{1} << 23;

enum class Verdict { kLinearizable, kNotLinearizable, kNotJudged };

// Sets `why` of a history that is not linearizable.
Verdict Judge(CallHistory* history, const SequentialState& initial);

// One line each for `why` and the calls; control characters in their texts become spaces.
std::string ToText(const CallHistory& history);
// Nothing if it is no such text.
std::optional<CallHistory> CallHistoryFromText(std::string_view text);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_CALL_HISTORY_H_
