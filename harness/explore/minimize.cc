#include "harness/explore/minimize.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/explore/supervised_child.h"
#include "harness/explore/wire.h"

namespace heddle {
namespace {

constexpr std::chrono::seconds kHangLimit{1};

void Send(MessageType type, const MeasuredSchedule& schedule, int pipe) {
  MessageWriter writer(type);
  writer.Put(schedule.size);
  writer.PutSpan(std::span<const Decision>(schedule.decisions));
  writer.Send(pipe);
}

// In the child.
int Search(const MinimizeTask& task, const SoughtFinding& sought, SharedState* shared, int pipe) {
  // Not destroyed: the process ends here, and an abandoned thread may refer to it.
  auto& runner = *new SilentRunner(*task.replay.program, task.replay.execution, shared);
  runner.SurviveCrashes();
  auto& reducer = *new Reducer(
      &runner, sought, task.budget,
      [pipe](const MeasuredSchedule& schedule) { Send(MessageType::kSmaller, schedule, pipe); });
  const ReducerResult result = reducer.Reduce(task.replay.decisions);
  for (const auto& [id, decisions] : result.doubtful) {
    MessageWriter doubt(MessageType::kDoubtful);
    doubt.Put(id);
    doubt.PutSpan(std::span<const Decision>(decisions));
    if (!doubt.Send(pipe)) return 1;
  }
  MessageWriter end(MessageType::kReduced);
  end.Put(result.reproduced);
  end.Put(result.proved);
  end.Put(runner.executions());
  if (!end.Send(pipe)) return 1;
  shared->phase.store(WorkerPhase::kDone);
  return 0;
}

// What the child has told.
struct Told {
  std::optional<MeasuredSchedule> smaller;
  DoubtfulSuspicions doubtful;
  bool ended = false;
  bool reproduced = false;
  bool proved = false;
  uint64_t executions = 0;
};

Told RunSearch(const MinimizeTask& task, const SoughtFinding& sought, SharedState* shared,
               std::string* error) {
  Told told;
  RunSupervised([&](int pipe) { return Search(task, sought, shared, pipe); }, shared,
                std::min<std::chrono::nanoseconds>(task.replay.step_timeout, kHangLimit),
                [&] { told = {}; },
                [&](MessageType type, MessageReader& reader) {
                  if (type == MessageType::kSmaller) {
                    MeasuredSchedule smaller;
                    if (reader.Get(&smaller.size) && reader.GetVector(&smaller.decisions)) {
                      told.smaller = std::move(smaller);
                    }
                  } else if (type == MessageType::kDoubtful) {
                    DoubtfulSuspicion doubt;
                    if (reader.Get(&doubt.id) && reader.GetVector(&doubt.decisions)) {
                      told.doubtful.push_back(std::move(doubt));
                    }
                  } else if (type == MessageType::kReduced) {
                    told.ended = reader.Get(&told.reproduced) && reader.Get(&told.proved) &&
                                 reader.Get(&told.executions);
                  }
                },
                error);
  return told;
}

}  // namespace

Minimized Minimize(const MinimizeTask& task, KnownFingerprints* known, SharedState* shared) {
  Minimized result{task.finding.finding, task.replay.decisions, {}};
  Finding& finding = result.finding;
  const FindingKind kind = finding.kind;
  if (task.finding.id == 0 || kind == FindingKind::kNondeterminism ||
      kind == FindingKind::kTimeout) {
    result.why_not =
        "a finding that ends the process, hangs or is nondeterminism stays as it was found";
    return result;
  }
  known->emplace(task.finding.id, finding.fingerprint);
  MinimizeTask now = task;
  Reduction reduction;
  // What has been reduced before is still smaller than what the search came upon.
  reduction.before = finding.reduction ? finding.reduction->before : finding.size;
  size_t doubts = 0;
  while (true) {
    Told told = RunSearch(now, Sought(finding, *known), shared, &result.why_not);
    if (!result.why_not.empty()) return result;
    reduction.executions += told.executions;
    reduction.proved = told.ended && told.proved;
    if (told.ended && !told.reproduced) {
      result.why_not = "the schedule did not show it again";
      return result;
    }
    if (told.smaller) {
      auto shown = ShowLoudly(
          now.replay, told.smaller->decisions, known, shared, [&](const auto& found) {
            return found.finding.kind == kind && found.finding.fingerprint == finding.fingerprint;
          });
      if (shown) {
        finding = std::move(shown->finding);
        now.replay.decisions = std::move(told.smaller->decisions);
      } else {
        reduction.proved = false;
      }
    }
    // Proved, if what else of the kind was met on the way is something else.
    bool is_the_same = false;
    for (auto& [id, decisions] : told.doubtful) {
      if (++doubts > kMostDoubts) reduction.proved = false;
      if (!reduction.proved || is_the_same) break;
      const uint64_t wanted = id;
      const auto shown = ShowLoudly(now.replay, std::move(decisions), known, shared,
                              [&](const auto& found) { return found.id == wanted; });
      if (!shown) reduction.proved = false;
      is_the_same = shown && shown->finding.fingerprint == finding.fingerprint;
    }
    if (!is_the_same) break;
    // Again, knowing it by this name too.
  }
  finding.reduction = reduction;
  result.decisions = std::move(now.replay.decisions);
  return result;
}

}  // namespace heddle
