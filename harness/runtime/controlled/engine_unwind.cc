// How an execution fails: a suspicion is raised, its threads are unwound, or left where they are.
// See engine.h.
#include <exception>
#include <string>
#include <utility>

#include "harness/core/random.h"
#include "harness/model/thread_model.h"
#include "harness/runtime/controlled/engine_step.h"
#include "harness/runtime/controlled/exceptions.h"
#include "harness/runtime/fiber/thread_specific.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {
namespace {

// More operations than any destructor makes: the thread does not end by itself.
constexpr uint32_t kMaxUnwindOperations = 10'000;

}  // namespace

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

// Nothing of the program may go on after what has been raised.
void ControlledEngine::EndOnThisStack() {
  checking_ = false;
  ThreadState& self = *active_;
  if (self.status != ThreadStatus::kFinished) StopExecution(self);
  EndHere(self);  // in the final check: no other thread is left
  ++self.unwind_throws;
  throw ExecutionEnded();
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

// Ends the execution on the stack of a running thread.
void ControlledEngine::StopExecution(ThreadState& self) {
  AwaitUnwinding(self);
  ++self.unwind_throws;
  throw ExecutionEnded();
}

// Ends the execution, and returns when it is the thread's turn to be unwound. It is not the first:
// newer threads may use what lies in its frames.
void ControlledEngine::AwaitUnwinding(ThreadState& self) {
  EndIfForked();
  result_.end = result_.end == EngineEnd::kStepLimit ? EngineEnd::kStepLimit : EngineEnd::kFailed;
  tearing_down_ = unusual_ = true;
  if (self.status == ThreadStatus::kFinished) LeaveForever(self, &carrier_);
  self.pending = nullptr;  // it has frames, even if it has performed nothing since its start
  SwitchContext(self.context, &carrier_);
}

// Ends the execution with a thread that makes way at once: it has no frames left, or keeps them.
void ControlledEngine::EndHere(ThreadState& self) {
  result_.end = EngineEnd::kFailed;
  tearing_down_ = unusual_ = true;
  self.unwinding = true;
  self.resume_after_unwind = &carrier_;
}

// On the carrier: ends the threads that are left, newest first.
void ControlledEngine::UnwindAll() {
  for (uint32_t i = thread_count_; i-- > 0;) {
    ThreadState& thread = *threads_[i];
    if (thread.status == ThreadStatus::kFinished || thread.unwinding) continue;
    Unwind(thread, &carrier_);
  }
  active_ = nullptr;
}

void ControlledEngine::Unwind(ThreadState& thread, Context* back) {
  thread.unwinding = true;
  thread.resume_after_unwind = back;
  if (thread.pending == &thread.start) {  // has no frames yet
    thread.status = ThreadStatus::kFinished;
    --unfinished_;
    return;
  }
  ThreadState* const caller = active_;
  Context* const from = caller != nullptr ? caller->context : &carrier_;
  active_ = &thread;
  SwitchContext(from, thread.context);
  active_ = caller;
}

// An operation of a thread that is being unwound: in a destructor (of a thread_local variable,
// too), or after a catch (...) that swallowed the exception.
Result ControlledEngine::PerformWhileUnwinding(ThreadState& self, Operation& op) {
  EndIfForked();
  if (++self.unwind_operations > kMaxUnwindOperations) Abandon(self);
  if (std::uncaught_exceptions() == 0 && !self.ending) {
    if (++self.unwind_throws > 2) Abandon(self);
    throw ExecutionEnded();
  }
  SyncModel& model = objects_[op.object];
  if (op.kind == OpKind::kJoin) {
    for (uint32_t i = 0; i < thread_count_; ++i) {
      ThreadState& thread = *threads_[i];
      if (thread.thread_model != &model || thread.unwinding) continue;
      if (thread.status != ThreadStatus::kFinished) Unwind(thread, self.context);
    }
    return {};
  }
  Event event;
  event.op = &op;
  event.by = Transition{self.id, Outcome::kDone, 0};
  event.clock = &self.clock;
  SetActing(self);
  // Values still matter: a destructor may count references. Acquires and waits just return.
  if (model.kind == ObjectKind::kAtomic && op.kind != OpKind::kAtomicWait) {
    model.Apply(op, event.by, *this, &event);
  }
  return Result{event.value, event.by.outcome};
}

// The thread cannot be unwound: it is left where it is, and its donor serves no other thread.
void ControlledEngine::Abandon(ThreadState& self) {
  self.status = ThreadStatus::kFinished;
  --unfinished_;
  self.exit_list.Clear();
  DropThreadSpecific();
  Context* const back = self.resume_after_unwind;
  self.needs_donor = true;
  LeaveForever(self, back);
}

void ControlledEngine::RaiseTermination(ThreadState& self) {
  const std::vector<uintptr_t> left = internal::StackOfNoexceptFunction();
  const std::string exception = internal::DescribeCurrentException();
  Annotate(Annotation::kFailure, kNoObject, 0);
  Suspicion suspicion;
  suspicion.kind = FindingKind::kException;
  suspicion.key = MixSeed(static_cast<uint64_t>(suspicion.kind), 1);
  suspicion.witnesses.push_back(
      Witness{"call of std::terminate", self.id, seq_, kNoObject, 0, {}, 0});
  if (!left.empty()) {
    // While another exception unwinds the stack, what it does not let go on is either a noexcept
    // function or the unwinding itself, which called a destructor: both frames look the same.
    const bool unwinding = std::uncaught_exceptions() > 0;
    suspicion.message = exception + (unwinding ? " was about to leave a destructor, or a noexcept "
                                                 "function, while another exception was unwinding "
                                                 "the stack"
                                               : " was about to leave a noexcept function");
    suspicion.key = MixSeed(suspicion.key, left.front());
    suspicion.witnesses.push_back(
        Witness{unwinding ? "call during unwinding" : "call in a noexcept function", self.id, 0,
                kNoObject, 0, {}, 0, left});
  } else {
    suspicion.message = "std::terminate was called";
    if (!exception.empty()) suspicion.message += " while " + exception + " was being handled";
  }
  Raise(std::move(suspicion));
}

// std::terminate in program code: a finding of its own, or the end of an unwinding that met a
// noexcept frame.
void ControlledEngine::OnTerminate() {
  ControlledEngine* engine = Running();
  if (engine == nullptr || engine->active_ == nullptr) {
    std::abort();
  }
  LeaveProgram();
  ThreadState& self = *engine->active_;
  if (!engine->tearing_down_) {
    engine->RaiseTermination(self);
    engine->EndHere(self);
  }
  engine->Abandon(self);
}

}  // namespace heddle
