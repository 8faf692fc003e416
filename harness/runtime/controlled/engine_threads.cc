// Start and end of program threads: see engine.h.
#include <exception>
#include <string>
#include <utility>

#include "harness/core/check.h"
#include "harness/core/random.h"
#include "harness/model/thread_model.h"
#include "harness/runtime/controlled/engine_step.h"
#include "harness/runtime/controlled/exceptions.h"
#include "harness/runtime/controlled/watched_call.h"
#include "harness/runtime/fiber/thread_specific.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

// The thread that comes next, with a donor that is started and free of an earlier thread's frames;
// null if the system has no more threads.
inline ThreadState* ControlledEngine::NextThread() {
  if (thread_count_ < threads_.size() && !threads_[thread_count_]->needs_donor) [[likely]] {
    return threads_[thread_count_].get();
  }
  return RenewDonor(thread_count_);
}

ThreadState* ControlledEngine::RenewDonor(uint32_t index) {
  if (index == threads_.size()) {
    threads_.push_back(std::make_unique<ThreadState>());
    threads_[index]->id = ThreadId{index};
    threads_[index]->context = threads_[index]->donor.context();
    ready_.Reserve(index + 1);
    deferred_.Reserve(index + 1);
  }
  ThreadState& thread = *threads_[index];
  if (thread.donor.started()) thread.donor.Retire();
  if (thread.donor.Start(DonorOptions{.stack_size = options_.stack_size}) != 0) return nullptr;
  thread.needs_donor = false;
  return &thread;
}

ThreadState& ControlledEngine::NewThread(void (*entry)(void*), void* argument, ThreadState* parent,
                                         const char* name) {
  ThreadState* const next = NextThread();
  HEDDLE_CHECK(next != nullptr, "the system has no thread for the case to run on");
  ThreadState& thread = *next;
  const ThreadId id = thread.id;
  const ObjectInit init{.kind = ObjectKind::kThread, .name = name};
  auto& model = objects_.AddAs<ThreadModel>(init, parent != nullptr ? parent->id : id);
  model.Bind(id);
  thread.thread_model = &model;
  thread.clock.Start(id);
  thread.epoch = EpochOf(id);
  thread.defer = Defer::kNo;
  thread.awaits_change = false;
  thread.yields_at = 0;
  thread.times_out = false;
  thread.unwinding = thread.ending = thread.exiting = false;
  thread.unwind_throws = 0;
  thread.unwind_operations = 0;
  thread.links[0].model = thread.links[1].model = nullptr;
  thread.spin.Clear();
  thread.fences = {};
  thread.order.BeginMain();
  thread.locks_held = 0;
  thread.parent = parent != nullptr ? parent->id : kNoThread;
  thread.ordinal = parent != nullptr ? ++parent->children : 0;
  thread.children = 0;
  thread.symmetric_to = kNoThread;
  thread.name = 1;
  thread.home = 0;
  if (parent != nullptr) {
    thread.home = Arena::HomeOfChild(parent->home, thread.ordinal);
    thread.order.BeginChild(parent->order, thread.ordinal);
    thread.name = MixOrder(parent->name, thread.ordinal);
  }
  if (heap_ != nullptr) heap_->BeginThread(Index(id), thread.home);
  thread.leak_reported = false;
  thread.entry = entry;
  thread.argument = argument;
  ++thread_count_;
  ++unfinished_;
  thread.donor.Reset(&ThreadMain, &thread, argument);
  thread.needs_donor = !thread.donor.Reusable();
  if (observer_ != nullptr) [[unlikely]] {
    observer_->OnThread(id, thread.parent, name);
    observer_->OnObject(model.id, init, model.creator);
  }
  thread.start.object = model.id;
  thread.pending = &thread.start;
  thread.model = &model;
  thread.possible = Outcome::kDone;
  thread.status = ThreadStatus::kEnabled;
  thread.position = ready_.Add(id);
  return thread;
}

// The rest of a spawn, a start or an exit, whose change of the model has been made: what Execute
// does for operations.
inline void ControlledEngine::AfterThreadEvent(ThreadState& self, OpKind kind, ThreadModel& model,
                                               uintptr_t pc) {
  self.spin.Clear();
  Settle(self, model);
  if (wanted_.contains(kind)) [[unlikely]] EmitThreadEvent(self, kind, model, pc);
}

void ControlledEngine::EmitThreadEvent(ThreadState& self, OpKind kind, ThreadModel& model,
                                       uintptr_t pc) {
  Operation op{.kind = kind, .object = model.id};
  if (kind == OpKind::kSpawn) op.operand = Index(model.self());
  op.pc = pc;
  if (observer_ != nullptr && kind != OpKind::kStart) observer_->OnPending(self.id, op);
  EmitDone(self, op);
}

ObjectId ControlledEngine::CurrentThreadObject() const { return active_->thread_model->id; }

