#include "harness/strategy/dpor.h"

#include <algorithm>
#include <string>

#include "harness/core/check.h"
#include "harness/strategy/dpor_decider.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/tree_size.h"

namespace heddle {

std::unique_ptr<Decider> Dpor::MakeDecider() const { return std::make_unique<DporDecider>(); }

// ---- Which execution comes next ----

bool Dpor::Next(Plan* plan) {
  plan->prefix.clear();
  plan->sleep.clear();
  plan->steps.Clear();
  plan->places = places_;
  sleepers_.clear();
  planned_.clear();
  advances_values_ = false;
  if (!started_) {
    started_ = true;
    nodes_.push_back({});
    return true;
  }
  while (!nodes_.empty()) {
    const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
    if (path_.size() > depth) {
      if (AdvanceValues(plan)) return true;
      FinishBranch();
    }
    SkipExplored();
    if (nodes_[depth].branches != WakeupTree::kNone) {
      PlanFrom(nodes_[depth].branches, plan);
      return true;
    }
    DropDoneFrom(nodes_[depth].first_done);
    nodes_.pop_back();
  }
  finished_ = true;
  return false;
}

// What a branch begins with may have been explored before its turn: where a plan was not possible,
// something else was done; and source sets do not look at who sleeps.
void Dpor::SkipExplored() {
  Node& node = nodes_.back();
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  while (node.branches != WakeupTree::kNone) {
    const WakeupTree::NodeId id = node.branches;
    Sequence begin;
    begin.Start(path_, /*is_whole=*/false);
    begin.AddLast(tree_[id].step());
    const bool explored = std::any_of(done_.begin(), done_.end(), [&](const Done& done) {
      return done.IsAsleepAt(depth) && begin.MayBeginWith(StepOf(done));
    });
    if (!explored) return;
    node.branches = tree_[id].sibling;
    tree_.FreeAll(tree_[id].child);
    tree_.Free(id);
  }
}

// Back to the point before step `depth`: who was awake there only later sleeps again.
void Dpor::ReturnTo(uint32_t depth) {
  path_.Truncate(depth);
  std::erase_if(races_, [&](const Race& race) { return race.second >= depth; });
  for (Done& done : done_) {
    if (done.woken != StepTrace::kAsleep && done.woken >= depth) done.woken = StepTrace::kAsleep;
  }
}

bool Dpor::AdvanceValues(Plan* plan) {
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  const auto values = path_.ValuesOf(depth);
  size_t last = values.size();
  while (last > nodes_[depth].given && values[last - 1].value + 1 >= values[last - 1].bound) --last;
  if (last <= nodes_[depth].given) return false;

  AddDone(path_.StepAt(depth), path_[depth].effects, static_cast<uint32_t>(values.size()));
  plan->steps.values.assign(values.begin(), values.begin() + static_cast<ptrdiff_t>(last));
  ++plan->steps.values.back().value;
  plan->steps.steps.push_back(
      PlannedStep{path_[depth].thread, Range{0, static_cast<uint32_t>(last)}});
  advances_values_ = true;
  ReturnTo(depth);
  PlanPath(plan);
  return true;
}

// The branch sleeps from now on, whatever values are chosen after those that were given.
void Dpor::FinishBranch() {
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  Node& node = nodes_[depth];
  const SequenceStep step = path_.StepAt(depth);
  const auto given = std::min(node.given, static_cast<uint32_t>(step.values.size()));
  AddDone(step, path_[depth].effects, given);
  // Those with other values, just before it, become part of it.
  Done& whole = done_.back();
  size_t first = done_.size() - 1;
  while (first > node.first_done && done_[first - 1].thread == whole.thread &&
         done_[first - 1].values.size > given) {
    --first;
  }
  if (first + 1 < done_.size() && step.values.size() > given) {
    Done merged = done_[first];
    merged.values.size = given;
    for (size_t i = first; i < done_.size(); ++i) merged.effects |= done_[i].effects;
    merged.accesses.size = static_cast<uint32_t>(done_accesses_.size()) - merged.accesses.first;
    done_.resize(first);
    done_.push_back(merged);
  }
  ++node.explored;
  ReturnTo(depth);
}

void Dpor::AddDone(const SequenceStep& step, uint8_t effects, uint32_t values) {
  Done done;
  done.depth = static_cast<uint32_t>(nodes_.size()) - 1;
  done.thread = step.thread;
  done.effects = effects;
  done.accesses = {static_cast<uint32_t>(done_accesses_.size()),
                   static_cast<uint32_t>(step.accesses.size())};
  done.values = {static_cast<uint32_t>(done_values_.size()), values};
  done_accesses_.insert(done_accesses_.end(), step.accesses.begin(), step.accesses.end());
  done_values_.insert(done_values_.end(), step.values.begin(), step.values.begin() + values);
  done_.push_back(done);
}

void Dpor::DropDoneFrom(uint32_t first) {
  if (first >= done_.size()) return;
  done_accesses_.resize(done_[first].accesses.first);
  done_values_.resize(done_[first].values.first);
  done_.resize(first);
}

void Dpor::PlanFrom(WakeupTree::NodeId branch, Plan* plan) {
  for (WakeupTree::NodeId id = branch; id != WakeupTree::kNone; id = tree_[id].child) {
    planned_.push_back(id);
    const WakeupTree::Node& node = tree_[id];
    std::vector<Decision>& values = plan->steps.values;
    plan->steps.steps.push_back(PlannedStep{
        node.thread,
        {static_cast<uint32_t>(values.size()), static_cast<uint32_t>(node.values.size())}});
    values.insert(values.end(), node.values.begin(), node.values.end());
  }
  PlanPath(plan);
}

void Dpor::PlanPath(Plan* plan) {
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  for (uint32_t i = 0; i < depth; ++i) {
    plan->prefix.push_back(path_[i].pick);
    for (const Decision& value : path_.ValuesOf(i)) plan->prefix.push_back(value);
  }
  StepPlan& steps = plan->steps;
  for (uint32_t i = 0; i < done_.size(); ++i) {
    if (!done_[i].IsAsleepAt(depth)) continue;
    sleepers_.push_back(i);
    const SequenceStep step = StepOf(done_[i]);
    steps.sleepers.push_back(Sleeper{
        step.thread,
        done_[i].effects,
        {static_cast<uint32_t>(steps.accesses.size()), static_cast<uint32_t>(step.accesses.size())},
        {static_cast<uint32_t>(steps.values.size()), static_cast<uint32_t>(step.values.size())}});
    steps.accesses.insert(steps.accesses.end(), step.accesses.begin(), step.accesses.end());
    steps.values.insert(steps.values.end(), step.values.begin(), step.values.end());
  }
}

// ---- What an execution tells ----

void Dpor::Learn(const Plan&, const ExecutionRecord& record) {
  ++executions_;
  if (!record.places.empty()) places_ = record.places;
  const StepTrace& trace = record.trace;
  void_plan_ = false;
  if (record.diverged || record.undecided || record.end == ExecutionEnd::kLost ||
      record.end == ExecutionEnd::kStepLimit || trace.too_wide ||
      (trace.steps.empty() && !record.redundant)) {
    ++cut_;
  }
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  if (trace.steps.empty() || record.diverged) {
    // Nothing is known of the branch.
    FollowTree(0, depth, nullptr);
    DropPlanned(1);
    if (record.redundant) ++redundant_;
    return;
  }
  for (size_t i = 0; i < sleepers_.size(); ++i) done_[sleepers_[i]].woken = trace.woken[i];
  size_t births = 0;
  for (uint32_t i = 0; i < trace.steps.size(); ++i) {
    if (i > 0) {
      nodes_.push_back({});
      nodes_.back().first_done = static_cast<uint32_t>(done_.size());
    }
    AddStep(depth + i, trace.steps[i], trace);
    for (; births < trace.births.size() && trace.births[births].step == depth + i; ++births) {
      path_.AddBirth(trace.births[births].thread, depth + i);
    }
  }
  DropPlanned(trace.steps.size());
  if (record.redundant || void_plan_) ++redundant_;
  const bool maximal = !record.redundant && !record.undecided &&
                       (record.end == ExecutionEnd::kCompleted || trace.stuck);
  ReverseAll(depth, maximal);
  for (const BlockedStep& blocked : trace.blocked) {
    const SequenceStep step{
        blocked.thread, false, Slice(trace.accesses, blocked.accesses), {}, true};
    path_.FindRaces(step.thread, step.accesses, &racing_);
    for (const uint32_t first : racing_) Reverse(first, path_.size(), step, maximal);
  }
  if (record.end == ExecutionEnd::kFailed && !trace.stuck && !record.redundant) {
    TryOthersBeforeTheLast();
  }
}

void Dpor::AddStep(uint32_t position, const TracedStep& traced, const StepTrace& trace) {
  FollowTree(position - trace.first_step, position, &traced);
  path_.Add(traced, trace, &racing_);
  for (const uint32_t first : racing_) races_.push_back(Race{first, position, {}});
}

// Step i of the execution, from the branch on, was planned or not: what hangs on the tree there.
void Dpor::FollowTree(size_t i, uint32_t depth, const TracedStep* step) {
  Node& node = nodes_[depth];
  if (i >= planned_.size()) {
    if (!(i == 0 && advances_values_)) node.given = 0;
    return;
  }
  const WakeupTree::NodeId id = planned_[i];
  if (step == nullptr || tree_[id].thread != step->thread) {
    // Left out, with all that was to follow: the plan was not possible.
    planned_.resize(i);
    void_plan_ = true;
    node.branches = tree_[id].sibling;
    tree_.FreeAll(tree_[id].child);
  } else {
    node.given = static_cast<uint32_t>(tree_[id].values.size());
    node.branches = tree_[id].sibling;
  }
  tree_.Free(id);
}

// The execution ended before all that was planned.
void Dpor::DropPlanned(size_t made) {
  if (made < planned_.size()) tree_.FreeAll(planned_[made]);
}

bool Dpor::CanComeFirst(uint32_t first, const SequenceStep& step) const {
  // Whoever comes first must have been able to run there, and the step itself, too, if nothing is
  // known to have made it possible since.
  if (!path_.IsEnabledAt(first, sequence_[sequence_.First()].thread)) return false;
  const size_t own = sequence_.FirstOf(step.thread);
  return sequence_.NextAfter(own) != Sequence::kNobody || !sequence_.IsInitial(own) ||
         path_.IsEnabledAt(first, step.thread);
}

// Those of the new steps, from `depth` on, and those between steps of the prefix whose answer may
// depend on what follows.
void Dpor::ReverseAll(uint32_t depth, bool maximal) {
  size_t kept = 0;
  for (Race& race : races_) {
    if (!IsSettled(race, depth)) {
      if (IsObviouslyKnown(race.first, race.second)) continue;
      SequenceStep step = path_.StepAt(race.second);
      step.values_are_free = true;
      Reverse(race.first, race.second, step, maximal);
      race.bystanders = sequence_.bystanders();
    }
    if (race.bystanders.empty()) continue;
    if (&races_[kept] != &race) races_[kept] = std::move(race);
    ++kept;
  }
  races_.resize(kept);
}

bool Dpor::IsSettled(const Race& race, uint32_t depth) const {
  if (race.bystanders.empty()) return false;
  for (uint32_t i = depth; i < path_.size(); ++i) {
    if (path_.HappensBefore(race.first, i)) continue;
    for (const Bystander& bystander : race.bystanders) {
      if (path_.DependsOn(i, bystander.thread, bystander.accesses)) return false;
    }
  }
  return true;
}

// Most races: an explored branch begins with a step that came after `first`, but before `second`,
// and might have come at once.
bool Dpor::IsObviouslyKnown(uint32_t first, uint32_t second) const {
  return std::any_of(done_.begin(), done_.end(), [&](const Done& done) {
    if (!done.IsAsleepAt(first) || done.values.size != 0) return false;
    const uint32_t next = path_.NextOf(done.thread, first);
    return next < second && path_.IsInitialAfter(first, next);
  });
}

void Dpor::Reverse(uint32_t first, uint32_t second, const SequenceStep& step, bool maximal) {
  sequence_.Start(path_, maximal && mode_ == Mode::kOptimal);
  const uint32_t end = mode_ == Mode::kSource ? second : path_.size();
  for (uint32_t i = first + 1; i < end; ++i) {
    // With other values for a later step the race would not be seen again.
    if (!path_.HappensBefore(first, i)) sequence_.Add(i, /*values_are_free=*/i > second);
  }
  sequence_.AddLast(step);
  if (CanComeFirst(first, step)) Note(first);
}

void Dpor::TryOthersBeforeTheLast() {
  const uint32_t last = path_.size() - 1;
  const auto enabled = path_.EnabledAt(last);
  for (uint32_t thread = 0; thread < enabled.size() * 64; ++thread) {
    if (thread == path_[last].thread || !path_.IsEnabledAt(last, thread)) continue;
    sequence_.Start(path_, /*is_whole=*/false);
    sequence_.AddLast({thread, true, {}, {}, true});
    Note(last);
  }
}

// An explored branch that still sleeps at the node may begin the sequence.
bool Dpor::IsKnown(uint32_t node, const Sequence& sequence) const {
  return std::any_of(done_.begin(), done_.end(), [&](const Done& done) {
    return done.IsAsleepAt(node) && sequence.MayBeginWith(StepOf(done));
  });
}

void Dpor::Note(uint32_t node) {
  if (mode_ == Mode::kSource) return NoteInitial(node);
  if (!IsKnown(node, sequence_)) tree_.Insert(&nodes_[node].branches, &sequence_);
}

// Any thread that may begin the sequence will do.
void Dpor::NoteInitial(uint32_t node) {
  const auto is_initial = [&](uint32_t thread) {
    const size_t i = sequence_.FirstOf(thread);
    return i != Sequence::kNobody && sequence_.IsInitial(i);
  };
  for (uint32_t i = nodes_[node].first_done; i < done_.size() && done_[i].depth == node; ++i) {
    if (is_initial(done_[i].thread)) return;
  }
  for (auto id = nodes_[node].branches; id != WakeupTree::kNone; id = tree_[id].sibling) {
    if (is_initial(tree_[id].thread)) return;
  }
  SequenceStep step = sequence_[sequence_.First()];
  step.values_are_free = true;
  tree_.Append(&nodes_[node].branches, step);
}

StrategyProgress Dpor::Progress() const {
  StrategyProgress progress;
  progress.exhausted = finished_ && cut_ == 0;
  progress.share_done = ShareDone();
  progress.note = std::string(mode_ == Mode::kSource ? "source-DPOR: " : "optimal DPOR: ") +
                  std::to_string(executions_) + " executions";
  if (redundant_ > 0) progress.note += ", " + std::to_string(redundant_) + " redundant";
  if (finished_) {
    progress.note += cut_ == 0 ? ", every class of executions seen"
                               : ", " + std::to_string(cut_) + " of them not seen to their end";
  } else {
    const double last = started_ && !handed_on_ ? Explored().here : 0;
    progress.estimated_executions = EstimateExecutions(executions_, *progress.share_done + last);
    progress.note += OfAbout(progress.estimated_executions);
    progress.note += ", by one worker";  // more would not have made it faster
  }
  return progress;
}

StrategyInfo DescribeDpor() {
  return {.name = "dpor",
          .summary = "optimal dynamic partial-order reduction: one execution per class",
          .can_complete = true,
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<Dpor>(Dpor::Mode::kOptimal);
          }};
}

StrategyInfo DescribeSourceDpor() {
  return {.name = "source-dpor",
          .summary = "dynamic partial-order reduction with source sets and sleep sets",
          .can_complete = true,
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<Dpor>(Dpor::Mode::kSource);
          }};
}

}  // namespace heddle
