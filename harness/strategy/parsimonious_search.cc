#include "harness/strategy/parsimonious_search.h"

#include <algorithm>

namespace heddle {
namespace {

constexpr uint32_t kNone = DporPath::kNone;

// It never blocks, but for plain acquires and joins, and nobody else can tell when it was made.
bool IsSimple(OpKind kind) {
  switch (kind) {
    case OpKind::kLock:
    case OpKind::kUnlock:
    case OpKind::kDisown:
    case OpKind::kLoad:
    case OpKind::kStore:
    case OpKind::kRmw:
    case OpKind::kCompareExchange:
    case OpKind::kFence:
    case OpKind::kYield:
    case OpKind::kSpawn:
    case OpKind::kStart:
    case OpKind::kExit:
    case OpKind::kJoin:
    case OpKind::kDetach:
    case OpKind::kCreate:
    case OpKind::kDestroy:
    case OpKind::kAlloc:
      return true;
    default:
      return false;
  }
}

bool AreSimple(std::span<const Access> accesses) {
  return std::all_of(accesses.begin(), accesses.end(), [](const Access& access) {
    return IsSimple(access.kind) && (!access.may_wait || access.kind == OpKind::kJoin);
  });
}

}  // namespace

void ParsimoniousSearch::Frame::Clear() {
  trace.Clear();
  marks.clear();
  marked.clear();
  known.clear();
  branches.clear();
  steps.clear();
  values.clear();
  put_off.clear();
}

// ---- Which execution comes next ----

bool ParsimoniousSearch::Next(Plan* plan) {
  plan->prefix.clear();
  plan->sleep.clear();
  plan->steps.Clear();
  plan->places = places_;
  if (!started_) {
    started_ = true;
    return true;
  }
  while (depth_ > 0 && frames_[depth_ - 1].branches.empty()) {
    --depth_;
    if (depth_ == 0) break;
    Frame& below = frames_[depth_ - 1];
    below.in_path = std::min(below.in_path, frames_[depth_].in_path);
  }
  if (depth_ == 0) return false;
  Frame& frame = frames_[depth_ - 1];
  out_ = frame.branches.back();
  frame.branches.pop_back();
  share_ = frame.share;

  const Frame& owner = frames_[FrameOf(depth_ - 1, out_.at)];
  const uint32_t there = out_.at - owner.base;
  out_mark_ = owner.marks[there];
  const auto made = Slice(owner.trace.accesses, owner.trace.steps[there].accesses);
  const auto usual = out_mark_.is_valued ? Slice(owner.marked, out_mark_.usual) : made;
  const auto reversed =
      out_.kind == Branch::Kind::kValues ? Slice(owner.marked, out_mark_.reversed) : usual;
  usual_.assign(usual.begin(), usual.end());
  reversed_.assign(reversed.begin(), reversed.end());
  const auto known = Slice(frame.known, out_.known);
  known_.assign(known.begin(), known.end());

  RestorePath(depth_ - 1, out_.at);
  for (uint32_t i = 0; i < out_.at; ++i) {
    plan->prefix.push_back(path_[i].pick);
    for (const Decision& value : path_.ValuesOf(i)) plan->prefix.push_back(value);
  }
  PlanSteps(frame, &plan->steps);
  PlanPutOff(frame, made, &plan->steps);
  return true;
}

void ParsimoniousSearch::PlanSteps(const Frame& frame, StepPlan* plan) {
  for (const PlannedStep& step : Slice(frame.steps, out_.steps)) {
    const auto values = Slice(frame.values, step.values);
    plan->steps.push_back(
        {step.thread, {static_cast<uint32_t>(plan->values.size()), step.values.size}});
    plan->values.insert(plan->values.end(), values.begin(), values.end());
  }
  // Then whoever all this comes before.
  if (out_.kind == Branch::Kind::kReversal) {
    plan->steps.push_back({out_.thread, {}});
  } else if (out_.kind == Branch::Kind::kValues && out_mark_.place == Place::kEnd) {
    plan->steps.push_back({out_mark_.thread, {}});
  }
}

// Of those that the frame is made of, the one that has the step.
size_t ParsimoniousSearch::FrameOf(size_t frame, uint32_t position) const {
  while (position < frames_[frame].base) --frame;
  return frame;
}

// The path becomes the frame's first `size` steps.
void ParsimoniousSearch::RestorePath(size_t frame, uint32_t size) {
  Frame& restored = frames_[frame];
  TruncateTo(std::min(restored.in_path, size));
  while (path_.size() < size) AddSaved(frames_[FrameOf(frame, path_.size())], path_.size());
  restored.in_path = size;
}

void ParsimoniousSearch::AddSaved(const Frame& frame, uint32_t position) {
  const uint32_t i = position - frame.base;
  path_.Add(frame.trace.steps[i], frame.trace, &racing_);
  for (const Birth& birth : frame.trace.births) {
    if (birth.step == position) path_.AddBirth(birth.thread, position);
  }
  const Mark& mark = frame.marks[i];
  AddMark(mark, Slice(frame.marked, mark.reversed), Slice(frame.marked, mark.usual));
}

// Filled in place: most are free, and refer to nothing.
ParsimoniousSearch::Mark& ParsimoniousSearch::AddMark() {
  const uint32_t departure = marks_.empty() ? kNone : marks_.back().departure;
  Mark& mark = marks_.emplace_back();
  mark.departure = departure;
  mark.reversed.first = mark.usual.first = static_cast<uint32_t>(marked_.size());
  return mark;
}

void ParsimoniousSearch::AddMark(const Mark& as, std::span<const Access> reversed,
                                 std::span<const Access> usual) {
  Mark& mark = AddMark();
  mark.place = as.place;
  mark.is_valued = as.is_valued;
  if (as.place == Place::kEnd || as.is_valued) {
    mark.departure = static_cast<uint32_t>(marks_.size()) - 1;
  }
  mark.begin = as.begin;
  mark.thread = as.thread;
  mark.reversed.size = static_cast<uint32_t>(reversed.size());
  marked_.insert(marked_.end(), reversed.begin(), reversed.end());
  mark.usual = {static_cast<uint32_t>(marked_.size()), static_cast<uint32_t>(usual.size())};
  marked_.insert(marked_.end(), usual.begin(), usual.end());
}

void ParsimoniousSearch::TruncateTo(uint32_t size) {
  if (size < marks_.size()) {
    marked_.resize(marks_[size].reversed.first);
    marks_.resize(size);
  }
  path_.Truncate(size);
}

// ---- What an execution tells ----

bool ParsimoniousSearch::IsWithin(const ExecutionRecord& record) const {
  const StepTrace& trace = record.trace;
  if (record.diverged || record.undecided || trace.too_wide || trace.steps.empty() ||
      (record.end != ExecutionEnd::kCompleted && record.end != ExecutionEnd::kFailed)) {
    return false;
  }
  const bool steps_are_simple =
      std::all_of(trace.steps.begin(), trace.steps.end(), [&](const TracedStep& step) {
        return IsSimple(step.pick.op()) && (step.effects & kOrderMatters) == 0;
      });
  return steps_are_simple && AreSimple(trace.accesses);
}

// Step i of those that are new was made as planned, to its end if it was.
bool ParsimoniousSearch::IsPlanned(const Plan& plan, const StepTrace& trace, uint32_t i,
                                   bool is_last) const {
  if (i >= trace.steps.size()) return false;
  const PlannedStep& planned = plan.steps.steps[i];
  const TracedStep& step = trace.steps[i];
  const auto values = Slice(trace.values, step.values);
  const auto wanted = Slice(plan.steps.values, planned.values);
  return step.thread == planned.thread && values.size() >= wanted.size() &&
         (is_last || values.size() == wanted.size()) &&
         std::equal(wanted.begin(), wanted.end(), values.begin(),
                    [](const Decision& a, const Decision& b) { return a.value == b.value; });
}

// Marks the new step i, of which the first `moved` were planned.
void ParsimoniousSearch::MarkNew(uint32_t i, uint32_t moved) {
  if (i + 1 > moved || out_.kind == Branch::Kind::kInstead) {
    AddMark();
  } else if (i + 1 < moved) {
    AddMark().place = Place::kMoved;
  } else if (out_.kind == Branch::Kind::kValues) {
    Mark mark = out_mark_;
    mark.is_valued = true;
    AddMark(mark, reversed_, usual_);
  } else {
    Mark mark;
    mark.place = Place::kEnd;
    mark.begin = out_.at;
    mark.thread = out_.thread;
    AddMark(mark, reversed_, known_);
  }
}

ParsimoniousSearch::Learnt ParsimoniousSearch::Learn(const Plan& plan,
                                                     const ExecutionRecord& record) {
  if (!record.places.empty()) places_ = record.places;
  if (!IsWithin(record)) return Learnt::kBeyond;
  const StepTrace& trace = record.trace;
  const uint32_t at = out_.at;
  const uint32_t moved = out_.steps.size;
  for (uint32_t i = 0; i < moved; ++i) {
    if (!IsPlanned(plan, trace, i, i + 1 == moved)) return Learnt::kBeyond;
  }
  new_from_ = moved == 0 ? at : at + moved - 1;
  seen_ = trace.seen;
  beyond_ = false;
  const bool fails = record.end == ExecutionEnd::kFailed && !trace.stuck;
  size_t woken = 0;
  for (PutOff& one : put_off_) {
    if (!one.waits && one.until == PutOff::kNever) one.until = trace.woken[woken++];
  }
  if (frames_.size() == depth_) frames_.emplace_back();
  frames_[depth_].Clear();
  frames_[depth_].base = at;
  size_t births = 0;
  auto rewrite = trace.rewrites.begin();
  for (uint32_t i = 0; i < trace.steps.size(); ++i) {
    const uint32_t position = at + i;
    path_.Add(trace.steps[i], trace, &racing_);
    for (; births < trace.births.size() && trace.births[births].step == position; ++births) {
      path_.AddBirth(trace.births[births].thread, position);
    }
    while (rewrite != trace.rewrites.end() && rewrite->step < i) ++rewrite;
    const bool rewrites = rewrite != trace.rewrites.end() && rewrite->step == i;
    MarkNew(i, moved);
    KeepWaiting(position);
    if (position < new_from_) continue;
    if (i + 1 == moved && marks_.back().place == Place::kEnd && IsRedundant()) {
      return Learnt::kRedundant;
    }
    const bool is_last = fails && i + 1 == trace.steps.size();
    // Who has been put off fails as it would have there, where its races were seen.
    if (is_last && IsPutOff(trace.steps[i].thread, position)) continue;
    const bool is_instead = out_.kind == Branch::Kind::kInstead && i == 0;
    if (is_instead) {
      ReverseInstead(position, is_last);
    } else {
      Reverse(position, rewrites ? &*rewrite : nullptr);
    }
    if (is_last && IsFree(position)) continue;
    const bool is_given = i + 1 == moved && !is_instead;
    VaryValues(position, is_given ? plan.steps.steps[i].values.size : 0);
  }
  for (const BlockedStep& blocked : trace.blocked) {
    ReverseBlocked(blocked.thread, Slice(trace.accesses, blocked.accesses), fails);
  }
  if (fails) GoOnWithout(trace.steps.back(), trace);
  if (beyond_) return Learnt::kBeyond;
  KeepFrame(trace);
  return Learnt::kNew;
}

// ---- What is left below an execution ----

ParsimoniousSearch::Branch* ParsimoniousSearch::AddBranch(uint32_t at, Branch::Kind kind) {
  Frame& frame = frames_[depth_];
  Branch& branch = frame.branches.emplace_back();
  branch.kind = kind;
  branch.at = at;
  branch.steps.first = static_cast<uint32_t>(frame.steps.size());
  return &branch;
}

void ParsimoniousSearch::PlanStep(Branch* branch, uint32_t thread,
                                  std::span<const Decision> values) {
  Frame& frame = frames_[depth_];
  frame.steps.push_back(
      {thread, {static_cast<uint32_t>(frame.values.size()), static_cast<uint32_t>(values.size())}});
  frame.values.insert(frame.values.end(), values.begin(), values.end());
  ++branch->steps.size;
}

// The larger values of a new step, each where those before it are as they are.
void ParsimoniousSearch::VaryValues(uint32_t position, uint32_t given) {
  const auto values = path_.ValuesOf(position);
  std::vector<Decision> planned(values.begin(), values.end());
  for (size_t last = given; last < values.size(); ++last) {
    planned.resize(last + 1);
    for (uint32_t value = values[last].value + 1; value < values[last].bound; ++value) {
      planned[last].value = value;
      Branch* const branch = AddBranch(position, Branch::Kind::kValues);
      PlanStep(branch, path_[position].thread, planned);
    }
    planned.assign(values.begin(), values.end());
  }
}

// The execution that has been learnt, as far as what is left below it needs it.
void ParsimoniousSearch::KeepFrame(const StepTrace& trace) {
  Frame& frame = frames_[depth_];
  share_ /= static_cast<double>(1 + frame.branches.size());
  frame.share = share_;
  frame.in_path = path_.size();
  frame.put_off = put_off_;
  if (frame.branches.empty()) return;
  std::stable_sort(frame.branches.begin(), frame.branches.end(),
                   [](const Branch& a, const Branch& b) { return a.at < b.at; });
  const uint32_t end = frame.branches.back().at + 1;
  if (end > frame.base) {
    const uint32_t count = end - frame.base;
    const TracedStep& last = trace.steps[count - 1];
    frame.trace.steps.assign(trace.steps.begin(), trace.steps.begin() + count);
    frame.trace.accesses.assign(trace.accesses.begin(),
                                trace.accesses.begin() + last.accesses.first + last.accesses.size);
    frame.trace.values.assign(trace.values.begin(),
                              trace.values.begin() + last.values.first + last.values.size);
    for (const Birth& birth : trace.births) {
      if (birth.step < end) frame.trace.births.push_back(birth);
    }
    for (TracedStep& step : frame.trace.steps) step.enabled = {};
    for (uint32_t i = frame.base; i < end; ++i) {
      Mark mark = marks_[i];
      const uint32_t first = marks_[frame.base].reversed.first;
      mark.reversed.first -= first;
      mark.usual.first -= first;
      frame.marks.push_back(mark);
    }
    const Mark& last_mark = marks_[end - 1];
    frame.marked.assign(marked_.begin() + marks_[frame.base].reversed.first,
                        marked_.begin() + last_mark.usual.first + last_mark.usual.size);
  }
  ++depth_;
}

}  // namespace heddle
