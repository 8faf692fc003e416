#include "harness/strategy/dpor_decider.h"

#include <algorithm>

#include "harness/strategy/object_name.h"

namespace heddle {
namespace {

// The part of the heap that all threads share is an object of this name.
constexpr uint64_t kSharedHeap = 1;

constexpr EventMask kMayRewrite = {OpKind::kRmw, OpKind::kCompareExchange};
constexpr EventMask kAccessesAtomic = {OpKind::kLoad, OpKind::kStore, OpKind::kRmw,
                                       OpKind::kCompareExchange};

}  // namespace

void DporDecider::Begin(const Plan& plan) {
  plan_ = plan.steps;
  prefix_ = plan.prefix;
  position_ = planned_ = given_ = 0;
  steps_ = 0;
  step_is_traced_ = redundant_ = diverged_ = met_all_ = false;
  known_threads_ = 0;
  names_.BeginExecution(plan.places);
  last_run_.clear();
  asleep_.clear();
  yielded_.clear();
  awaited_ = 0;
  trace_.Clear();
  trace_.woken.assign(plan_.sleepers.size(), StepTrace::kAsleep);
}

// What a step does beside the operation that it was picked for, and outcomes that matter. Spawns
// are told by Parent, a thread's start touches nothing.
EventMask DporDecider::Wants() const {
  return {OpKind::kUnlock,     OpKind::kUnlockShared,   OpKind::kTryLock, OpKind::kTryLockShared,
          OpKind::kTryAcquire, OpKind::kOnceDone,       OpKind::kExit,    OpKind::kDetach,
          OpKind::kDestroy,    OpKind::kCompareExchange, OpKind::kDisown};
}

void DporDecider::OnEvent(const Event& event) {
  if (!step_is_traced_) return;
  TracedStep& step = trace_.steps.back();
  const Operation& op = *event.op;
  const bool succeeds = event.by.outcome == Outcome::kDone;
  if (step.pick.op() == op.kind && step.accesses.size > 0 &&
      trace_.accesses[step.accesses.first].object == ObjectName(op.object, *point_)) {
    // The operation that was picked: now its outcome is known.
    trace_.accesses[step.accesses.first].footprint = FootprintOf(op, succeeds);
    return;
  }
  AddAccesses(op, succeeds, *point_);
  step.accesses.size = static_cast<uint32_t>(trace_.accesses.size()) - step.accesses.first;
}

uint64_t DporDecider::ObjectName(ObjectId object, const SchedulingPoint& point) {
  const ObjectPlace place = point.PlaceOf(object);
  if (place.stack != kNoThread) {
    return ObjectOnStack(names_.Of(place.stack, point), static_cast<uint32_t>(place.offset));
  }
  if (place.offset != 0) return place.offset;
  const ThreadId thread = point.ThreadOf(object);
  return thread == kNoThread ? kOtherObject | Index(object)
                             : kThreadObject | names_.Of(thread, point);
}

void DporDecider::AddAccesses(const Operation& op, bool succeeds, const SchedulingPoint& point) {
  if (op.kind == OpKind::kStart || op.object == kNoObject) return;
  const bool may_wait =
      TraitsOf(op.kind).may_block && (op.kind != OpKind::kLock || op.deadline != kNoDeadline);
  if (const Footprint footprint = FootprintOf(op, succeeds); !footprint.empty()) {
    trace_.accesses.push_back(Access{ObjectName(op.object, point), op.kind, may_wait, footprint});
  }
  if (op.second != kNoObject) {
    constexpr Footprint kChangesAll = {Footprint::kAll, Footprint::kAll};
    trace_.accesses.push_back(
        Access{ObjectName(op.second, point), op.kind, may_wait, kChangesAll});
  }
}

// What the step, whose accesses begin at `first`, does not read anyway.
void DporDecider::AddLoop(std::span<const Look> loop, size_t first, const SchedulingPoint& point) {
  for (const Look look : loop) {
    const uint64_t object = ObjectName(look.object, point);
    const uint8_t changes = look.rewrites ? Footprint::kState : 0;
    const bool known = std::any_of(
        trace_.accesses.begin() + static_cast<ptrdiff_t>(first), trace_.accesses.end(),
        [&](const Access& access) {
          return access.object == object && (access.footprint.reads() & Footprint::kState) != 0 &&
                 (access.footprint.changes() & changes) == changes;
        });
    if (known) continue;
    trace_.accesses.push_back(Access{object, look.rewrites ? OpKind::kRmw : OpKind::kLoad, false,
                                     {Footprint::kState, changes}});
  }
}

// Of the step in progress.
void DporDecider::AddHeapUse(const HeapUse& use) {
  TracedStep& step = trace_.steps.back();
  const auto add = [&](uint64_t object) {
    trace_.accesses.push_back(
        Access{object, OpKind::kAlloc, false, {Footprint::kState, Footprint::kState}});
    ++step.accesses.size;
  };
  if (use.shared) add(kSharedHeap);
  for (const uintptr_t block : use.blocks()) add(kHeapBlock | block);
  if (use.everything) step.effects |= kTouchedAll;
}

void DporDecider::MeetThreads(const SchedulingPoint& point) {
  last_run_.resize(point.thread_count(), 0);
  asleep_.resize(point.thread_count(), 0);
  yielded_.resize(point.thread_count(), 0);
  for (; known_threads_ < point.thread_count(); ++known_threads_) {
    const ThreadId thread{known_threads_};
    const uint32_t name = names_.Of(thread, point);
    if (name >= by_name_.size()) by_name_.resize(name + 1, kNoThread);
    by_name_[name] = thread;
    if (step_is_traced_) trace_.births.push_back(Birth{name, steps_ - 1});
  }
}

ThreadId DporDecider::Pick(const SchedulingPoint& point) {
  point_ = &point;
  if (known_threads_ < point.thread_count()) MeetThreads(point);
  if (step_is_traced_) EndStep(point);
  if (point.running_pause() == Pausing::kYielded) yielded_[Index(point.running())] = 1;
  const bool is_known = InPrefix();
  ThreadId chosen;
  if (is_known) {
    chosen = PickFromPrefix(point);
  } else {
    if (!met_all_) FallAsleep();
    chosen = planned_ < plan_.steps.size() ? PickPlanned(point) : PickFreely(point);
  }
  const Operation& op = *point.Pending(chosen);
  trace_.seen.push_back(kAccessesAtomic.contains(op.kind) ? point.ValueOf(op.object) : 0);
  if (!is_known && Tracing()) BeginStep(point, chosen);
  last_run_[Index(chosen)] = ++steps_;
  yielded_[Index(chosen)] = 0;
  return chosen;
}

ThreadId DporDecider::PickFromPrefix(const SchedulingPoint& point) {
  const Decision planned = prefix_[position_++];
  if (!planned.is_pick() || Index(planned.thread()) >= point.thread_count() ||
      !point.MayRun(planned.thread()) || point.Pending(planned.thread())->kind != planned.op()) {
    diverged_ = true;
    position_ = prefix_.size();
    return Preferred(point, /*awake_only=*/false);
  }
  return planned.thread();
}

void DporDecider::FallAsleep() {
  met_all_ = true;
  trace_.first_step = steps_;
  for (const Sleeper& sleeper : plan_.sleepers) {
    ++awaited_;
    if (sleeper.values.size == 0) asleep_[Index(by_name_[sleeper.thread])] = 1;
  }
}

// The next planned step; where its thread cannot make it, the rest of the plan is void.
ThreadId DporDecider::PickPlanned(const SchedulingPoint& point) {
  const PlannedStep& step = plan_.steps[planned_];
  const ThreadId thread = step.thread < by_name_.size() ? by_name_[step.thread] : kNoThread;
  if (thread == kNoThread || Index(thread) >= point.thread_count() ||
      names_.Of(thread, point) != step.thread || !point.MayRun(thread)) {
    plan_.steps.resize(planned_);
    return PickFreely(point);
  }
  ++planned_;
  given_ = step.values.size;
  return thread;
}

ThreadId DporDecider::PickFreely(const SchedulingPoint& point) {
  if (redundant_ || diverged_) return Preferred(point, /*awake_only=*/false);
  const ThreadId chosen = Preferred(point, /*awake_only=*/true);
  if (chosen != kNoThread) return chosen;
  if (plan_.sleepers_fail) return Preferred(point, /*awake_only=*/false);
  TraceBlocked(point);
  redundant_ = true;
  return Preferred(point, /*awake_only=*/false);
}

ThreadId DporDecider::Preferred(const SchedulingPoint& point, bool awake_only) const {
  if (point.running_enabled() && !(awake_only && IsAsleep(point.running()))) return point.running();
  ThreadId best = kNoThread;
  for (const ThreadId thread : point.runnable()) {
    if (awake_only && IsAsleep(thread)) continue;
    if (best == kNoThread || last_run_[Index(thread)] < last_run_[Index(best)] ||
        (last_run_[Index(thread)] == last_run_[Index(best)] && thread < best)) {
      best = thread;
    }
  }
  return best;
}

void DporDecider::BeginStep(const SchedulingPoint& point, ThreadId chosen) {
  const Operation& op = *point.Pending(chosen);
  // Filled in place: a copy would wait for what has just been written in other sizes.
  TracedStep& step = trace_.steps.emplace_back();
  step.pick = Decision::Pick(chosen, op.kind);
  step.thread = names_.OfMet(chosen);
  // Whoever ran first let it run again.
  if (yielded_[Index(chosen)] != 0) step.effects |= kDeferred;
  step.accesses.first = static_cast<uint32_t>(trace_.accesses.size());
  if (!point.TimesOut(chosen)) AddAccesses(op, true, point);
  // Whoever changed what its loop reads let it run again. The first access is the operation's own.
  if (const auto loop = point.LoopOf(chosen); !loop.empty()) {
    if (trace_.accesses.size() == step.accesses.first) {
      trace_.accesses.push_back({0, op.kind, false, {}});
    }
    AddLoop(loop, step.accesses.first, point);
  }
  step.accesses.size = static_cast<uint32_t>(trace_.accesses.size()) - step.accesses.first;
  if (kMayRewrite.contains(op.kind)) {
    const auto index = static_cast<uint32_t>(trace_.steps.size()) - 1;
    trace_.rewrites.push_back({index, IsRelease(op.order), point.HasRewritten(chosen), op.rmw,
                               op.operand, op.expected});
    const uint64_t held = trace_.seen.back();
    if (held == (op.rmw != nullptr ? op.rmw(held, op.operand) : op.operand)) {
      step.effects |= kKeepsValue;
    }
  }
  step.values.first = static_cast<uint32_t>(trace_.values.size());
  step.enabled.first = static_cast<uint32_t>(trace_.enabled.size());
  step.enabled.size = static_cast<uint32_t>(names_.places().size() / 64 + 1);
  trace_.enabled.resize(trace_.enabled.size() + step.enabled.size, 0);
  uint64_t* const enabled = trace_.enabled.data() + step.enabled.first;
  for (const ThreadId thread : point.runnable()) {
    const uint32_t name = names_.OfMet(thread);
    enabled[name / 64] |= uint64_t{1} << (name % 64);
  }
  step_is_traced_ = true;
}

// The step in progress has been made: what it did is known.
void DporDecider::EndStep(const SchedulingPoint& point) {
  step_is_traced_ = false;
  TracedStep& step = trace_.steps.back();
  if (!point.step_changed_atomic() && kMayRewrite.contains(step.pick.op())) {
    Footprint& footprint = trace_.accesses[step.accesses.first].footprint;
    footprint = Footprint(footprint.reads(), 0);
  }
  AddHeapUse(point.step_heap());
  if (point.running_pause() == Pausing::kYielded) step.effects |= kDeferred;
  if (point.running_pause() == Pausing::kWaits) step.effects |= kWaits;
  if (const auto loop = point.LookedAt(); !loop.empty()) {
    AddLoop(loop, step.accesses.first, point);
    step.accesses.size = static_cast<uint32_t>(trace_.accesses.size()) - step.accesses.first;
  }
  if (point.time_passed()) step.effects |= kTimePassed;
  if (point.EveryStateMatters()) step.effects |= kDeferred;
  if (awaited_ == 0) return;
  const auto accesses = Slice(trace_.accesses, step.accesses);
  for (size_t i = 0; i < plan_.sleepers.size(); ++i) {
    if (trace_.woken[i] != StepTrace::kAsleep) continue;
    const Sleeper& sleeper = plan_.sleepers[i];
    if (sleeper.thread == step.thread || ((step.effects | sleeper.effects) & kOrderMatters) != 0 ||
        Conflict(accesses, Slice(plan_.accesses, sleeper.accesses))) {
      Wake(i, steps_ - 1);
    }
  }
}

void DporDecider::Wake(size_t sleeper, uint32_t step) {
  trace_.woken[sleeper] = step;
  --awaited_;
  if (plan_.sleepers[sleeper].values.size == 0) {
    asleep_[Index(by_name_[plan_.sleepers[sleeper].thread])] = 0;
  }
}

uint32_t DporDecider::PickValue(const ValueChoice& choice) {
  if (choice.own == 1) return 0;
  if (InPrefix()) {
    const Decision planned = prefix_[position_++];
    if (planned.is_value && planned.choice() == choice.kind && planned.value < choice.own) {
      return planned.value;
    }
    diverged_ = true;
    position_ = prefix_.size();
    return 0;
  }
  if (!step_is_traced_) return 0;
  trace_.too_wide |= choice.own > UINT16_MAX;
  TracedStep& step = trace_.steps.back();
  Decision value = Decision::Value(choice.kind, 0, choice.own);
  if (given_ > 0) {
    const Range values = plan_.steps[planned_ - 1].values;
    value.value = plan_.values[values.first + values.size - given_--].value;
    if (value.value >= choice.own) {
      // A step that is planned after others are left out may have fewer answers.
      value.value = 0;
      given_ = 0;
    }
  } else if (awaited_ > 0) {
    while (value.value < choice.own && IsCovered(value)) ++value.value;
    if (value.value == choice.own) {
      value.value = 0;
      redundant_ = true;
    }
  }
  trace_.values.push_back(value);
  ++step.values.size;
  return value.value;
}

// Whether the step in progress, with this value, is one that sleeps.
bool DporDecider::IsCovered(const Decision& next) const {
  const TracedStep& step = trace_.steps.back();
  const auto so_far = Slice(trace_.values, step.values);
  for (size_t i = 0; i < plan_.sleepers.size(); ++i) {
    const Sleeper& sleeper = plan_.sleepers[i];
    if (trace_.woken[i] != StepTrace::kAsleep || sleeper.thread != step.thread ||
        sleeper.values.size != so_far.size() + 1) {
      continue;
    }
    const auto values = Slice(plan_.values, sleeper.values);
    if (std::equal(so_far.begin(), so_far.end(), values.begin()) &&
        values.back().value == next.value) {
      return true;
    }
  }
  return false;
}

void DporDecider::Stuck(const SchedulingPoint& point) {
  if (step_is_traced_) EndStep(point);
  trace_.stuck = true;
  if (Tracing()) TraceBlocked(point);
}

// Those that others have kept from going on.
void DporDecider::TraceBlocked(const SchedulingPoint& point) {
  for (uint32_t i = 0; i < point.thread_count(); ++i) {
    if (!point.MayRun(ThreadId{i})) TracePending(ThreadId{i}, point);
  }
}

// Whoever has met the one that fails before is known; those that it has created have done nothing.
void DporDecider::Failed(const SchedulingPoint& point) {
  if (!step_is_traced_ || trace_.stuck) return;
  for (uint32_t i = 0; i < known_threads_; ++i) {
    if (names_.OfMet(ThreadId{i}) != trace_.steps.back().thread) TracePending(ThreadId{i}, point);
  }
}

void DporDecider::TracePending(ThreadId thread, const SchedulingPoint& point) {
  const Operation* const op = point.Pending(thread);
  if (op == nullptr) return;
  BlockedStep blocked;
  blocked.thread = names_.Of(thread, point);
  blocked.accesses.first = static_cast<uint32_t>(trace_.accesses.size());
  AddAccesses(*op, true, point);
  AddLoop(point.LoopOf(thread), blocked.accesses.first, point);
  blocked.accesses.size = static_cast<uint32_t>(trace_.accesses.size()) - blocked.accesses.first;
  trace_.blocked.push_back(blocked);
}

void DporDecider::End(ExecutionRecord* record) {
  record->diverged = diverged_ || InPrefix();
  record->decided = steps_;
  record->undecided = record->steps > steps_;
  record->redundant = redundant_;
  if (step_is_traced_) {
    // Nobody has seen what else the last step did.
    AddHeapUse(point_->step_heap());
  }
  record->places = names_.places();
  std::swap(record->trace, trace_);
}

}  // namespace heddle
