#include "harness/runtime/controlled/engine.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "harness/core/check.h"
#include "harness/model/thread_model.h"
#include "harness/runtime/controlled/engine_step.h"
#include "harness/runtime/controlled/watched_call.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/runtime/heap/program_context.h"
#include "harness/runtime/heap/sanitizer_heap.h"

namespace heddle {
namespace {

template <typename Predicate>
uint64_t MaskOf(Predicate predicate) {
  uint64_t mask = 0;
  for (int kind = 0; kind < kOpKinds; ++kind) {
    if (predicate(static_cast<OpKind>(kind))) mask |= uint64_t{1} << kind;
  }
  return mask;
}

// ThreadSanitizer does not see the counts of exceptions, which are in the compiled part of the
// library: a thread that is kept from letting go of what leads to one (a future's state) would
// destroy it after others have used it, without an order that could be seen.
uint64_t PointMask(const ExecutionOptions& options) {
  return MaskOf([&](OpKind kind) {
    if (kThreadSanitizer && kind == OpKind::kDisown) return false;
    return TraitsOf(kind).scheduling_point ||
           (options.unlock_is_point &&
            (kind == OpKind::kUnlock || kind == OpKind::kUnlockShared));
  });
}

}  // namespace

ControlledEngine::ControlledEngine(const ExecutionOptions& options, DecisionLog* log)
    : log_(log), points_(PointMask(options)), options_(options) {
  if (options.memory_model == MemoryModel::kSequentiallyConsistent) {
    accesses_ = MaskOf([](OpKind kind) { return internal::kAccesses.contains(kind); });
    certain_ = MaskOf([](OpKind kind) { return !internal::kOpenKinds.contains(kind); });
  }
  if constexpr (kHeapIsDeterministic) {
    std::string error;
    ArenaOptions heap_options;
    heap_options.limit_bytes = options.memory_limit;
    heap_options.reserve_bytes = std::max(heap_options.reserve_bytes, 2 * options.memory_limit);
    heap_options.reserve_bytes = std::min(heap_options.reserve_bytes, Arena::kMostReserve);
    heap_ = Arena::Create(heap_options, &error);
    HEDDLE_CHECK(heap_ != nullptr, error.c_str());
    heap_->set_fault_sink(this);
    heap_->set_reuse_decision(&DecideReuse, this);
    heap_->set_step_counter(&step_);
    UseArenaForProgram(heap_.get());
  }
  carrier_ = CarrierContext();
  previous_terminate_ = std::set_terminate(&OnTerminate);
  internal::SetEscapeHandler(&OnEscapingException);
  [[maybe_unused]] static const int watches_forks = ::pthread_atfork(nullptr, nullptr, &OnFork);
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
  if (heap_ != nullptr) heap_->set_watcher(observer);
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
  HEDDLE_CHECK(stamp_ < Epoch::kMaxStamp,
               "an engine was used for more executions than it can tell apart");
  NewStamp();
  program_ = program;
  has_invariant_ = program.invariant != nullptr;
  unusual_ = has_invariant_ || recording_;
  decider_ = &decider;
  every_step_ = decider.WantsEveryStep();
  log_->steps += log_->count + 1;
  log_->Clear();
  objects_.Clear();
  pairs_.Drop();
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
  spurious_left_ = options_.spurious;
  early_left_ = options_.timeouts == Timeouts::kAny ? options_.early_timeouts : 0;
  asks_about_waits_ = spurious_left_ > 0 || early_left_ > 0;
  step_limit_ = options_.max_steps;
  tearing_down_ = false;
  checking_ = false;
  in_fair_tail_ = watches_states_ = false;
  rounds_of_loops_ = kept_period_ = 0;
  unrepeatable_ = 0;
  atomic_changed_ = false;
  careful_ = NeedsCare();
  used_freed_memory_ = false;
  used_freed_blocks_.clear();
  for (HeapUse& use : heap_uses_) use.Clear();
  shared_counts_.clear();
  last_disowned_ = nullptr;
  step_heap_ = &heap_uses_[1 - current_use_];
  threads_at_rest_ = 0;
  result_ = {};
  const size_t own_consumers = consumers_.size();
  if (EventSink* const sink = decider.Events(); sink != nullptr) consumers_.push_back({sink, {}});
  UpdateWanted();
  if constexpr (kHeapIsDeterministic) {
    heap_->BeginExecution();
    heap_->set_use(every_step_ ? &heap_uses_[current_use_] : nullptr);
  } else {
    SanitizerHeap::BeginExecution();
  }
  SanitizerEdges::BeginExecution();
  SanitizerBoundary::BeginExecution();

  ThreadState& main = NewThread(nullptr, nullptr, nullptr, nullptr);
  SetCurrent(this);
  running_ = kMainThread;
  ThreadState& first = ChooseNext(main);
  active_ = &first;
  SwitchContext(&carrier_, first.context);
  active_ = nullptr;
  if (every_step_) NoteEffects();
  if (tearing_down_) {
    if (result_.end == EngineEnd::kFailed) decider_->Failed(*this);
    UnwindAll();
  }
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
    result_.order_class += threads_[i]->order.hash();
  }
  return result_;
}

