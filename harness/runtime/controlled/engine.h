// The controlled engine: all program threads are fibers on one OS thread, and a Decider says which
// of them makes the next step.
//
// A step. A thread that reaches an operation publishes it as pending and enters the scheduler on
// its own stack: the Decider picks among the threads whose pending operation can complete; the
// engine switches straight to the picked thread (not at all, if it is the same), which carries out
// its operation and runs on to its next. A thread is enabled when its model says that its operation
// can complete, so "nobody is enabled" is exactly deadlock, seen at once. After each operation only
// the threads pending on the objects that it touched are asked again.
//
// The engine runs on its carrier, an ordinary OS thread that makes one engine, after any fork, and
// calls Run for each execution. One engine per process at a time.
//
// Files: engine_step.h and engine.cc the step; engine_objects.cc objects and memory accesses;
// engine_threads.cc start and end of threads; engine_unwind.cc how an execution fails and its
// threads end; engine_check.cc invariants and final checks; engine_spin.cc who is set aside, and
// for how long; engine_stuck.cc what happens when nobody can run; engine_livelock.cc at the step
// limit, or in loops that nobody ends; engine_crash.cc what signal handlers need; engine_outside.cc
// what the program does behind our back; engine_counts.cc counts of owners.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENGINE_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENGINE_H_

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "harness/core/recording.h"
#include "harness/runtime/controlled/decision_log.h"
#include "harness/runtime/controlled/enabled_set.h"
#include "harness/runtime/controlled/execution.h"
#include "harness/runtime/controlled/fair_decider.h"
#include "harness/runtime/controlled/object_table.h"
#include "harness/runtime/controlled/options.h"
#include "harness/runtime/controlled/race_shadow.h"
#include "harness/runtime/controlled/repetition.h"
#include "harness/runtime/controlled/thread_sanitizer.h"
#include "harness/runtime/controlled/thread_state.h"
#include "harness/runtime/fiber/thread_calls.h"
#include "harness/runtime/heap/arena.h"
#include "harness/runtime/heap/loaded_modules.h"
#include "harness/runtime/runtime.h"
#include "harness/strategy/decider.h"

