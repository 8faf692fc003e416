#include "harness/explore/determinism.h"

#include <string_view>

#include "harness/schedule/divergence.h"

namespace heddle {
namespace {

std::string_view Words(EngineEnd end) {
  switch (end) {
    case EngineEnd::kCompleted:
      return "ran to its end";
    case EngineEnd::kFailed:
      return "was stopped by a finding";
    case EngineEnd::kStepLimit:
      return "was cut by the step limit";
  }
  return "ended";
}

}  // namespace

std::string Difference(const ObservedExecution& first, const ObservedExecution& second,
                       const ReplayDecider& repeat) {
  const std::string begin = "run again under the same schedule, the case did not do the same: ";
  const std::string divergence = DivergenceOf(repeat, first.decisions, second.decisions);
  if (!divergence.empty()) return begin + divergence;
  if (first.result.end != second.result.end) {
    return begin + "the first execution " + std::string(Words(first.result.end)) +
           ", a later one " + std::string(Words(second.result.end));
  }
  if (first.result.steps != second.result.steps) {
    return begin + "the first execution took " + std::to_string(first.result.steps) +
           " steps, a later one " + std::to_string(second.result.steps);
  }
  if (first.events != second.events) {
    return begin + "between the same decisions, their operations differed";
  }
  // After a failure, threads may have been abandoned with their stacks: the other execution then
  // has others, whose addresses are no fault of the case.
  if (first.result.end == EngineEnd::kCompleted && first.values != second.values) {
    return begin + "the operations were the same, but an atomic got another value";
  }
  return {};
}

std::string DivergenceOf(const ReplayDecider& replay, std::span<const Decision> schedule,
                         std::span<const Decision> made) {
  if (replay.divergence()) return replay.divergence()->Text();
  const auto divergence = CompareDecisions(schedule, made);
  return divergence ? divergence->Text() : std::string();
}

}  // namespace heddle
