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

namespace heddle {

namespace internal {

constexpr EventMask BlockingKinds() {
  EventMask mask;
  for (int kind = 0; kind < kOpKinds; ++kind) {
    if (kOpTraits[kind].may_block) mask = mask | EventMask{static_cast<OpKind>(kind)};
  }
  return mask;
}

inline constexpr EventMask kBlockingKinds = BlockingKinds();
// Where a choice among candidates is possible even under sequential consistency.
inline constexpr EventMask kNotifyOneKinds = {OpKind::kNotifyOne, OpKind::kAtomicNotifyOne};
inline constexpr EventMask kLockKinds = {OpKind::kLock, OpKind::kTryLock, OpKind::kLockShared,
                                         OpKind::kTryLockShared, OpKind::kWake};
inline constexpr EventMask kUnlockKinds = {OpKind::kUnlock, OpKind::kUnlockShared, OpKind::kWait};
// Those that learn something without changing anything when they fail.
inline constexpr EventMask kTryKinds = {OpKind::kCompareExchange, OpKind::kTryLock,
                                        OpKind::kTryLockShared, OpKind::kTryAcquire};
inline constexpr EventMask kSpinNeutralKinds = {OpKind::kYield};

}  // namespace internal

// The two commonest models are final classes: naming them saves the indirect call.
inline OutcomeSet ControlledEngine::PossibleOf(const SyncModel& model, const Operation& op,
                                               ThreadId thread) const {
  if (model.kind == ObjectKind::kMutex) {
    return static_cast<const MutexModel&>(model).Possible(op, thread, *this);
  }
  return model.Possible(op, thread, *this);
}

inline void ControlledEngine::ApplyTo(SyncModel& model, const Operation& op, const Transition& by,
                                      Event* event) {
  switch (model.kind) {
    case ObjectKind::kMutex:
      return static_cast<MutexModel&>(model).Apply(op, by, *this, event);
    case ObjectKind::kAtomic:
      return static_cast<AtomicModel&>(model).Apply(op, by, *this, event);
    case ObjectKind::kThread:
      return static_cast<ThreadModel&>(model).Apply(op, by, *this, event);
    default:
      return model.Apply(op, by, *this, event);
  }
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

inline void ControlledEngine::Publish(ThreadState& self, Operation& op) {
  SyncModel& model = objects_[op.object];
  self.pending = &op;
  self.model = &model;
  if (internal::kBlockingKinds.contains(op.kind)) {
    Link(self, 0, model);
    if (op.second != kNoObject) [[unlikely]] Link(self, 1, objects_[op.second]);
    UpdateStatus(self, PossibleOf(model, op, self.id));
  } else {
    self.possible =
        model.kind == ObjectKind::kAtomic && !op.weak ? OutcomeSet(Outcome::kDone)
                                                      : PossibleOf(model, op, self.id);
  }
  if (op.kind == OpKind::kYield) [[unlikely]] self.defer = true;
}

inline ThreadState& ControlledEngine::ChooseNext(ThreadState& self) {
  running_deferred_ = false;
  if (deferred_.size() > 0) [[unlikely]] RestoreDeferred(&self);
  if (self.defer) [[unlikely]] DeferRunning(self);
  if (in_fair_tail_) [[unlikely]] WatchFairTail(self);
  if (step_ >= step_limit_) [[unlikely]] AtStepLimit(self);
  while (ready_.size() == 0) [[unlikely]] NobodyEnabled(self);

  ThreadId picked = ready_[0];
  if (every_step_) [[unlikely]] NoteHeapUse();
  if (ready_.size() > 1 || every_step_) {
    enabled_ = ready_.data();
    enabled_count_ = ready_.size();
    running_enabled_ = self.status == ThreadStatus::kEnabled;
    picked = decider_->Pick(*this);
    HEDDLE_CHECK(Index(picked) < thread_count_ &&
                     StateOf(picked).status == ThreadStatus::kEnabled,
                 "a decider picked a thread that is not enabled");
  }
  ThreadState& next = StateOf(picked);
  ++step_;
  log_->Append(Decision::Pick(picked, next.pending->kind));
  running_ = picked;
  return next;
}

inline void ControlledEngine::SwitchTo(ThreadState& from, ThreadState& to) {
  active_ = &to;
  SwitchContext(from.context, to.context);
  if (tearing_down_) [[unlikely]] {
    // The execution ended while this thread waited: its operation never completes.
    ++from.unwind_throws;
    throw ExecutionEnded();
  }
}

inline void ControlledEngine::AfterExecute(ThreadState& self, const Operation& op,
                                           const Event& event) {
  const OpKind kind = op.kind;
  if (kind == OpKind::kLoad || (event.by.outcome == Outcome::kFailed &&
                                internal::kTryKinds.contains(kind))) {
    if (self.spin.OnRead(op.pc, op.object, event.source)) [[unlikely]] {
      self.defer = true;
      result_.deferred_spinner = true;
    }
  } else if (!internal::kSpinNeutralKinds.contains(kind)) {
    self.spin.Clear();
  }
  if (internal::kUnlockKinds.contains(kind)) {
    if (event.by.outcome == Outcome::kDone) --self.locks_held;
  } else if (internal::kLockKinds.contains(kind)) {
    const bool acquired = event.by.outcome == Outcome::kDone || kind == OpKind::kWake;
    self.locks_held += acquired ? 1 : 0;
    if (kind != OpKind::kLock && kind != OpKind::kLockShared && kind != OpKind::kWake) {
      result_.saw_try_lock = true;
    } else if (op.deadline != kNoDeadline && timeouts_ == Timeouts::kAny) {
      result_.saw_try_lock = true;
    }
  }
}

__attribute__((always_inline)) inline Result ControlledEngine::Execute(ThreadState& self,
                                                                       Operation& op,
                                                                       SyncModel& model,
                                                                       Outcome outcome,
                                                                       uint32_t source) {
  // Member by member: a copy of a Transition just written is a load that waits for smaller stores.
  const Transition by{self.id, outcome, source};
  Event event;
  event.seq = ++seq_;
  event.op = &op;
  event.by.thread = self.id;
  event.by.outcome = outcome;
  event.by.source = source;
  event.clock = &self.clock;
  SetActing(self);
  ApplyTo(model, op, by, &event);
  AfterExecute(self, op, event);
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
  // A try is not in its object's list of waiters: what it finds is decided when it is made.
  if (internal::kTryKinds.contains(op.kind) && (op.kind != OpKind::kCompareExchange || op.weak)) {
    self.possible = PossibleOf(model, op, self.id);
  }
  Outcome outcome = self.possible.first();
  uint32_t source = 0;
  if (!self.possible.single() || internal::kNotifyOneKinds.contains(op.kind) ||
      (options_.memory_model != MemoryModel::kSequentiallyConsistent &&
       model.kind == ObjectKind::kAtomic) ||
      outcome >= Outcome::kTimedOut) [[unlikely]] {
    const Transition by = DecideTransition(self);
    outcome = by.outcome;
    source = by.source;
  }
  if (self.links[0].model != nullptr) {
    Unlink(self, 0);
    if (self.links[1].model != nullptr) [[unlikely]] Unlink(self, 1);
  }
  return Execute(self, op, model, outcome, source);
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENGINE_STEP_H_
