#include "harness/runtime/controlled/engine.h"

#include <algorithm>

#include "harness/core/check.h"
#include "harness/core/random.h"
#include "harness/model/thread_model.h"
#include "harness/runtime/controlled/engine_step.h"
#include "harness/runtime/controlled/watched_call.h"
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
  internal::SetEscapeHandler(&OnEscapingException);
  SetThreadExitListFinder(&RunningExitList);
  SetThreadCallSink(this);
  SetSanitizerReportSink(this);
  SanitizerLooksAway();
}

ControlledEngine::~ControlledEngine() {
  SanitizerLooksOn();
  SetSanitizerReportSink(nullptr);
  SetThreadCallSink(nullptr);
  SetThreadExitListFinder(nullptr);
  std::set_terminate(previous_terminate_);
  if constexpr (kHeapIsDeterministic) UseArenaForProgram(nullptr);
}

void ControlledEngine::SetEventSinks(std::vector<EventSink*> sinks) {
  consumers_.clear();
  for (EventSink* sink : sinks) consumers_.push_back(Consumer{sink, {}});
  UpdateWanted();
}

void ControlledEngine::SetObserver(ExecutionObserver* observer) {
  observer_ = observer;
  recording_ = observer != nullptr;
  UpdateWanted();
}

void ControlledEngine::UpdateWanted() {
  wanted_ = {};
  for (Consumer& consumer : consumers_) {
    consumer.wants = consumer.sink->Wants();
    wanted_ = wanted_ | consumer.wants;
  }
  if (observer_ != nullptr) wanted_ = wanted_ | observer_->Wants();
  every_access_ =
      recording_ || wanted_.contains(OpKind::kRead) || wanted_.contains(OpKind::kWrite);
}

ExecutionResult ControlledEngine::Run(const Program& program, Decider& decider) {
  HEDDLE_CHECK(stamp_ < Epoch::kMaxStamp, "an engine was used for more executions than it can tell apart");
  NewStamp();
  program_ = program;
  has_invariant_ = program.invariant != nullptr;
  decider_ = &decider;
  every_step_ = decider.WantsEveryStep();
  log_->steps += log_->count + 1;
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
  now_ = decided_at_ = 0;
  spurious_left_ = decided_with_ = options_.spurious;
  early_left_ = options_.early_timeouts;
  step_limit_ = options_.max_steps;
  tearing_down_ = false;
  checking_ = false;
  in_fair_tail_ = false;
  used_freed_memory_ = false;
  result_ = {};
  const size_t own_consumers = consumers_.size();
  if (EventSink* const sink = decider.Events(); sink != nullptr) consumers_.push_back({sink, {}});
  UpdateWanted();
  if (heap_ != nullptr) heap_->BeginExecution();
  SanitizerEdges::BeginExecution();
  SanitizerBoundary::BeginExecution();

  ThreadState& main = NewThread(nullptr, nullptr, nullptr, nullptr);
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
  if (heap_ != nullptr) {
    heap_->EndExecution();
    if (result_.end == EngineEnd::kCompleted && heap_->live_blocks() > 0) ReportLeaks();
  }
  consumers_.resize(own_consumers);
  result_.steps = step_;
  result_.threads = thread_count_;
  for (uint32_t i = 0; i < thread_count_; ++i) {
    result_.order_class += MixOrder(threads_[i]->order.hash(), 0);
  }
  return result_;
}

// The calls of PerformStep and PerformEvent are jumps, so that what is no step does not save all
// registers for a switch.
Result ControlledEngine::Perform(Operation& op) {
  LeaveProgram();
  op.pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  if constexpr (kThreadSanitizer) TakeSanitizerReports(*active_);
  if ((points_ >> static_cast<int>(op.kind) & 1) == 0) return PerformEvent(op);
  return PerformStep(op);
}

__attribute__((noinline)) Result ControlledEngine::PerformStep(Operation& op) {
  ThreadState& self = *active_;
  self.frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  Result result;
  if (tearing_down_ | checking_) [[unlikely]] {
    result = PerformUnscheduled(self, op);
  } else {
    if (has_invariant_ | recording_) [[unlikely]] BeforeStep(self, op);
    Publish(self, op);
    ThreadState& next = ChooseNext(self);
    if (&next != &self) SwitchTo(self, next);
    if (self.links[0].model != nullptr) UnlinkPending(self);
    result = Complete(self);
  }
  EnterProgram(Index(self.id), self.context->fs_base);
  return result;
}

__attribute__((noinline)) Result ControlledEngine::PerformEvent(Operation& op) {
  ThreadState& self = *active_;
  Result result;
  if (tearing_down_ | checking_) [[unlikely]] {
    result = PerformUnscheduled(self, op);
  } else {
    if (recording_) [[unlikely]] observer_->OnPending(self.id, op);
    SyncModel& model = objects_[op.object];
    if (!ExecutePlainly(self, op, model)) result = Execute(self, op, model, Outcome::kDone, 0);
  }
  EnterProgram(Index(self.id), self.context->fs_base);
  return result;
}

// An operation whose completion was chosen.
Result ControlledEngine::ExecuteOpen(ThreadState& self, Operation& op, SyncModel& model,
                                     const Transition& by) {
  return Execute(self, op, model, by.outcome, by.source);
}

void ControlledEngine::BeforeStep(ThreadState& self, const Operation& op) {
  if (has_invariant_) CheckInvariant(self);
  if (recording_) observer_->OnPending(self.id, op);
}

Result ControlledEngine::PerformUnscheduled(ThreadState& self, Operation& op) {
  return tearing_down_ ? PerformWhileUnwinding(self, op) : PerformWhileChecking(self, op);
}

