#include "harness/runtime/controlled/engine.h"

#include <algorithm>

#include "harness/core/check.h"
#include "harness/core/random.h"
#include "harness/model/thread_model.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {
namespace {

uint64_t PointMask(const ExecutionOptions& options) {
  uint64_t mask = 0;
  for (int kind = 0; kind < kOpKinds; ++kind) {
    if (internal::kOpTraits[kind].scheduling_point) mask |= uint64_t{1} << kind;
  }
  if (options.unlock_is_point) {
    mask |= uint64_t{1} << static_cast<int>(OpKind::kUnlock);
    mask |= uint64_t{1} << static_cast<int>(OpKind::kUnlockShared);
  }
  return mask;
}

constexpr bool IsOneOf(OpKind kind, EventMask kinds) { return kinds.contains(kind); }

constexpr EventMask kLockKinds = {OpKind::kLock,          OpKind::kTryLock, OpKind::kUnlock,
                                  OpKind::kLockShared,    OpKind::kTryLockShared,
                                  OpKind::kUnlockShared,  OpKind::kWait,    OpKind::kWake};

}  // namespace

ControlledEngine::ControlledEngine(const ExecutionOptions& options, DecisionLog* log)
    : log_(log), points_(PointMask(options)), options_(options) {
  timeouts_ = options.timeouts;
  if constexpr (kHeapIsDeterministic) {
    std::string error;
    ArenaOptions heap_options;
    heap_options.limit_bytes = options.memory_limit;
    heap_options.reserve_bytes = std::max(heap_options.reserve_bytes, 2 * options.memory_limit);
    heap_ = Arena::Create(heap_options, &error);
    HEDDLE_CHECK(heap_ != nullptr, error.c_str());
    heap_->set_fault_sink(this);
    heap_->set_reuse_decision(&DecideReuse, this);
    UseArenaForProgram(heap_.get());
  }
  carrier_ = CarrierContext();
  previous_terminate_ = std::set_terminate(&OnTerminate);
  SetThreadExitListFinder(&RunningExitList);
}

ControlledEngine::~ControlledEngine() {
  SetThreadExitListFinder(nullptr);
  std::set_terminate(previous_terminate_);
  if constexpr (kHeapIsDeterministic) UseArenaForProgram(nullptr);
}

void ControlledEngine::SetEventSinks(std::vector<EventSink*> sinks) {
  sinks_ = std::move(sinks);
  UpdateWanted();
}

void ControlledEngine::SetObserver(ExecutionObserver* observer) {
  observer_ = observer;
  recording_ = observer != nullptr;
  UpdateWanted();
}

void ControlledEngine::UpdateWanted() {
  wanted_ = {};
  for (const EventSink* sink : sinks_) wanted_ = wanted_ | sink->Wants();
  if (observer_ != nullptr) wanted_ = wanted_ | observer_->Wants();
}

ExecutionResult ControlledEngine::Run(const Program& program, Decider& decider) {
  HEDDLE_CHECK(stamp_ < Epoch::kMaxStamp, "an engine was used for more executions than it can tell apart");
  ++stamp_;
  program_ = program;
  has_invariant_ = program.invariant != nullptr;
  decider_ = &decider;
  log_->Clear();
  objects_.Clear();
  arena_.Reset();
  shadow_.BeginExecution(stamp_);
  if (!interned_.empty()) interned_.clear();
  if (!vars_.empty()) vars_.clear();
  ready_.Clear();
  deferred_.Clear();
  thread_count_ = 0;
  unfinished_ = 0;
  seq_ = 0;
  step_ = 0;
  now_ = 0;
  spurious_left_ = options_.spurious;
  early_left_ = options_.early_timeouts;
  step_limit_ = options_.max_steps;
  tearing_down_ = false;
  checking_ = false;
  result_ = {};
  if (heap_ != nullptr) heap_->BeginExecution();

  ThreadState& main = NewThread(nullptr, nullptr, nullptr, nullptr);
  if (main.donor != nullptr) {
    SetCurrent(this);
    running_ = kMainThread;
    ThreadState& first = ChooseNext(main);
    active_ = &first;
    SwitchContext(&carrier_, first.context);
    active_ = nullptr;
    if (tearing_down_) UnwindAll();
    if (!tearing_down_ && program_.at_end != nullptr) RunCheckAtEnd(main);
    if (!tearing_down_) ReportThreadsAtEnd();
    SetCurrent(nullptr);
  }
  if (heap_ != nullptr) {
    heap_->EndExecution();
    if (result_.end == EngineEnd::kCompleted && heap_->live_blocks() > 0) ReportLeaks();
  }
  result_.steps = step_;
  result_.threads = thread_count_;
  return result_;
}

