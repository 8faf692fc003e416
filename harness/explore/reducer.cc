#include "harness/explore/reducer.h"

#include <algorithm>
#include <utility>

#include "harness/strategy/bounded_search.h"
#include "harness/strategy/replay.h"

namespace heddle {

bool Reducer::HasBudget() const {
  return runner_->executions() - begin_executions_ < allowed_.executions &&
         runner_->steps() - begin_steps_ < allowed_.steps && !runner_->hung();
}

bool Reducer::Shows() const { return sought_.IsAmong(runner_->raised()); }

bool Reducer::KeepIfSmaller() {
  if (!Shows() || runner_->size() >= result_.best.size) return false;
  result_.best.decisions.assign(runner_->log().begin(), runner_->log().end());
  result_.best.size = runner_->size();
  best_values_ = runner_->values();
  improved_(result_.best);
  return true;
}

bool Reducer::Try(Guide guide) {
  guided_.SetGuide(std::move(guide));
  runner_->Run(guided_, Plan{});
  return KeepIfSmaller();
}

// One round over the schedule as it is; true as soon as something made it smaller.
bool Reducer::SimplifyOnce() {
  const Guide now = GuideOf(result_.best.decisions, best_values_);
  const std::vector<Segment>& segments = now.segments;
  const auto try_with = [&](std::vector<Segment> changed) {
    return HasBudget() && Try({std::move(changed), now.values, {}, now.unheeded});
  };
  for (size_t i = 0; i < segments.size(); ++i) {
    const auto later =
        std::find_if(segments.begin() + static_cast<std::ptrdiff_t>(i) + 1, segments.end(),
                     [&](const Segment& other) { return other.thread == segments[i].thread; });
    if (later == segments.end()) continue;
    const auto j = later - segments.begin();
    const auto at = static_cast<std::ptrdiff_t>(i);
    // The later run is made with the earlier one, or the earlier with the later.
    std::vector<Segment> sooner = segments;
    std::rotate(sooner.begin() + at + 1, sooner.begin() + j, sooner.begin() + j + 1);
    if (try_with(std::move(sooner))) return true;
    std::vector<Segment> after = segments;
    std::rotate(after.begin() + at, after.begin() + at + 1, after.begin() + j);
    if (try_with(std::move(after))) return true;
  }
  for (size_t i = 0; i < segments.size(); ++i) {
    std::vector<Segment> rest_last = segments;
    std::stable_partition(rest_last.begin() + static_cast<std::ptrdiff_t>(i), rest_last.end(),
                          [&](const Segment& other) { return other.thread != segments[i].thread; });
    if (rest_last != segments && try_with(std::move(rest_last))) return true;
  }
  // Of what the program chooses, less: it may need fewer threads then.
  for (size_t thread = 0; thread < now.values.size(); ++thread) {
    for (size_t i = 0; i < now.values[thread].size(); ++i) {
      const Decision& chosen = now.values[thread][i];
      if (chosen.choice() != ChoiceKind::kUser) continue;
      for (uint32_t less = 0; less < chosen.value; less = std::max(less + 1, chosen.value - 1)) {
        Guide changed = now;
        changed.values[thread][i].value = less;
        if (HasBudget() && Try(std::move(changed))) return true;
      }
    }
  }
  return false;
}

void Reducer::Simplify() {
  while (HasBudget() && SimplifyOnce()) {
  }
}

bool Reducer::SearchFewerPreemptions() {
  if (result_.best.size.preemptions == 0) return true;
  BoundedSearch search(kPreemptions,
                       static_cast<uint32_t>(std::min<uint64_t>(result_.best.size.preemptions - 1,
                                                                BoundedSearch::kNoBound)));
  const auto decider = search.MakeDecider();
  Plan plan;
  ExecutionRecord record;
  while (HasBudget() && search.Next(&plan)) {
    const ExecutionResult& made = runner_->Run(*decider, plan);
    incomplete_ |= made.saw_try_lock && !runner_->unlock_is_point();
    if (KeepIfSmaller()) return search.CompleteBelow() >= result_.best.size.preemptions;
    sought_.AddDoubts(runner_->raised(), runner_->log(), &result_.doubtful);
    record.Clear();
    record.end = made.end == EngineEnd::kCompleted ? ExecutionEnd::kCompleted
                 : made.end == EngineEnd::kFailed  ? ExecutionEnd::kFailed
                                                   : ExecutionEnd::kStepLimit;
    record.steps = made.steps;
    record.threads = made.threads;
    decider->End(&record);
    search.Learn(plan, record);
  }
  if (!HasBudget()) return false;
  return search.CompleteBelow() >= result_.best.size.preemptions;
}

ReducerResult Reducer::Reduce(std::span<const Decision> decisions) {
  begin_executions_ = runner_->executions();
  begin_steps_ = runner_->steps();
  ReplayDecider replay({decisions.begin(), decisions.end()});
  runner_->Run(replay, Plan{});
  if (replay.divergence() || !Shows()) return std::move(result_);
  result_.reproduced = true;
  result_.before = runner_->size();
  result_.best = {{runner_->log().begin(), runner_->log().end()}, runner_->size()};
  best_values_ = runner_->values();
  // A long schedule leaves much to try: the search, which proves something, gets its share.
  allowed_ = {budget_.executions / 2, budget_.steps / 2};
  Simplify();
  allowed_ = budget_;
  const bool searched = SearchFewerPreemptions();
  Simplify();
  result_.proved = searched && !incomplete_;
  return std::move(result_);
}

}  // namespace heddle