// The calls of PerformStep and PerformEvent are jumps, so that what is no step does not save all
// registers for a switch.
Result ControlledEngine::Perform(Operation& op) {
  LeaveProgram();
  op.pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  if constexpr (kThreadSanitizer) TakeSanitizerReports(*active_);
  if (unusual_) [[unlikely]] return PerformUnusually(op);
  const uint64_t bit = uint64_t{1} << static_cast<int>(op.kind);
  if ((accesses_ & bit) != 0) return PerformAccess(op);
  if ((points_ & bit) == 0) return PerformEvent(op);
  return PerformStep(op);
}

// PerformStep for what nearly every access to an atomic is: it can complete, in one way, and nobody
// looks on.
__attribute__((noinline)) Result ControlledEngine::PerformAccess(Operation& op) {
  ThreadState& self = *active_;
  if (MayFailSpuriously(op)) [[unlikely]] return PerformStep(op);
  self.frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  auto& model = static_cast<AtomicModel&>(objects_[op.object]);
  self.pending = &op;
  self.model = &model;
  self.possible = Outcome::kDone;
  ThreadState& next = ChooseNext(self);
  if (&next != &self) SwitchAway(self, next);
  const Result result = AccessAtomic(self, op, model);
  EnterProgram(Index(self.id), self.context->fs_base);
  return result;
}

__attribute__((noinline)) ThreadState& ControlledEngine::ChooseCarefully(ThreadState& self) {
  return Choose<true>(self);
}

__attribute__((noinline)) Result ControlledEngine::PerformStep(Operation& op) {
  ThreadState& self = *active_;
  self.frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  Publish(self, op);
  ThreadState& next = ChooseNext(self);
  if (&next != &self) SwitchTo(self, next);
  if (self.links[0].model != nullptr) UnlinkPending(self);
  const Result result = Complete(self);
  EnterProgram(Index(self.id), self.context->fs_base);
  return result;
}

// Nearly always the last unlock of a mutex.
__attribute__((noinline)) Result ControlledEngine::PerformEvent(Operation& op) {
  ThreadState& self = *active_;
  SyncModel& model = objects_[op.object];
  if (model.kind != ObjectKind::kMutex || op.kind != OpKind::kUnlock ||
      !static_cast<MutexModel&>(model).IsLastUnlockOf(self.id)) {
    return PerformOpenEvent(op);
  }
  Unlock(self, op, static_cast<MutexModel&>(model));
  EnterProgram(Index(self.id), self.context->fs_base);
  return {};
}

__attribute__((noinline)) Result ControlledEngine::PerformOpenEvent(Operation& op) {
  ThreadState& self = *active_;
  SyncModel& model = objects_[op.object];
  Result result;
  if (!ExecutePlainly(self, op, model)) result = Execute(self, op, model, Outcome::kDone, 0);
  EnterProgram(Index(self.id), self.context->fs_base);
  return result;
}

// An operation whose completion was chosen.
Result ControlledEngine::ExecuteOpen(ThreadState& self, Operation& op, SyncModel& model,
                                     const Transition& by) {
  const Result result = Execute(self, op, model, by.outcome, by.source);
  self.times_out = false;
  return result;
}