void ControlledEngine::EmitDone(ThreadState& self, const Operation& op) {
  Emit(Event{seq_, &op, Transition{self.id, Outcome::kDone, 0}, 0, 0, &self.clock});
}

void ControlledEngine::Emit(const Event& event) {
  bool wants_changed = false;
  for (const Consumer& consumer : consumers_) {
    if (!consumer.wants.contains(event.op->kind)) continue;
    consumer.sink->OnEvent(event);
    wants_changed |= consumer.sink->TakeWantsChanged();
  }
  if (wants_changed) [[unlikely]] {
    UpdateWanted();
    for (uint32_t i = 0; i < thread_count_; ++i) threads_[i]->epoch = EpochOf(ThreadId{i});
    UpdateEpoch(StateOf(event.by.thread));
  }
  if (observer_ != nullptr && observer_->Wants().contains(event.op->kind)) observer_->OnEvent(event);
  EndIfAsked();  // by what a detector reported
}

void ControlledEngine::Reevaluate(SyncModel& model) {
  for (uint32_t index = model.first_waiter; index != SyncModel::kNoWaiter;) {
    ThreadState& waiter = *threads_[index];
    index = waiter.links[waiter.links[0].model == &model ? 0 : 1].next;
    UpdateStatus(waiter, PossibleOf(*waiter.model, *waiter.pending, waiter.id));
  }
}

// A step has been made by `except`: the others may look again.
void ControlledEngine::RestoreDeferred(const ThreadState* except) {
  for (uint32_t i = deferred_.size(); i-- > 0;) {
    ThreadState& thread = StateOf(deferred_[i]);
    if (&thread != except) SetStatus(thread, ThreadStatus::kEnabled);
  }
}

void ControlledEngine::NoteEffects() {
  step_met_time_ = now_ != decided_at_ || spurious_left_ != decided_with_;
  decided_at_ = now_;
  decided_with_ = spurious_left_;
  if (heap_ == nullptr) return;
  step_used_heap_ = heap_->changes() != heap_changes_;
  heap_changes_ = heap_->changes();
}

void ControlledEngine::DeferRunning(ThreadState& self) {
  self.defer = false;
  if (self.status != ThreadStatus::kEnabled) return;
  SetStatus(self, ThreadStatus::kDeferred);
  running_deferred_ = true;
}

// How the pending operation of `self` completes, where there is something to decide or to count.
Transition ControlledEngine::DecideTransition(ThreadState& self) {
  const Operation& op = *self.pending;
  const SyncModel& model = *self.model;
  Transition by{self.id, self.possible.first(), 0};
  if (!self.possible.single()) {
    const uint32_t n = DecideValue(ChoiceKind::kOutcome, self, &op,
                                   static_cast<uint32_t>(self.possible.size()));
    by.outcome = self.possible.Nth(static_cast<int>(n));
  }
  if (by.outcome == Outcome::kSpurious) {
    if (--spurious_left_ == 0) ReevaluateAll(self);
  } else if (by.outcome == Outcome::kTimedOut &&
             (now_ < op.deadline || self.possible.contains(Outcome::kDone))) {
    if (--early_left_ == 0) ReevaluateAll(self);
  }
  const uint32_t candidates = model.Candidates(op, self.id, by.outcome, *this);
  if (candidates > 1) {
    const bool notify = op.kind == OpKind::kNotifyOne || op.kind == OpKind::kAtomicNotifyOne;
    by.source =
        DecideValue(notify ? ChoiceKind::kWaiter : ChoiceKind::kStore, self, &op, candidates);
  }
  return by;
}

// A budget has been used up: what it allowed the other threads is possible no longer.
void ControlledEngine::ReevaluateAll(const ThreadState& except) {
  for (uint32_t i = 0; i < thread_count_; ++i) {
    ThreadState& thread = *threads_[i];
    if (&thread == &except || thread.links[0].model == nullptr) continue;
    UpdateStatus(thread, PossibleOf(*thread.model, *thread.pending, thread.id));
  }
}

uint32_t ControlledEngine::DecideValue(ChoiceKind kind, ThreadState& self, const Operation* op,
                                       uint32_t bound) {
  const uint32_t value = decider_->PickValue(ValueChoice{kind, self.id, op, bound});
  HEDDLE_CHECK(value < bound, "a decider chose a value out of bounds");
  // The log must hold the picks that are left: an execution that chooses without end is cut.
  if (log_->count + (step_limit_ - step_) + 2 >= DecisionLog::kCapacity) step_limit_ = step_;
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
  self.order.Add(value + 1);
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
  check_clock_.Start(kNoThread);
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
    Fail(FindingKind::kMisuse, "an invariant or final check waits for something");
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

// Where the program would go on after something has been raised.
void ControlledEngine::EndIfAsked() {
  if (!suspicions_->ends_execution() || tearing_down_) return;
  if (active_ == nullptr || active_->status == ThreadStatus::kFinished) return;
  checking_ = false;
  StopExecution(*active_);
}

// About what the running thread does, here.
void ControlledEngine::RaiseHere(FindingKind kind, std::string message, uint64_t key) {
  checking_ = false;
  Annotate(Annotation::kFailure, kNoObject, 0);
  Suspicion suspicion;
  suspicion.kind = kind;
  suspicion.message = std::move(message);
  suspicion.key = MixSeed(static_cast<uint64_t>(kind), key);
  suspicion.witnesses.push_back(
      Witness{std::string(NameOf(kind)), active_->id, seq_, kNoObject, 0, {}, 0});
  Raise(std::move(suspicion));
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