ObjectId ControlledEngine::ThreadObject(ThreadId thread) const {
  return threads_[Index(thread)]->thread_model->id;
}

ThreadId ControlledEngine::ThreadOf(ObjectId object) const {
  const SyncModel& model = objects_[object];
  return model.kind == ObjectKind::kThread ? static_cast<const ThreadModel&>(model).self()
                                           : kNoThread;
}

// Stacks and modules lie elsewhere in each process, and a thread's stack where the order of
// creation wants it.
uint64_t ControlledEngine::ValueOf(ObjectId atomic) const {
  return static_cast<const AtomicModel&>(objects_[atomic]).value();
}

ObjectPlace ControlledEngine::PlaceOf(ObjectId object) const {
  const SyncModel& model = objects_[object];
  const uintptr_t address = model.address;
  if (address == 0 || IsOnHeap(model)) return {kNoThread, address};
  const auto on_stack_of = [&](uint32_t index) {
    const ThreadState& thread = *threads_[index];
    return ObjectPlace{thread.id, thread.donor.stack().highest - address};
  };
  // Most likely first.
  for (const uint32_t index : {Index(kMainThread), Index(model.creator)}) {
    if (threads_[index]->donor.Owns(address)) return on_stack_of(index);
  }
  for (size_t i = 0; i < module_storage_.size(); ++i) {
    const AddressRange& range = module_storage_[i];
    if (range.Contains(address)) return {kNoThread, (i + 1) << 48 | (address - range.begin)};
  }
  for (uint32_t index = 0; index < thread_count_; ++index) {
    if (threads_[index]->donor.Owns(address)) return on_stack_of(index);
  }
  return {kNoThread, address};
}

ThreadOrigin ControlledEngine::OriginOf(ThreadId thread) const {
  if (Index(thread) >= thread_count_) return {kMainThread, Index(thread)};
  const ThreadState& state = *threads_[Index(thread)];
  return {state.parent, state.ordinal};
}

void* ControlledEngine::SpawnStorage(size_t size) {
  HarnessScope scope;
  if (tearing_down_) throw ExecutionEnded();
  if (size > options_.stack_size / 2) {
    StopWithoutThread("the arguments of a thread are larger than half of its stack");
  }
  if (thread_count_ >= options_.max_threads) {
    StopWithoutThread("more than " + std::to_string(options_.max_threads) +
                      " threads in one execution (the case's limit)");
  }
  const ThreadState* thread = NextThread();
  if (thread == nullptr) StopWithoutThread("the system has no more threads or memory for them");
  return reinterpret_cast<void*>((thread->donor.stack().highest - size) & ~uintptr_t{63});
}

void ControlledEngine::StopWithoutThread(std::string why) {
  Annotate(Annotation::kFailure, kNoObject, 0);
  Suspicion suspicion;
  suspicion.kind = FindingKind::kMisuse;
  suspicion.message = std::move(why);
  suspicion.witnesses.push_back(Witness{"spawn", active_->id, seq_, kNoObject, 0, {}, 0});
  suspicion.key = MixSeed(static_cast<uint64_t>(suspicion.kind), thread_count_);
  Raise(std::move(suspicion));
  StopExecution(*active_);
}

