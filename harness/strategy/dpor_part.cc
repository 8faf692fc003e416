#include "harness/strategy/dpor_part.h"

#include <algorithm>

namespace heddle {

// ---- Which execution comes next ----

bool DporPart::Next(Plan* plan) {
  plan->prefix.clear();
  plan->sleep.clear();
  plan->steps.Clear();
  plan->places = places_;
  sleepers_.clear();
  branches_planned_ = false;
  if (!started_) {
    started_ = true;
    nodes_.push_back({});
    return true;
  }
  if (!Settle()) return false;
  if (path_.size() == nodes_.size()) {
    AdvanceValues(plan);
  } else {
    PlanBranch(plan);
  }
  return true;
}

bool DporPart::Settle() {
  while (true) {
    const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
    if (path_.size() > depth && ValuesToAdvance(depth) > 0) {
      ReturnTo(depth + 1);
      return true;
    }
    // Most points have nothing left; the path is cut once, where something is.
    if (nodes_[depth].branches != BranchLists::kNone || depth == floor_) {
      if (path_.size() > depth) FinishBranch();
      SkipExplored();
      if (nodes_[depth].branches != BranchLists::kNone) return true;
      if (depth == floor_) return false;
    }
    DropDoneFrom(nodes_[depth].first_done);
    nodes_.pop_back();
  }
}

// What a branch begins with may have been explored before its turn: source sets do not look at who
// sleeps.
void DporPart::SkipExplored() {
  Node& node = nodes_.back();
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  while (node.branches != BranchLists::kNone) {
    sequence_.Start(path_);
    sequence_.AddLast(branches_[node.branches].step());
    if (!IsKnown(depth)) return;
    branches_.Drop(&node.branches);
  }
}

// Back to the point before step `depth`: who was awake there only later sleeps again.
void DporPart::ReturnTo(uint32_t depth) {
  path_.Truncate(depth);
  for (Done& done : done_) {
    if (done.woken != StepTrace::kAsleep && done.woken >= depth) done.woken = StepTrace::kAsleep;
  }
}

size_t DporPart::ValuesToAdvance(uint32_t depth) const {
  const auto values = path_.ValuesOf(depth);
  size_t last = values.size();
  while (last > 0 && NextValue(depth, last) >= values[last - 1].bound) --last;
  return last;
}

// Of the last of the step's first `count` choices: the next that does not sleep, else the bound.
uint32_t DporPart::NextValue(uint32_t depth, size_t count) const {
  const auto values = path_.ValuesOf(depth).first(count);
  uint32_t next = values.back().value + 1;
  const auto sleeps = [&](const Done& done) {
    if (done.thread != path_[depth].thread || done.values.size != count || !done.IsAsleepAt(depth))
      return false;
    const auto slept = Slice(done_values_, done.values);
    return slept.back().value == next &&
           std::equal(slept.begin(), slept.end() - 1, values.begin(),
                      [](const Decision& a, const Decision& b) { return a.value == b.value; });
  };
  while (next < values.back().bound && std::any_of(done_.begin(), done_.end(), sleeps)) ++next;
  return next;
}

void DporPart::AdvanceValues(Plan* plan) {
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  const auto values = path_.ValuesOf(depth);
  const size_t last = ValuesToAdvance(depth);
  // Of a program's inputs there may be thousands, and nothing to compare them with.
  if (depth >= SinglePoints()) {
    AddDone(path_.StepAt(depth), path_[depth].effects, static_cast<uint32_t>(values.size()));
  }
  plan->steps.values.assign(values.begin(), values.begin() + static_cast<ptrdiff_t>(last));
  plan->steps.values.back().value = NextValue(depth, last);
  plan->steps.steps.push_back(
      PlannedStep{path_[depth].thread, Range{0, static_cast<uint32_t>(last)}});
  ReturnTo(depth);
  PlanPath(plan);
}

// The branch sleeps from now on, whatever values are chosen in it. Where what it does depends on
// them (a try that fails only looks), a step may wake it with some of them only: each sleeps by
// itself, too.
void DporPart::FinishBranch() {
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  Node& node = nodes_[depth];
  const SequenceStep step = path_.StepAt(depth);
  size_t first = done_.size();
  while (first > node.first_done && done_[first - 1].thread == step.thread &&
         done_[first - 1].values.size > 0) {
    --first;
  }
  const bool has_others = first < done_.size() && !step.values.empty();
  AddDone(step, path_[depth].effects, has_others ? static_cast<uint32_t>(step.values.size()) : 0);
  if (has_others) {
    Done whole = done_[first];
    whole.values.size = 0;
    if (DoTheSame(std::span(done_).subspan(first))) {
      done_.resize(first);
    } else {
      for (size_t i = first; i < done_.size(); ++i) whole.effects |= done_[i].effects;
      whole.accesses.size = static_cast<uint32_t>(done_accesses_.size()) - whole.accesses.first;
    }
    done_.push_back(whole);
  }
  ++node.explored;
  ReturnTo(depth);
}

bool DporPart::DoTheSame(std::span<const Done> steps) const {
  const auto accesses = Slice(done_accesses_, steps[0].accesses);
  return std::all_of(steps.begin(), steps.end(), [&](const Done& done) {
    const auto others = Slice(done_accesses_, done.accesses);
    return done.effects == steps[0].effects &&
           std::equal(others.begin(), others.end(), accesses.begin(), accesses.end());
  });
}

void DporPart::AddDone(const SequenceStep& step, uint8_t effects, uint32_t values) {
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

void DporPart::DropDoneFrom(uint32_t first) {
  if (first >= done_.size()) return;
  done_accesses_.resize(done_[first].accesses.first);
  done_values_.resize(done_[first].values.first);
  done_.resize(first);
}

void DporPart::PlanBranch(Plan* plan) {
  branches_planned_ = true;
  plan->steps.steps.push_back(PlannedStep{branches_[nodes_.back().branches].thread, {}});
  PlanPath(plan);
}

void DporPart::PlanPath(Plan* plan) {
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

DporPart::Learnt DporPart::Learn(const ExecutionRecord& record) {
  if (!record.places.empty()) places_ = record.places;
  const StepTrace& trace = record.trace;
  Learnt learnt;
  learnt.redundant = record.redundant;
  learnt.is_known = !trace.too_wide && (!trace.steps.empty() || record.redundant);
  const auto depth = static_cast<uint32_t>(nodes_.size()) - 1;
  // If it could not be begun as planned, something else was explored in its place.
  const uint32_t thread = branches_planned_ ? branches_[nodes_[depth].branches].thread : 0;
  if (branches_planned_) branches_.Drop(&nodes_[depth].branches);
  if (trace.steps.empty() || record.diverged) return learnt;  // nothing is known of the branch
  learnt.redundant |= branches_planned_ && trace.steps[0].thread != thread;
  for (size_t i = 0; i < sleepers_.size(); ++i) done_[sleepers_[i]].woken = trace.woken[i];
  size_t births = 0;
  races_.clear();
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
  for (const Race& race : races_) {
    if (IsObviouslyKnown(race.first, race.second)) continue;
    SequenceStep step = path_.StepAt(race.second);
    step.values_are_free = true;
    Reverse(race.first, race.second, step);
  }
  const bool fails = record.end == ExecutionEnd::kFailed && !trace.stuck && !record.redundant;
  // Others come before the step that fails, if at all.
  const uint32_t end = fails ? path_.size() - 1 : path_.size();
  for (const BlockedStep& blocked : trace.blocked) {
    if (fails && path_.IsEnabledAt(end, blocked.thread)) continue;
    const SequenceStep step{
        blocked.thread, false, Slice(trace.accesses, blocked.accesses), {}, true};
    path_.FindRaces(step.thread, step.accesses, &racing_);
    for (const uint32_t first : racing_) {
      if (first < end) Reverse(first, end, step);
    }
  }
  if (fails) TryOthersBeforeTheLast();
  return learnt;
}

void DporPart::AddStep(uint32_t position, const TracedStep& traced, const StepTrace& trace) {
  path_.Add(traced, trace, &racing_);
  for (const uint32_t first : racing_) races_.push_back(Race{first, position});
}

bool DporPart::CanComeFirst(uint32_t first, const SequenceStep& step) const {
  // Whoever comes first must have been able to run there, and the step itself, too, if nothing is
  // known to have made it possible since.
  if (!path_.IsEnabledAt(first, sequence_[0].thread)) return false;
  const size_t own = sequence_.FirstOf(step.thread);
  return !sequence_.IsLast(own) || !sequence_.IsInitial(own) ||
         path_.IsEnabledAt(first, step.thread);
}

// Most races: an explored branch begins with a step that came after `first`, but before `second`,
// and might have come at once.
bool DporPart::IsObviouslyKnown(uint32_t first, uint32_t second) const {
  return std::any_of(done_.begin(), done_.end(), [&](const Done& done) {
    if (!done.IsAsleepAt(first) || done.values.size != 0) return false;
    const uint32_t next = path_.NextOf(done.thread, first);
    return next < second && path_.IsInitialAfter(first, next);
  });
}

void DporPart::Reverse(uint32_t first, uint32_t second, const SequenceStep& step) {
  sequence_.Start(path_);
  for (uint32_t i = first + 1; i < second; ++i) {
    if (!path_.HappensBefore(first, i)) sequence_.Add(i);
  }
  sequence_.AddLast(step);
  if (CanComeFirst(first, step)) Note(first);
}

void DporPart::TryOthersBeforeTheLast() {
  const uint32_t last = path_.size() - 1;
  const auto enabled = path_.EnabledAt(last);
  for (uint32_t thread = 0; thread < enabled.size() * 64; ++thread) {
    if (thread == path_[last].thread || !path_.IsEnabledAt(last, thread)) continue;
    sequence_.Start(path_);
    sequence_.AddLast({thread, true, {}, {}, true});
    Note(last);
  }
}

// An explored branch that still sleeps at the node may begin the sequence.
bool DporPart::IsKnown(uint32_t node) const {
  return std::any_of(done_.begin(), done_.end(), [&](const Done& done) {
    return done.IsAsleepAt(node) && sequence_.MayBeginWith(StepOf(done));
  });
}

// Any thread that may begin the sequence will do.
void DporPart::Note(uint32_t node) {
  const auto is_initial = [&](uint32_t thread) {
    const size_t i = sequence_.FirstOf(thread);
    return i != Sequence::kNobody && sequence_.IsInitial(i);
  };
  for (uint32_t i = nodes_[node].first_done; i < done_.size() && done_[i].depth == node; ++i) {
    if (is_initial(done_[i].thread)) return;
  }
  // Of a sequence of this part it never is: that is to come before this step.
  if (node < path_.size() && is_initial(path_[node].thread)) return;
  for (auto id = nodes_[node].branches; id != BranchLists::kNone; id = branches_[id].next) {
    if (is_initial(branches_[id].thread)) return;
  }
  if (node < floor_) escapes_.push_back(sequence_.ToEscape(node));
  branches_.Append(&nodes_[node].branches, sequence_[0]);
}

}  // namespace heddle