namespace heddle {

class ControlledEngine final : public Runtime,
                               private ModelContext,
                               private SchedulingPoint,
                               private HeapFaultSink,
                               private ThreadCallSink,
                               private SanitizerReportSink {
 public:
  // `log` outlives the engine.
  ControlledEngine(const ExecutionOptions& options, DecisionLog* log);
  ~ControlledEngine() override;
  ControlledEngine(const ControlledEngine&) = delete;
  ControlledEngine& operator=(const ControlledEngine&) = delete;

  // Consumers of the following executions. The suspicion sink is required.
  void SetSuspicionSink(SuspicionSink* sink) { suspicions_ = sink; }
  void SetEventSinks(std::vector<EventSink*> sinks);
  void SetObserver(ExecutionObserver* observer);

  ExecutionResult Run(const Program& program, Decider& decider);

  // Of the last execution, those that had not been seen lately; ForgetPairs: nor before.
  const ReadsFromPairs& pairs() const { return pairs_; }
  void ForgetPairs() { pairs_.Clear(); }

  const ExecutionOptions& options() const { return options_; }
  const Arena* arena_heap() const { return heap_.get(); }
  uint32_t thread_count() const { return thread_count_; }
  StackBounds StackOf(ThreadId thread) const { return threads_[Index(thread)]->donor.stack(); }

  // ---- For signal handlers that interrupt program code on the carrier ----
  // The stack of the program thread that runs; empty when none does.
  StackBounds RunningStack() const;
  // The execution has ended and its threads are being unwound: what they do now is no finding.
  bool tearing_down() const { return tearing_down_; }
  // Raises a finding that ends the execution, unless it has ended anyway, and abandons the running
  // thread where it is: Run returns. A program thread must be running.
  [[noreturn]] void AbandonRunning(FindingKind kind, std::string message, uint64_t key);

  // ---- Runtime ----
  Result Perform(Operation& op) override;
  void Destroy(ObjectHandle& handle, ObjectKind kind) override;
  void* SpawnStorage(size_t size) override;
  ThreadId Spawn(void (*entry)(void*), void* argument, const char* name) override;
  void DeclareSymmetric(ThreadId thread, ThreadId first) override {
    threads_[Index(thread)]->symmetric_to = first;
  }
  void AbandonThread(ThreadId thread) override;
  ThreadId CurrentThread() const override { return active_->id; }
  ObjectId CurrentThreadObject() const override;
  ObjectId ThreadObject(ThreadId thread) const override;
  ThreadOrigin OriginOf(ThreadId thread) const override;
  uint64_t Choose(uint64_t bound) override;
  VirtualTime Now() override {
    ++unrepeatable_;
    return now_;
  }
  void Annotate(Annotation what, ObjectId object, uint64_t argument) override;
  void OnSharedCountFalls(const int* count, uintptr_t pc) override;
  void OnSharedCountIsGone(const int* count) override;
  void Fail(FindingKind kind, const char* message) override;
  uint64_t Intern(const void* value, uint32_t size) override;
  void Interned(uint64_t id, void* value, uint32_t size) const override;

 protected:
  ObjectId Register(ObjectHandle& handle, const ObjectInit& init) override;
  void OnReadSlow(ShadowCell& cell, const ObjectInit& var) override;
  void OnWriteSlow(ShadowCell& cell, const ObjectInit& var) override;
  void OnValueSlow(const void* value, uint32_t size) override;

 private:
  // Thrown through program code to unwind it when the execution is over. Not a std::exception, so
  // that only catch (...) can stop it.
  struct ExecutionEnded {};
  // The same, for a thread that calls pthread_exit. Program code that swallows it is told so.
  struct ThreadExit {
    ~ThreadExit();
    ControlledEngine& engine;
    ThreadState& thread;
  };

  // ---- ModelContext, SchedulingPoint, HeapFaultSink, ThreadCallSink ----
  SyncModel& ModelOf(ObjectId object) override { return objects_[object]; }
  void ReportMisuse(FindingKind kind, const Operation& op, ThreadId thread,
                    std::string_view what) override;
  bool IsEnabled(ThreadId thread) const override {
    return threads_[Index(thread)]->status == ThreadStatus::kEnabled;
  }
  bool MayRun(ThreadId thread) const override {
    const ThreadState& state = *threads_[Index(thread)];
    return state.status == ThreadStatus::kEnabled ||
           (state.status == ThreadStatus::kDeferred && state.advised);
  }
  const Operation* Pending(ThreadId thread) const override {
    return threads_[Index(thread)]->pending;
  }
  ThreadId Parent(ThreadId thread) const override { return threads_[Index(thread)]->parent; }
  uint32_t Ordinal(ThreadId thread) const override { return threads_[Index(thread)]->ordinal; }
  ThreadId SymmetricTo(ThreadId thread) const override {
    return threads_[Index(thread)]->symmetric_to;
  }
  uintptr_t AddressOf(ObjectId object) const override {
    return objects_[object].address;
  }
  uint64_t ValueOf(ObjectId atomic) const override;
  bool HasRewritten(ThreadId thread) const override {
    const ThreadState& state = *threads_[Index(thread)];
    return state.spin.HasRewritten(*state.pending);
  }
  ObjectPlace PlaceOf(ObjectId object) const override;
  const char* DeclaredName(ObjectId object) const override { return objects_[object].name; }
  ThreadId ThreadOf(ObjectId object) const override;
  bool TimesOut(ThreadId thread) const override { return threads_[Index(thread)]->times_out; }
  bool EveryStateMatters() const override { return has_invariant_; }
  std::span<const Look> LoopOf(ThreadId thread) const override {
    const ThreadState& state = *threads_[Index(thread)];
    return {state.loop, state.awaits_change ? size_t{state.loop_reads} : 0};
  }
  std::span<const Look> LookedAt() const override {
    return {threads_[Index(running_)]->loop, looked_at_};
  }
  void OnHeapFault(const HeapFault& fault) override;
  void AddBlock(const BlockInfo& block, Suspicion* suspicion) const;
  void OnSanitizerRace(const SanitizerRace& race) override;
  void TakeSanitizerReports(ThreadState& self);
  int OnThreadCreate(uintptr_t pc) override;
  [[noreturn]] void OnThreadExit() override;

  // ---- The step (engine.cc) ----
  Result PerformStep(Operation& op);
  Result PerformEvent(Operation& op);
  Result PerformOpenEvent(Operation& op);
  void Unlock(ThreadState& self, const Operation& op, MutexModel& mutex);
  void Publish(ThreadState& self, Operation& op);
  Result PerformAccess(Operation& op);
  ThreadState& ChooseNext(ThreadState& self);
  template <bool kCareful>
  ThreadState& Choose(ThreadState& self);
  ThreadState& ChooseCarefully(ThreadState& self);
  bool NeedsCare() const { return every_step_ || in_fair_tail_; }
  void SwitchTo(ThreadState& from, ThreadState& to);
  void SwitchAway(ThreadState& from, ThreadState& to);
  Result Complete(ThreadState& self);
  void SetActing(ThreadState& self) {
    acting_clock_ = &self.clock;
    acting_fences_ = &self.fences;
  }
  Result Execute(ThreadState& self, Operation& op, SyncModel& model, Outcome outcome,
                 uint32_t source);
  void Settle(ThreadState& self, SyncModel& model);
  bool ExecutePlainly(ThreadState& self, Operation& op, SyncModel& model);
  Result AccessAtomic(ThreadState& self, Operation& op, AtomicModel& model);
  void EmitAccess(ThreadState& self, const Operation& op, Result result, EventSeq source);
  void EmitDone(ThreadState& self, const Operation& op);
  Result ExecuteOpen(ThreadState& self, Operation& op, SyncModel& model, const Transition& by);
  void KeepOrder(ThreadState& self, const Operation& op, SyncModel& model, const Event& event,
                 bool rewrites);
  void KeepOrderInPart(ThreadState& self, const Operation& op, SyncModel& model, uint64_t what,
                       bool failed);
  // `model`'s operation is being made at `here`.
  void ReadsFrom(const SyncModel& model, SiteKey here) {
    if (!pairs_.Seen(model.changed_by, here)) [[unlikely]] AddPair(model.changed_by, here);
  }
  void AddPair(SiteKey from, SiteKey to);
  Site FindSite(SiteKey key) const;
  void KeepBooks(ThreadState& self, const Operation& op, const Event& event, bool rewrites);
  void Emit(const Event& event);
  void UpdateWanted();
  void Reevaluate(SyncModel& model);
  void ReevaluateAll(const ThreadState& except);
  void UpdateStatus(ThreadState& thread, OutcomeSet possible);
  void SetStatus(ThreadState& thread, ThreadStatus status);
  void Link(ThreadState& thread, int which, SyncModel& model);
  void Unlink(ThreadState& thread, int which);
  void LinkPending(ThreadState& self);
  void UnlinkPending(ThreadState& self);
  void NoteEffects();
  uint32_t DecideValue(ChoiceKind kind, ThreadState& self, const Operation* op, uint32_t bound) {
    return DecideValue(ValueChoice{kind, self.id, op, bound});
  }
  uint32_t DecideValue(const ValueChoice& choice);
  // An execution never has the largest stamp: no access counts as known.
  Epoch EpochOf(ThreadId thread) const {
    return Epoch(every_access_ ? Epoch::kMaxStamp : stamp_, thread, 0);
  }
  void UpdateEpoch(const ThreadState& self) { epoch_ = self.epoch.At(self.clock.time()); }
  // A weak comparison, where the search's options allow it to fail without a cause.
  bool MayFailSpuriously(const Operation& op) const { return op.weak && spurious_left_ > 0; }
  OutcomeSet PossibleOf(const SyncModel& model, const Operation& op, ThreadId thread) const;
  void ApplyTo(SyncModel& model, const Operation& op, Event* event);
  Transition DecideTransition(ThreadState& self);
  Result PerformUnusually(Operation& op);
  Result PerformUnscheduled(ThreadState& self, Operation& op);
  Result PerformWhileChecking(ThreadState& self, Operation& op);
  void CheckInvariant(ThreadState& self);

  // ---- Yielding and spinning (engine_spin.cc) ----
  void Pause(ThreadState& self, const Operation& op);
  void NoteLook(ThreadState& self, const Operation& op, const Event& event, bool rewrites);
  void NoteRead(ThreadState& self, const Operation& op, EventSeq seq, uint64_t seen,
                SpinDetector::At at);
  void NoteLoop(ThreadState& self, const Operation& op, EventSeq seq, uint64_t seen,
                SpinDetector::At at, SpinDetector::Tells told);
  void NoteNews(ThreadState& self);
  void NoteSpinner(ThreadState& self);
  void KeepLoop(ThreadState& self);
  void NotePoller(ThreadState& self);
  bool LoopHasNews(const ThreadState& thread) const;
  static bool Rewrites(const SyncModel& model, const Event& event);
  // Of a read-modify-write that stores what it has read: nobody learns anything from it.
  static bool OnlyLooks(const ThreadState& self, const Operation& op, const AtomicModel& model);
  bool IsNextOfLoop(const ThreadState& self) const;
  bool RunsAhead(ThreadState& self);
  static bool YieldIsAdvice(ThreadState& self);
  void SetAside(ThreadState& self);
  void RestoreDeferred();
  void WakeUp(ThreadState& self);
  void LookAround(ThreadState& self);
  void RestoreAll();
  bool RestoreAdvised();
  void ListRunnable();
  bool SomeoneOnlyYielded();

  // ---- Objects and memory (engine_objects.cc) ----
  uintptr_t AddressName(const void* address) const;
  bool IsOnHeap(const SyncModel& model) const;
  void OnWriteSlower(ShadowCell& cell, const ObjectInit& var, uintptr_t pc);
  RaceShadow::Conflict CheckWatched(OpKind kind, ShadowCell& cell);
  ObjectId VarObject(const ObjectInit& var);
  void ForgetFormerVar(const ShadowCell& cell, const ObjectInit& var);
  void NoteAccess(OpKind kind, const ObjectInit& var, uintptr_t pc,
                  const RaceShadow::Conflict& conflict);
  void RecordAccess(OpKind kind, const ObjectInit& var, uintptr_t pc);
  void ReportRace(const RaceShadow::Conflict& conflict, bool is_write, const ObjectInit& var,
                  uintptr_t pc);
  void CheckAddressIsLive(const ObjectInit& init, uintptr_t pc);
  void CheckVarIsLive(const ObjectInit& var, uintptr_t pc);
  bool IsUsedFreedBlock(const BlockInfo& block) const;
  void ExamineDestruction(SyncModel& model, ObjectKind kind, uintptr_t pc);
  void CheckNobodyIsAboutToUse(const Operation& destroy);
  void ReportLeaks();
  static uint32_t DecideReuse(void* engine, uint32_t own, uint32_t all);
  bool KnowsAllEnds(const ThreadState& self);
  ObjectId SharedCountObject(const int* count);

  // ---- Threads (engine_threads.cc) ----
  ThreadState& NewThread(void (*entry)(void*), void* argument, ThreadState* parent,
                         const char* name);
  [[noreturn]] void StopWithoutThread(std::string why);
  void AfterThreadEvent(ThreadState& self, OpKind kind, ThreadModel& model, uintptr_t pc);
  void EmitThreadEvent(ThreadState& self, OpKind kind, ThreadModel& model, uintptr_t pc);
  ThreadState* NextThread();
  ThreadState* RenewDonor(uint32_t index);
  static void ThreadMain(void* thread);
  static void RunWatched(void* thread);
  static void OnEscapingException();
  void RunProgramThread(ThreadState& self);
  void RunEntry(ThreadState& self);
  void EndThreadLocals(ThreadState& self);
  [[noreturn]] void FinishThread(ThreadState& self);
  [[noreturn]] void LeaveForever(ThreadState& self, Context* to);
  void RunCheckAtEnd(ThreadState& main);
  static void CheckMain(void* engine);
  // `destroyed`: where its object was; without a thread if that is not known.
  void ReportThreadLeak(ThreadState& thread, Witness destroyed);
  void ReportThreadsAtEnd();
  static ThreadExitList* RunningExitList();
  // The one engine of the process, for the hooks that the language runtime calls without an
  // argument. Valid while an execution runs.
  static ControlledEngine* Running() { return static_cast<ControlledEngine*>(Current()); }

  // ---- The end of a failed execution (engine_unwind.cc) ----
  [[noreturn]] void StopExecution(ThreadState& self);
  void AwaitUnwinding(ThreadState& self);
  void RaiseHere(FindingKind kind, std::string message, uint64_t key);
  void EndHere(ThreadState& self);
  void EndForMisuse(const char* message, uint64_t key);
  void UnwindAll();
  void Unwind(ThreadState& thread, Context* back);
  Result PerformWhileUnwinding(ThreadState& self, Operation& op);
  [[noreturn]] void Abandon(ThreadState& self);
  [[noreturn]] static void OnTerminate();
  static void OnFork();
  void EndIfForked() const;
  void RaiseTermination(ThreadState& self);

  // ---- Waits that end without what they wait for (engine_waits.cc) ----
  OutcomeSet PossibleInTime(const SyncModel& model, const Operation& op, ThreadId thread) const;
  void BeginWait(ThreadState& self);
  void AskAboutWait(ThreadState& thread);

  // ---- Nobody can run (engine_stuck.cc) ----
  // Makes some thread enabled, or ends the execution and does not return.
  void NobodyEnabled(ThreadState& self);
  void TellStuck();
  bool AdvanceTime();
  void MoveTime(VirtualTime time);
  bool FindWaitCycle(std::vector<ThreadId>* cycle);
  void ReportDeadlock(std::vector<ThreadId> cycle);

  // ---- The step limit, and loops that nobody ends (engine_livelock.cc) ----
  void AtStepLimit(ThreadState& self);
  void WatchFairTail(ThreadState& self);
  void WatchStates();
  // Everybody who has not ended is blocked or waits in a loop, and no time is going to pass.
  bool WaitsForEver();
  void ReportLivelock(const char* message);
  uint64_t ObjectsHash();
  uint64_t ThreadsHash();
  uint64_t StateHash();
  static void ClearDeadStack(const ThreadState& self);

  void Raise(Suspicion suspicion);
  void EndIfAsked();
  [[noreturn]] void EndOnThisStack();
  ThreadState& StateOf(ThreadId thread) { return *threads_[Index(thread)]; }

  // Hot.
  Decider* decider_ = nullptr;
  DecisionLog* const log_;
  // Bits per OpKind.
  uint64_t points_ = 0;        // a scheduling point
  uint64_t accesses_ = 0;      // an access to the newest store of an atomic
  uint64_t certain_ = 0;       // where it can be done, there is nothing more to decide
  EventMask wanted_;           // by any consumer
  bool every_access_ = false;  // somebody wants reads or writes
  EventSeq seq_ = 0;
  uint64_t step_limit_ = 0;
  // Any of the next three, or a recorder: an operation is more than its step. Stays until the end
  // of the execution.
  bool unusual_ = false;
  bool tearing_down_ = false;
  bool forked_ = false;        // the process is a child of the program's: see OnFork
  bool checking_ = false;      // an invariant or final check runs: no scheduling, no clocks
  bool has_invariant_ = false;
  bool asks_about_waits_ = false;  // they may end without what they wait for
  uint32_t early_left_ = 0;        // timeouts before their time, as spurious_left_
  bool careful_ = false;       // choosing a thread is more than picking an enabled one
  bool every_step_ = false;    // the decider is asked where one thread is enabled, too
  ThreadState* active_ = nullptr;  // whose stack the carrier is on; null: its own
  ThreadArray ready_;
  ThreadArray deferred_;
  std::vector<ThreadId> listed_;  // what runnable() is, where a thread is set aside
  std::vector<std::unique_ptr<ThreadState>> threads_;  // reused; the first thread_count_ are live

  bool in_fair_tail_ = false;  // the step limit was reached: see engine_livelock.cc
  bool watches_states_ = false;  // they are compared: dead stack is cleared
  bool used_freed_memory_ = false;  // by this execution's program, as ThreadSanitizer has seen
  // Serials of freed blocks of the heap in which it has used an object, as has been told.
  std::vector<uint32_t> used_freed_blocks_;

  const ExecutionOptions options_;
  FairDecider fair_;
  Repetition repetition_;
  uint32_t rounds_of_loops_ = 0;  // in which everybody who is not blocked looked in vain
  // Every kept_period_ rounds since kept_round_ the state should be kept_state_; 0: none is kept.
  uint32_t kept_period_ = 0;
  uint32_t kept_round_ = 0;
  uint64_t kept_state_ = 0;
  // Answers that need not be the same another time: values decided, looks at the clock.
  uint64_t unrepeatable_ = 0;
  uint64_t tail_settled_ = 0;  // the step from which states are compared
  ThreadId tail_anchor_ = kNoThread;
  const std::vector<AddressRange> module_storage_ = ProgramStaticStorage();
  std::vector<AddressRange> static_storage_;  // as it was when the fair tail began
  ObjectTable objects_;
  RaceShadow shadow_;
  struct Consumer {
    EventSink* sink;
    EventMask wants;
  };
  ReadsFromPairs pairs_;
  std::vector<Consumer> consumers_;
  ExecutionObserver* observer_ = nullptr;
  SuspicionSink* suspicions_ = nullptr;
  Program program_;
  Context carrier_;
  ExecutionResult result_;
  uint32_t unfinished_ = 0;    // threads that have not ended
  // Of nobody: what a check releases is what it has acquired, with no time of its own.
  ThreadClock check_clock_;
  FenceState check_fences_;
  std::unique_ptr<Arena> heap_;
  bool atomic_changed_ = false;   // in the step in progress
  uint8_t looked_at_ = 0;         // of the running thread's loop: LookedAt
  HeapUse heap_uses_[2];          // of the step in progress, and the one before it
  uint32_t current_use_ = 0;      // which of them is which
  uint32_t threads_at_rest_ = 0;  // all ends of that many threads are known to the last of them
  VirtualTime decided_at_ = 0;  // the last step
  std::vector<std::string> interned_;
  absl::flat_hash_map<const int*, ObjectHandle> shared_counts_;
  const int* last_disowned_ = nullptr;
  EventSeq last_disowned_at_ = 0;
  std::vector<std::pair<const void*, ObjectId>> vars_;  // while recording
  std::terminate_handler previous_terminate_ = nullptr;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_ENGINE_H_
