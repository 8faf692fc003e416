// The hot path of a step, inlined into the few places that make one: Perform, the start of a thread
// and its end. See engine.h; only the engine's own files include this.
//
// What it costs, and what was tried, is in docs/performance.md.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENGINE_STEP_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENGINE_STEP_H_

#include "harness/core/check.h"
#include "harness/model/atomic_model.h"
#include "harness/model/mutex_model.h"
#include "harness/model/thread_model.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/controlled/kinds.h"

namespace heddle {

// The commonest models are final classes: naming them saves the indirect call, and what nearly
// every lock and unlock comes to is inlined.
inline OutcomeSet ControlledEngine::PossibleOf(const SyncModel& model, const Operation& op,
                                               ThreadId thread) const {
  if (model.kind == ObjectKind::kMutex && op.kind == OpKind::kLock && op.deadline == kNoDeadline) {
    return static_cast<const MutexModel&>(model).AvailableTo(thread) ? OutcomeSet(Outcome::kDone)
                                                                     : OutcomeSet();
  }
  if (op.kind == OpKind::kJoin) {
    return static_cast<const ThreadModel&>(model).EndsJoin(thread) ? OutcomeSet(Outcome::kDone)
                                                                   : OutcomeSet();
  }
  return PossibleInTime(model, op, thread);
}

__attribute__((always_inline)) inline void ControlledEngine::ApplyTo(SyncModel& model,
                                                                     const Operation& op,
                                                                     Event* event) {
  switch (model.kind) {
    case ObjectKind::kMutex:
      return static_cast<MutexModel&>(model).Apply(op, event->by, *this, event);
    case ObjectKind::kAtomic:
      return static_cast<AtomicModel&>(model).Apply(op, event->by, *this, event);
    default:
      return model.Apply(op, event->by, *this, event);
  }
}

// What nearly every operation that is no access comes to, without the generality of Execute: the
// lock of a free mutex and its last unlock, a join.
__attribute__((always_inline)) inline bool ControlledEngine::ExecutePlainly(ThreadState& self,
                                                                            Operation& op,
                                                                            SyncModel& model) {
  if (op.kind == OpKind::kJoin) {
    auto& thread = static_cast<ThreadModel&>(model);
    if (!thread.MayBeJoinedBy(self.id)) return false;
    thread.Join(self.clock, arena_);
    model.order.Change(self.order, internal::OrderKey(op.kind, Outcome::kDone, 0));
    self.spin.Clear();
    Settle(self, model);
    if (wanted_.contains(op.kind)) [[unlikely]] EmitDone(self, op);
    return true;
  }
  if (model.kind != ObjectKind::kMutex) return false;
  auto& mutex = static_cast<MutexModel&>(model);
  if (op.kind == OpKind::kLock && mutex.IsFree() && op.deadline == kNoDeadline) {
    mutex.Acquire(self.id, 1, self.clock, arena_);
    model.order.Change(self.order, internal::OrderKey(op.kind, Outcome::kDone, 0));
    const SiteKey here = KeyOf(self.name, op.pc);
    ReadsFrom(model, here);
    if (self.spin.OnLock(model.changed_by == here)) [[unlikely]] NotePoller(self);
    model.changed_by = here;
    ++self.locks_held;
  } else if (op.kind == OpKind::kUnlock && mutex.IsLastUnlockOf(self.id)) {
    Unlock(self, op, mutex);
    return true;
  } else {
    return false;
  }
  Settle(self, model);
  if (wanted_.contains(op.kind)) [[unlikely]] EmitDone(self, op);
  return true;
}

inline void ControlledEngine::Unlock(ThreadState& self, const Operation& op, MutexModel& mutex) {
  mutex.Release(self.clock);
  --self.locks_held;
  self.spin.OnUnlock();
  Settle(self, mutex);
  if (wanted_.contains(op.kind)) [[unlikely]] EmitDone(self, op);
}

// The same for an access to an atomic: see PerformAccess.
__attribute__((always_inline)) inline Result ControlledEngine::AccessAtomic(ThreadState& self,
                                                                            Operation& op,
                                                                            AtomicModel& model) {
  const AtomicModel::Effect effect =
      model.ApplyToNewest(op, ++seq_, self.clock, self.fences, arena_);
  const bool failed = !effect.changed && op.kind == OpKind::kCompareExchange;
  const Outcome outcome = failed ? Outcome::kFailed : Outcome::kDone;
  const uint64_t what = internal::OrderKey(op.kind, outcome, 0);
  const SiteKey here = KeyOf(self.name, op.pc);
  if (op.kind != OpKind::kStore) ReadsFrom(model, here);
  if (effect.changed && !(effect.same && OnlyLooks(self, op, model))) {
    model.order.Change(self.order, what);
    model.changed_by = here;
    atomic_changed_ = true;
  } else {
    model.order.Look(self.order, what);
  }
  if (!effect.same) {
    if (op.kind != OpKind::kStore && self.spin.WouldSpin(op)) [[unlikely]] NoteNews(self);
    self.spin.Clear();
  } else {
    NoteRead(self, op, seq_, model.stored(),
             effect.changed ? SpinDetector::At::kRewritten : SpinDetector::At::kAtomic);
  }
  if (model.first_waiter != SyncModel::kNoWaiter) [[unlikely]] Reevaluate(model);
  UpdateEpoch(self);
  const Result result{effect.value, outcome};
  if (wanted_.contains(op.kind)) [[unlikely]] EmitAccess(self, op, result, effect.source);
  return result;
}

// It releases nothing; or its thread has done the same before, and since then at most looked, so
// that whoever acquires what it releases knows it from there. (Not what the loop reads beside: a
// race with that is found where the other comes before the first look.)
inline bool ControlledEngine::OnlyLooks(const ThreadState& self, const Operation& op,
                                        const AtomicModel& model) {
  return (!IsRelease(op.order) && self.fences.released.empty()) ||
         self.spin.HasRewritten(op, model.stored());
}

// What follows a change that `self` has made to an object, but for telling of it.
inline void ControlledEngine::Settle(ThreadState& self, SyncModel& model) {
  ++seq_;
  if (model.first_waiter != SyncModel::kNoWaiter) Reevaluate(model);
  UpdateEpoch(self);
}

inline void ControlledEngine::SetStatus(ThreadState& thread, ThreadStatus status) {
  ThreadArray* const from = thread.status == ThreadStatus::kEnabled    ? &ready_
                            : thread.status == ThreadStatus::kDeferred ? &deferred_
                                                                       : nullptr;
  if (from != nullptr) {
    const ThreadId moved = from->RemoveAt(thread.position);
    if (moved != kNoThread) StateOf(moved).position = thread.position;
  }
  thread.status = status;
  if (status == ThreadStatus::kEnabled) thread.position = ready_.Add(thread.id);
  if (status == ThreadStatus::kDeferred) thread.position = deferred_.Add(thread.id);
}

inline void ControlledEngine::UpdateStatus(ThreadState& thread, OutcomeSet possible) {
  thread.possible = possible;
  if (possible.empty()) {
    if (thread.status != ThreadStatus::kBlocked) SetStatus(thread, ThreadStatus::kBlocked);
  } else if (thread.status == ThreadStatus::kBlocked) {
    SetStatus(thread, ThreadStatus::kEnabled);
  }
}

inline void ControlledEngine::Link(ThreadState& thread, int which, SyncModel& model) {
  WaiterLink& link = thread.links[which];
  link.model = &model;
  link.previous = SyncModel::kNoWaiter;
  link.next = model.first_waiter;
  if (link.next != SyncModel::kNoWaiter) {
    ThreadState& next = *threads_[link.next];
    next.links[next.links[0].model == &model ? 0 : 1].previous = Index(thread.id);
  }
  model.first_waiter = Index(thread.id);
}

inline void ControlledEngine::Unlink(ThreadState& thread, int which) {
  WaiterLink& link = thread.links[which];
  SyncModel& model = *link.model;
  if (link.next != SyncModel::kNoWaiter) {
    ThreadState& next = *threads_[link.next];
    next.links[next.links[0].model == &model ? 0 : 1].previous = link.previous;
  }
  if (link.previous != SyncModel::kNoWaiter) {
    ThreadState& previous = *threads_[link.previous];
    previous.links[previous.links[0].model == &model ? 0 : 1].next = link.next;
  } else {
    model.first_waiter = link.next;
  }
  link.model = nullptr;
}

// A thread enters the lists of its objects when it is blocked or another runs before it: see
// SwitchTo.
inline void ControlledEngine::LinkPending(ThreadState& self) {
  Link(self, 0, *self.model);
  const ObjectId second = self.pending->second;
  if (second != kNoObject) [[unlikely]] Link(self, 1, objects_[second]);
}

inline void ControlledEngine::UnlinkPending(ThreadState& self) {
  Unlink(self, 0);
  if (self.links[1].model != nullptr) [[unlikely]] Unlink(self, 1);
}

inline void ControlledEngine::Publish(ThreadState& self, Operation& op) {
  SyncModel& model = objects_[op.object];
  self.pending = &op;
  self.model = &model;
  if (asks_about_waits_) [[unlikely]] BeginWait(self);
  self.possible = PossibleOf(model, op, self.id);
  if (self.possible.empty()) {
    LinkPending(self);
    SetStatus(self, ThreadStatus::kBlocked);
  }
  if (internal::kPauses.contains(op.kind)) [[unlikely]] Pause(self, op);
}

inline ThreadState& ControlledEngine::ChooseNext(ThreadState& self) {
  if (careful_) [[unlikely]] return ChooseCarefully(self);
  return Choose<false>(self);
}

template <bool kCareful>
inline ThreadState& ControlledEngine::Choose(ThreadState& self) {
  running_pause_ = Pausing::kNo;
  if (kCareful) looked_at_ = 0;
  if (deferred_.size() > 0) [[unlikely]] RestoreDeferred();
  if (kCareful && self.defer == Defer::kSpins && RunsAhead(self)) return self;
  if (self.defer != Defer::kNo) [[unlikely]] SetAside(self);
  if (kCareful && in_fair_tail_) WatchFairTail(self);
  if (step_ >= step_limit_) [[unlikely]] AtStepLimit(self);
  while (ready_.size() == 0) [[unlikely]] {
    if (!RestoreAdvised()) NobodyEnabled(self);
  }

  ThreadId picked = ready_[0];
  if (kCareful && every_step_) NoteEffects();
  if (ready_.size() > 1 || every_step_) {  // which the step limit may just have changed
    enabled_ = ready_.data();
    enabled_count_ = ready_.size();
    running_enabled_ = self.status == ThreadStatus::kEnabled;
    if (kCareful) ListRunnable();
    picked = decider_->Pick(*this);
    HEDDLE_CHECK(Index(picked) < thread_count_ && MayRun(picked),
                 "a decider picked a thread that cannot run");
  }
  ThreadState& next = StateOf(picked);
  if (kCareful && next.status == ThreadStatus::kDeferred) SetStatus(next, ThreadStatus::kEnabled);
  if (next.awaits_change) [[unlikely]] WakeUp(next);
  ++step_;
  log_->AppendPick(picked, next.pending->kind);
  running_ = picked;
  return next;
}

__attribute__((always_inline)) inline void ControlledEngine::SwitchTo(ThreadState& from,
                                                                      ThreadState& to) {
  // While others run they may take away what `from` could do now, or give it.
  if (from.links[0].model == nullptr && internal::kBlockingKinds.contains(from.pending->kind)) {
    LinkPending(from);
  }
  SwitchAway(from, to);
}

__attribute__((always_inline)) inline void ControlledEngine::SwitchAway(ThreadState& from,
                                                                        ThreadState& to) {
  ++from.model->pending;
  active_ = &to;
  SwitchContext(from.context, to.context);
  --from.model->pending;
  if (tearing_down_) [[unlikely]] {
    // The execution ended while this thread waited: its operation never completes.
    ++from.unwind_throws;
    throw ExecutionEnded();
  }
}

// A read-modify-write or a comparison has stored what it read.
inline bool ControlledEngine::Rewrites(const SyncModel& model, const Event& event) {
  return internal::kBooks[static_cast<size_t>(event.op->kind)].rewrites &&
         event.by.outcome == Outcome::kDone &&
         static_cast<const AtomicModel&>(model).stored() != event.seq;
}

// It has changed nothing. Where time has passed, the deadline is another one: only waits for no
// time are looks.
inline void ControlledEngine::NoteLook(ThreadState& self, const Operation& op, const Event& event,
                                       bool rewrites) {
  using At = SpinDetector::At;
  uint64_t seen = event.source;
  At at = At::kUntracked;
  if (event.by.outcome == Outcome::kTimedOut) {
    seen = static_cast<uint64_t>(op.deadline);
  } else if (internal::kTryKinds.contains(op.kind)) {
    seen = static_cast<uint64_t>(op.kind);
    at = At::kTry;
  } else if (self.model->kind == ObjectKind::kAtomic) {
    seen = static_cast<const AtomicModel&>(*self.model).stored();
    at = rewrites ? At::kRewritten : At::kAtomic;
  }
  NoteRead(self, op, event.seq, seen, at);
}

__attribute__((always_inline)) inline void ControlledEngine::NoteRead(
    ThreadState& self, const Operation& op, EventSeq seq, uint64_t seen, SpinDetector::At at) {
  const SpinDetector::Tells told = self.spin.OnRead(op, seq, seen, at);
  if (told != SpinDetector::Tells::kNothing) [[unlikely]] NoteLoop(self, op, seq, seen, at, told);
}

__attribute__((always_inline)) inline void ControlledEngine::KeepBooks(ThreadState& self,
                                                                       const Operation& op,
                                                                       const Event& event,
                                                                       bool rewrites) {
  const internal::Bookkeeping book = internal::kBooks[static_cast<size_t>(op.kind)];
  const bool done = event.by.outcome == Outcome::kDone;
  const bool timed_out = event.by.outcome == Outcome::kTimedOut;
  if (book.learns && (op.kind == OpKind::kLoad || event.by.outcome == Outcome::kFailed ||
                      timed_out || rewrites)) {
    NoteLook(self, op, event, rewrites);
  } else if (book.passes) {
    self.spin.OnPassing(op, event.seq);
  } else if (!book.neutral || (op.kind == OpKind::kWake && !timed_out)) {
    const bool may_look = op.kind == OpKind::kRmw || op.kind == OpKind::kCompareExchange;
    if (may_look && self.spin.WouldSpin(op)) [[unlikely]] NoteNews(self);
    self.spin.Clear();
  }
  if (book.acquires) {
    self.locks_held += done || op.kind == OpKind::kWake ? 1 : 0;
    const bool may_give_up = op.deadline != kNoDeadline && options_.timeouts == Timeouts::kAny &&
                             op.kind != OpKind::kWake;
    if (book.tries || may_give_up) [[unlikely]] result_.saw_try_lock = true;
  } else if (book.releases) {
    self.locks_held -= done ? 1 : 0;
  }
}

// Adds an operation to the class of the execution. One that failed or timed out has only looked, or
// not even that, if it timed out before its time; a wait that ends has left its queue, however it
// ends.
__attribute__((always_inline)) inline void ControlledEngine::KeepOrder(ThreadState& self,
                                                                       const Operation& op,
                                                                       SyncModel& model,
                                                                       const Event& event,
                                                                       bool rewrites) {
  if (internal::kPausingKinds.contains(op.kind)) return;
  const uint64_t what = internal::OrderKey(op.kind, event.by.outcome, event.by.source);
  if (internal::kPrivateKinds.contains(op.kind)) return self.order.Add(what);
  const bool failed = event.by.outcome != Outcome::kDone && op.kind != OpKind::kWake;
  if (failed && self.times_out) [[unlikely]] return;
  if (internal::kPartialKinds.contains(op.kind) ||
      (failed && model.kind == ObjectKind::kSharedMutex)) {
    KeepOrderInPart(self, op, model, what, failed);
    return;
  }
  const SiteKey here = KeyOf(self.name, op.pc);
  if (op.kind != OpKind::kStore && model.kind != ObjectKind::kThread) ReadsFrom(model, here);
  if (failed || internal::kLookingKinds.contains(op.kind) ||
      (rewrites && OnlyLooks(self, op, static_cast<const AtomicModel&>(model)))) {
    model.order.Look(self.order, what);
  } else {
    model.order.Change(self.order, what);
    model.changed_by = here;
    atomic_changed_ |= model.kind == ObjectKind::kAtomic;
  }
  if (op.kind == OpKind::kWake) objects_[op.second].order.Change(self.order, what);
}

__attribute__((always_inline)) inline Result ControlledEngine::Execute(ThreadState& self,
                                                                       Operation& op,
                                                                       SyncModel& model,
                                                                       Outcome outcome,
                                                                       uint32_t source) {
  Event event;
  event.seq = ++seq_;
  event.op = &op;
  event.by.thread = self.id;
  event.by.outcome = outcome;
  event.by.source = source;
  event.clock = &self.clock;
  SetActing(self);
  ApplyTo(model, op, &event);
  const bool rewrites = Rewrites(model, event);
  KeepOrder(self, op, model, event, rewrites);
  KeepBooks(self, op, event, rewrites);
  if (model.first_waiter != SyncModel::kNoWaiter) Reevaluate(model);
  if (op.second != kNoObject) [[unlikely]] {
    SyncModel& second = objects_[op.second];
    if (second.first_waiter != SyncModel::kNoWaiter) Reevaluate(second);
  }
  UpdateEpoch(self);
  if (wanted_.contains(op.kind)) [[unlikely]] Emit(event);
  return Result{event.value, event.by.outcome};
}

__attribute__((always_inline)) inline Result ControlledEngine::Complete(ThreadState& self) {
  Operation& op = *self.pending;
  SyncModel& model = *self.model;
  if ((certain_ >> static_cast<int>(op.kind) & 1) != 0 &&
      self.possible == OutcomeSet(Outcome::kDone)) [[likely]] {
    if (ExecutePlainly(self, op, model)) return {};
    return Execute(self, op, model, Outcome::kDone, 0);
  }
  if (internal::kTryKinds.contains(op.kind) || op.weak) {
    self.possible = PossibleOf(model, op, self.id);
  }
  const Transition by = DecideTransition(self);
  return ExecuteOpen(self, op, model, by);
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENGINE_STEP_H_
