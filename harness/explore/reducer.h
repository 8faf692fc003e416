// Reducer: the smallest schedule that still shows a finding.
//
// Smaller: fewer preemptions; among those, fewer switches between threads, then fewer threads, then
// fewer decisions. Two ways, until neither gets further:
//
// - Simplification: a thread's run of steps is moved to its run before or after, so that the switch
//   between them goes, or all the rest of a thread is left for later (Jalbert and Sen, "A Trace
//   Simplification Technique for Effective Debugging of Concurrent Programs", FSE 2010). What is
//   smaller and shows the finding is kept. So it is with smaller values of heddle::Choose.
// - Preemption-bounded search from no preemption up to one fewer than the best known has. It meets
//   a schedule with the fewest first; when it ends without one, there is none, and that the number
//   is the smallest is proved.
//
// Deterministic: the budget is counted in executions and steps.
#ifndef HEDDLE_HARNESS_EXPLORE_REDUCER_H_
#define HEDDLE_HARNESS_EXPLORE_REDUCER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "harness/core/finding.h"
#include "harness/explore/silent_runner.h"
#include "harness/explore/sought_finding.h"
#include "harness/schedule/decision.h"
#include "harness/strategy/guided.h"

namespace heddle {

struct ReducerBudget {
  static constexpr uint64_t kStepsPerExecution = 200;

  uint64_t executions = 0;
  uint64_t steps = 0;
};

struct MeasuredSchedule {
  std::vector<Decision> decisions;
  ScheduleSize size;
};

struct ReducerResult {
  bool reproduced = false;  // the schedule given shows the finding
  ScheduleSize before;
  MeasuredSchedule best;
  bool proved = false;  // no schedule with fewer preemptions shows it
  // Suspicions of the finding's kind that are not known to be it or not to be it, met in schedules
  // with fewer preemptions than `best`: what is proved is so only if they are not.
  DoubtfulSuspicions doubtful;
};

class Reducer {
 public:
  // `improved` is called with each smaller schedule, when it is found.
  Reducer(SilentRunner* runner, SoughtFinding sought, ReducerBudget budget,
          std::function<void(const MeasuredSchedule&)> improved)
      : runner_(runner),
        sought_(std::move(sought)),
        budget_(budget),
        improved_(std::move(improved)) {}

  ReducerResult Reduce(std::span<const Decision> decisions);

 private:
  // Runs the guide, and keeps what comes of it if that is smaller.
  bool Try(Guide guide);
  bool KeepIfSmaller();
  bool Shows() const;
  bool HasBudget() const;
  void Simplify();
  bool SimplifyOnce();
  // Whether the number of preemptions is now known to be the smallest.
  bool SearchFewerPreemptions();

  SilentRunner* const runner_;
  const SoughtFinding sought_;
  const ReducerBudget budget_;
  const std::function<void(const MeasuredSchedule&)> improved_;
  ReducerBudget allowed_;  // for now
  uint64_t begin_executions_ = 0;
  uint64_t begin_steps_ = 0;
  GuidedDecider guided_;
  ReducerResult result_;
  ValuesByThread best_values_;  // of result_.best
  bool incomplete_ = false;  // an execution said that not every behaviour can be reached
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_REDUCER_H_