__attribute__((noinline)) Result ControlledEngine::Perform(Operation& op) {
  LeaveProgram();
  op.pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  ThreadState& self = *active_;
  Result result;
  if (tearing_down_ || checking_) [[unlikely]] {
    result = PerformUnscheduled(self, op);
  } else if ((points_ >> static_cast<int>(op.kind) & 1) == 0) {
    SyncModel& model = objects_[op.object];
    if (observer_ != nullptr) observer_->OnPending(self.id, op);
    result = Execute(self, op, model, Transition{self.id, Outcome::kDone, 0});
  } else {
    Publish(self, op);
    ThreadState& next = ChooseNext(self);
    if (&next != &self) SwitchTo(self, next);
    result = Complete(self);
  }
  EnterProgram(Index(self.id), self.context->fs_base);
  return result;
}

Result ControlledEngine::PerformUnscheduled(ThreadState& self, Operation& op) {
  return tearing_down_ ? PerformWhileUnwinding(self, op) : PerformWhileChecking(self, op);
}

void ControlledEngine::Publish(ThreadState& self, Operation& op) {
  if (has_invariant_) [[unlikely]] CheckInvariant(self);
  if (observer_ != nullptr) [[unlikely]] observer_->OnPending(self.id, op);
  SyncModel& model = objects_[op.object];
  self.pending = &op;
  self.model = &model;
  if (TraitsOf(op.kind).may_block) {
    Link(self, 0, model);
    if (op.second != kNoObject) Link(self, 1, objects_[op.second]);
    UpdateStatus(self, model.Possible(op, self.id, *this));
  } else {
    self.possible = model.Possible(op, self.id, *this);
  }
  if (op.kind == OpKind::kYield) self.defer = true;
}