ThreadId ControlledEngine::Spawn(void (*entry)(void*), void* argument, const char* name) {
  HarnessScope scope;
  if (tearing_down_) throw ExecutionEnded();
  ThreadState& self = *active_;
  HEDDLE_CHECK(!checking_, "a thread was started in an invariant or final check");
  ThreadState& child = NewThread(entry, argument, &self, name);
  child.thread_model->Spawn(self.clock);
  AfterThreadEvent(self, OpKind::kSpawn, *child.thread_model,
                   reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  return child.id;
}

void ControlledEngine::ThreadMain(void* thread) {
  ControlledEngine* engine = Running();
  auto& self = *static_cast<ThreadState*>(thread);
  SanitizerBoundary::OnThreadStart();
  engine->RunProgramThread(self);
  engine->FinishThread(self);
}

void ControlledEngine::RunWatched(void* thread) {
  auto& self = *static_cast<ThreadState*>(thread);
  ControlledEngine& engine = *Running();
  engine.RunEntry(self);
  engine.EndThreadLocals(self);
}

// Inside of the throw that nothing in the thread catches: its stack is that of the failure.
void ControlledEngine::OnEscapingException() {
  ControlledEngine& engine = *Running();
  if (engine.tearing_down_ || engine.active_ == nullptr) return;
  engine.Annotate(Annotation::kFailure, kNoObject, 0);
  engine.active_->escape = engine.seq_;
}

inline void ControlledEngine::RunProgramThread(ThreadState& self) {
  self.thread_model->Start(self.clock, arena_);
  self.order.Add(internal::OrderKey(OpKind::kStart, Outcome::kDone, 0));
  AfterThreadEvent(self, OpKind::kStart, *self.thread_model, 0);
  EnterProgram(Index(self.id), self.context->fs_base);
  std::string escaped;
  try {
    internal::HeddleCallWatched(&RunWatched, &self);
    LeaveProgram();
    return;
  } catch (const ExecutionEnded&) {
    LeaveProgram();
  } catch (...) {
    LeaveProgram();
    escaped = internal::DescribeCurrentException();
  }
  if (!tearing_down_) {
    Suspicion suspicion;
    suspicion.kind = FindingKind::kException;
    suspicion.message = escaped + " was thrown, and nothing in the thread catches it";
    suspicion.witnesses.push_back(Witness{"thrown", self.id, self.escape, kNoObject, 0, {}, 0});
    suspicion.key =
        MixSeed(static_cast<uint64_t>(suspicion.kind), reinterpret_cast<uintptr_t>(self.entry));
    Raise(std::move(suspicion));
    EndHere(self);
  }
  // The execution is over; what the thread leaves behind is cleaned up all the same.
  EnterProgram(Index(self.id), self.context->fs_base);
  EndThreadLocals(self);
  LeaveProgram();
}

inline void ControlledEngine::RunEntry(ThreadState& self) {
  try {
    if (self.entry != nullptr) {
      self.entry(self.argument);
    } else {
      program_.body();
    }
  } catch (const ThreadExit&) {
    self.exiting = false;
  }
}

// As program code, in the order of the C library.
void ControlledEngine::EndThreadLocals(ThreadState& self) {
  self.ending = true;
  self.exit_list.Run();
  EndThreadSpecific();
}

// The thread's last act, on its own stack, which nothing returns to.
void ControlledEngine::FinishThread(ThreadState& self) {
  if constexpr (kThreadSanitizer) DeliverSanitizerReports();
  if (tearing_down_) {
    self.status = ThreadStatus::kFinished;
    --unfinished_;
    LeaveForever(self, self.resume_after_unwind);
  }
  if (self.locks_held > 0) {
    Operation op{.kind = OpKind::kExit, .object = self.thread_model->id};
    op.pc = reinterpret_cast<uintptr_t>(self.entry);
    ++seq_;
    ReportMisuse(FindingKind::kMisuse, op, self.id, "a thread ends while it holds a lock");
    --seq_;
  }
  self.thread_model->Exit(self.clock);
  self.thread_model->order.Change(self.order,
                                   internal::OrderKey(OpKind::kExit, Outcome::kDone, 0));
  AfterThreadEvent(self, OpKind::kExit, *self.thread_model, 0);
  SetStatus(self, ThreadStatus::kFinished);
  self.pending = nullptr;
  if (--unfinished_ == 0) LeaveForever(self, &carrier_);
  ThreadState& next = ChooseNext(self);
  active_ = &next;
  LeaveForever(self, next.context);
}

void ControlledEngine::LeaveForever(ThreadState& self, Context* to) {
  EndIfForked();
  SanitizerBoundary::OnThreadEnd();
  SwitchContext(self.context, to);
  HEDDLE_CHECK(false, "a finished thread was continued");
  __builtin_unreachable();
}

void ControlledEngine::AbandonThread(ThreadId id) {
  if (tearing_down_ || checking_ || Index(id) >= thread_count_) return;
  ThreadState& thread = *threads_[Index(id)];
  if (!thread.thread_model->abandoned()) return;
  HarnessScope scope;
  Annotate(Annotation::kFailure, kNoObject, 0);
  ReportThreadLeak(thread, Witness{"destroyed", active_->id, seq_, kNoObject, 0, {}, 0});
  EndIfAsked();
}

void ControlledEngine::ReportThreadLeak(ThreadState& thread, Witness destroyed) {
  if (std::exchange(thread.leak_reported, true)) return;
  Suspicion suspicion;
  suspicion.kind = FindingKind::kThreadLeak;
  suspicion.object = thread.thread_model->id;
  if (destroyed.thread != kNoThread) suspicion.witnesses.push_back(std::move(destroyed));
  suspicion.witnesses.push_back(Witness{"started", thread.parent, 0, thread.thread_model->id, 0,
                                        EventMask{OpKind::kSpawn}, 0});
  suspicion.key =
      MixSeed(static_cast<uint64_t>(suspicion.kind), reinterpret_cast<uintptr_t>(thread.entry));
  Raise(std::move(suspicion));
}

void ControlledEngine::ReportThreadsAtEnd() {
  for (uint32_t i = 1; i < thread_count_; ++i) {
    if (threads_[i]->thread_model->abandoned()) ReportThreadLeak(*threads_[i], Witness{});
  }
}

ThreadExitList* ControlledEngine::RunningExitList() {
  ControlledEngine* engine = Running();
  if (engine == nullptr || engine->active_ == nullptr) return nullptr;
  return &engine->active_->exit_list;
}

}  // namespace heddle