// What an execution does while it is watched by an invariant or an observer, is in the fair end of
// a livelock, or is over but for its destructors and its final check.
__attribute__((noinline)) Result ControlledEngine::PerformUnusually(Operation& op) {
  ThreadState& self = *active_;
  if (tearing_down_ | checking_) return PerformUnscheduled(self, op);
  const bool is_step = (points_ >> static_cast<int>(op.kind) & 1) != 0;
  if (is_step && has_invariant_) CheckInvariant(self);
  if (recording_) observer_->OnPending(self.id, op);
  const Result result = is_step ? PerformStep(op) : PerformOpenEvent(op);
  if (watches_states_) ClearDeadStack(self);
  // A clock goes on; the program's frames, where accesses to variables may leave it, would never be
  // the same again.
  if (in_fair_tail_) epoch_ = Epoch(Epoch::kMaxStamp, self.id, 0);
  return result;
}

Result ControlledEngine::PerformUnscheduled(ThreadState& self, Operation& op) {
  const Result result =
      tearing_down_ ? PerformWhileUnwinding(self, op) : PerformWhileChecking(self, op);
  EnterProgram(Index(self.id), self.context->fs_base);
  return result;
}

void ControlledEngine::EmitDone(ThreadState& self, const Operation& op) {
  Emit(Event{seq_, &op, Transition{self.id, Outcome::kDone, 0}, 0, 0, &self.clock});
}

void ControlledEngine::EmitAccess(ThreadState& self, const Operation& op, Result result,
                                  EventSeq source) {
  Emit(Event{seq_, &op, Transition{self.id, result.outcome, 0}, result.value, source, &self.clock});
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
  if (observer_ != nullptr && observer_->Wants().contains(event.op->kind))
    observer_->OnEvent(event);
  EndIfAsked();  // by what a detector reported
}

void ControlledEngine::Reevaluate(SyncModel& model) {
  for (uint32_t index = model.first_waiter; index != SyncModel::kNoWaiter;) {
    ThreadState& waiter = *threads_[index];
    index = waiter.links[waiter.links[0].model == &model ? 0 : 1].next;
    UpdateStatus(waiter, PossibleOf(*waiter.model, *waiter.pending, waiter.id));
  }
}

void ControlledEngine::NoteEffects() {
  time_passed_ = now_ != decided_at_;
  decided_at_ = now_;
  step_changed_atomic_ = std::exchange(atomic_changed_, false);
  if (heap_ == nullptr) return;
  step_heap_ = &heap_uses_[current_use_];
  current_use_ = 1 - current_use_;
  heap_uses_[current_use_].Clear();
  heap_->set_use(&heap_uses_[current_use_]);
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
  if (by.outcome == Outcome::kSpurious && op.kind != OpKind::kWake) {  // that has been counted
    if (--spurious_left_ == 0) ReevaluateAll(self);
  }
  const uint32_t candidates = model.Candidates(op, self.id, by.outcome, *this);
  if (candidates > 1) {
    const bool notify = op.kind == OpKind::kNotifyOne || op.kind == OpKind::kAtomicNotifyOne;
    by.source =
        DecideValue(notify ? ChoiceKind::kWaiter : ChoiceKind::kStore, self, &op, candidates);
  }
  return by;
}

// The budget has been used up: what it allowed the other threads is possible no longer.
void ControlledEngine::ReevaluateAll(const ThreadState& except) {
  for (uint32_t i = 0; i < thread_count_; ++i) {
    ThreadState& thread = *threads_[i];
    if (&thread == &except || thread.links[0].model == nullptr) continue;
    UpdateStatus(thread, PossibleOf(*thread.model, *thread.pending, thread.id));
  }
}

uint32_t ControlledEngine::DecideValue(const ValueChoice& choice) {
  ++unrepeatable_;
  const uint32_t value = decider_->PickValue(choice);
  HEDDLE_CHECK(value < choice.bound, "a decider chose a value out of bounds");
  // The log must hold the picks that are left: an execution that chooses without end is cut.
  if (log_->count + (step_limit_ - step_) + 2 >= DecisionLog::kCapacity) step_limit_ = step_;
  if (!log_->full()) log_->Append(Decision::Value(choice.kind, value, choice.bound));
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
  self.order.Add(internal::OrderKey(OpKind::kChoose, Outcome::kDone, value));
  Operation op{.kind = OpKind::kChoose, .object = self.thread_model->id, .operand = bound};
  op.pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  if (observer_ != nullptr) observer_->OnPending(self.id, op);
  Event event{++seq_, &op, Transition{self.id, Outcome::kDone, value}, value, 0, &self.clock};
  if (wanted_.contains(OpKind::kChoose)) Emit(event);
  return value;
}

}  // namespace heddle