ThreadState& ControlledEngine::ChooseNext(ThreadState& self) {
  running_deferred_ = false;
  if (deferred_.size() > 0) RestoreDeferred(&self);
  if (self.defer) DeferRunning(self);
  if (step_ >= step_limit_ || log_->full()) [[unlikely]] AtStepLimit(self);
  while (ready_.size() == 0) [[unlikely]] NobodyEnabled(self);

  ThreadId picked = ready_[0];
  if (ready_.size() > 1) {
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
  ++log_->steps;
  log_->Append(Decision::Pick(picked, next.pending->kind));
  running_ = picked;
  return next;
}

void ControlledEngine::SwitchTo(ThreadState& from, ThreadState& to) {
  active_ = &to;
  SwitchContext(from.context, to.context);
  if (tearing_down_) [[unlikely]] {
    // The execution ended while this thread waited: its operation never completes.
    ++from.unwind_throws;
    throw ExecutionEnded();
  }
}

Result ControlledEngine::Complete(ThreadState& self) {
  Operation& op = *self.pending;
  SyncModel& model = *self.model;
  Transition by{self.id, Outcome::kDone, 0};
  if (self.possible.single()) {
    by.outcome = self.possible.Nth(0);
  } else {
    const uint32_t n = DecideValue(ChoiceKind::kOutcome, self, &op,
                                   static_cast<uint32_t>(self.possible.size()));
    by.outcome = self.possible.Nth(static_cast<int>(n));
  }
  if (by.outcome == Outcome::kSpurious) {
    --spurious_left_;
  } else if (by.outcome == Outcome::kTimedOut && now_ < op.deadline) {
    --early_left_;
  }
  if (IsOneOf(op.kind, {OpKind::kNotifyOne, OpKind::kAtomicNotifyOne}) ||
      (options_.memory_model != MemoryModel::kSequentiallyConsistent &&
       model.kind == ObjectKind::kAtomic)) {
    const uint32_t candidates = model.Candidates(op, self.id, by.outcome, *this);
    if (candidates > 1) {
      by.source = DecideValue(
          op.kind == OpKind::kNotifyOne || op.kind == OpKind::kAtomicNotifyOne ? ChoiceKind::kWaiter
                                                                            : ChoiceKind::kStore,
          self, &op, candidates);
    }
  }
  if (self.links[0].model != nullptr) Unlink(self, 0);
  if (self.links[1].model != nullptr) Unlink(self, 1);
  return Execute(self, op, model, by);
}

Result ControlledEngine::Execute(ThreadState& self, Operation& op, SyncModel& model,
                                 Transition by) {
  Event event;
  event.seq = ++seq_;
  event.op = &op;
  event.by = by;
  event.clock = &self.clock;
  SetActing(self);
  model.Apply(op, by, *this, &event);
  AfterExecute(self, op, event);
  if (model.first_waiter != SyncModel::kNoWaiter) Reevaluate(model);
  if (op.second != kNoObject) {
    SyncModel& second = objects_[op.second];
    if (second.first_waiter != SyncModel::kNoWaiter) Reevaluate(second);
  }
  UpdateEpoch(self);
  if (wanted_.contains(op.kind)) Emit(event);
  return Result{event.value, event.by.outcome};
}

void ControlledEngine::Emit(const Event& event) {
  for (EventSink* sink : sinks_) {
    if (sink->Wants().contains(event.op->kind)) sink->OnEvent(event);
  }
  if (observer_ != nullptr && observer_->Wants().contains(event.op->kind)) observer_->OnEvent(event);
}

// Spinning, held locks, and what the search wants to know about the kinds of operation used.
void ControlledEngine::AfterExecute(ThreadState& self, const Operation& op, const Event& event) {
  const OpKind kind = op.kind;
  if (kind == OpKind::kLoad ||
      (event.by.outcome == Outcome::kFailed &&
       IsOneOf(kind, {OpKind::kCompareExchange, OpKind::kTryLock, OpKind::kTryLockShared,
                      OpKind::kTryAcquire}))) {
    if (self.spin.OnRead(op.pc, op.object, event.source)) {
      self.defer = true;
      result_.deferred_spinner = true;
    }
  } else if (kind != OpKind::kYield) {
    self.spin.Clear();
  }
  if (IsOneOf(kind, kLockKinds)) NoteHeld(self, op, event);
}

void ControlledEngine::NoteHeld(ThreadState& self, const Operation& op, const Event& event) {
  switch (op.kind) {
    case OpKind::kTryLock:
    case OpKind::kTryLockShared:
      result_.saw_try_lock = true;
      [[fallthrough]];
    case OpKind::kLock:
    case OpKind::kLockShared: {
      if (op.deadline != kNoDeadline) result_.saw_try_lock |= timeouts_ == Timeouts::kAny;
      if (event.by.outcome != Outcome::kDone) return;
      for (HeldObject& held : self.held) {
        if (held.object == op.object) {
          ++held.depth;
          return;
        }
      }
      const bool shared = op.kind == OpKind::kLockShared || op.kind == OpKind::kTryLockShared;
      self.held.push_back(HeldObject{op.object, event.seq, shared, 1});
      return;
    }
    case OpKind::kWake:
      self.held.push_back(HeldObject{op.second, event.seq, false, 1});
      return;
    default: {  // unlocks, and the wait that releases its mutex
      const ObjectId object = op.kind == OpKind::kWait ? op.second : op.object;
      for (size_t i = self.held.size(); i-- > 0;) {
        if (self.held[i].object != object) continue;
        if (op.kind != OpKind::kWait && --self.held[i].depth > 0) return;
        self.held.erase(self.held.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      }
    }
  }
}

void ControlledEngine::Reevaluate(SyncModel& model) {
  for (uint32_t index = model.first_waiter; index != SyncModel::kNoWaiter;) {
    ThreadState& waiter = *threads_[index];
    index = waiter.links[waiter.links[0].model == &model ? 0 : 1].next;
    UpdateStatus(waiter, waiter.model->Possible(*waiter.pending, waiter.id, *this));
  }
}

void ControlledEngine::UpdateStatus(ThreadState& thread, OutcomeSet possible) {
  thread.possible = possible;
  if (possible.empty()) {
    if (thread.status != ThreadStatus::kBlocked) SetStatus(thread, ThreadStatus::kBlocked);
  } else if (thread.status == ThreadStatus::kBlocked) {
    SetStatus(thread, ThreadStatus::kEnabled);
  }
}

void ControlledEngine::SetStatus(ThreadState& thread, ThreadStatus status) {
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

void ControlledEngine::Link(ThreadState& thread, int which, SyncModel& model) {
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

void ControlledEngine::Unlink(ThreadState& thread, int which) {
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

// A step has been made by `except`: the others may look again.
void ControlledEngine::RestoreDeferred(const ThreadState* except) {
  for (uint32_t i = deferred_.size(); i-- > 0;) {
    ThreadState& thread = StateOf(deferred_[i]);
    if (&thread != except) SetStatus(thread, ThreadStatus::kEnabled);
  }
}

void ControlledEngine::DeferRunning(ThreadState& self) {
  self.defer = false;
  if (self.status != ThreadStatus::kEnabled) return;
  SetStatus(self, ThreadStatus::kDeferred);
  running_deferred_ = true;
}

uint32_t ControlledEngine::DecideValue(ChoiceKind kind, ThreadState& self, const Operation* op,
                                       uint32_t bound) {
  const uint32_t value = decider_->PickValue(ValueChoice{kind, self.id, op, bound});
  HEDDLE_CHECK(value < bound, "a decider chose a value out of bounds");
  if (!log_->full()) log_->Append(Decision::Value(kind, value, bound));
  return value;
}

uint64_t ControlledEngine::Choose(uint64_t bound) {
  HarnessScope scope;
  if (tearing_down_ || checking_ || bound < 2) return 0;
  ThreadState& self = *active_;
  HEDDLE_CHECK(bound <= UINT32_MAX, "heddle::Choose takes at most 2^32 - 1 alternatives");
  self.spin.Clear();
  const uint32_t value =
      DecideValue(ChoiceKind::kUser, self, nullptr, static_cast<uint32_t>(bound));
  Operation op{.kind = OpKind::kChoose, .object = self.thread_model->id, .operand = bound};
  op.pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  if (observer_ != nullptr) observer_->OnPending(self.id, op);
  Event event{++seq_, &op, Transition{self.id, Outcome::kDone, value}, value, 0, &self.clock};
  if (wanted_.contains(OpKind::kChoose)) Emit(event);
  return value;
}

// Between two steps, on the stack of the thread that made the last one.
void ControlledEngine::CheckInvariant(ThreadState& self) {
  checking_ = true;
  check_clock_.Start(self.id);
  const Epoch epoch = epoch_;
  EnterProgram(Index(self.id), self.context->fs_base);
  program_.invariant();
  LeaveProgram();
  epoch_ = epoch;
  checking_ = false;
}

// Invariants and final checks see the state as it is and leave no trace in clocks or schedules.
Result ControlledEngine::PerformWhileChecking(ThreadState& self, Operation& op) {
  SyncModel& model = objects_[op.object];
  const OutcomeSet possible = model.Possible(op, self.id, *this);
  if (possible.empty()) {
    checking_ = false;
    Fail(FindingKind::kMisuse, "an invariant or final check waits for something");
    checking_ = true;
    return Result{0, Outcome::kFailed};
  }
  Event event;
  event.op = &op;
  event.by = Transition{self.id, possible.Nth(0), 0};
  event.clock = &check_clock_;
  acting_clock_ = &check_clock_;
  acting_fences_ = &check_fences_;
  model.Apply(op, event.by, *this, &event);
  return Result{event.value, event.by.outcome};
}

void ControlledEngine::Raise(Suspicion suspicion) {
  if (tearing_down_ && result_.end == EngineEnd::kFailed) return;
  suspicions_->Report(std::move(suspicion));
}

void ControlledEngine::ReportMisuse(FindingKind kind, const Operation& op, ThreadId thread,
                                    std::string_view what) {
  if (tearing_down_ || checking_) return;
  Suspicion suspicion;
  suspicion.kind = kind;
  suspicion.message = std::string(what);
  suspicion.object = op.object;
  suspicion.witnesses.push_back(
      Witness{std::string(TraitsOf(op.kind).name), thread, seq_, op.object, 0, {}, 0});
  suspicion.key = MixSeed(static_cast<uint64_t>(kind), op.pc, static_cast<uint64_t>(op.kind));
  Raise(std::move(suspicion));
}

}  // namespace heddle
