// Invariants and final checks. They see the state as it is and leave no trace in clocks or
// schedules. See engine.h.
#include "harness/model/thread_model.h"
#include "harness/runtime/controlled/engine_step.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

// Between two steps, on the stack of the thread that made the last one.
void ControlledEngine::CheckInvariant(ThreadState& self) {
  checking_ = true;
  check_clock_.Start(kNoThread);
  const Epoch epoch = epoch_;
  EnterProgram(Index(self.id), self.context->fs_base);
  program_.invariant();
  LeaveProgram();
  EndIfForked();
  epoch_ = epoch;
  checking_ = false;
}

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

// After all threads have ended, on the stack of the main thread.
void ControlledEngine::RunCheckAtEnd(ThreadState& main) {
  active_ = &main;
  checking_ = unusual_ = true;
  check_clock_.Start(kNoThread);
  ++unfinished_;
  main.donor.Reset(&CheckMain, this);
  SwitchContext(&carrier_, main.context);
  active_ = nullptr;
  checking_ = false;
}

void ControlledEngine::CheckMain(void* engine) {
  auto* self = static_cast<ControlledEngine*>(engine);
  ThreadState& main = *self->active_;
  EnterProgram(0, main.context->fs_base);
  try {
    self->program_.at_end();
    self->EndThreadLocals(main);
  } catch (const ExecutionEnded&) {
  } catch (...) {
    LeaveProgram();
    try {
      self->checking_ = true;
      self->Fail(FindingKind::kAssertion, "an exception left the final check");
    } catch (const ExecutionEnded&) {
    }
  }
  LeaveProgram();
  --self->unfinished_;
  main.status = ThreadStatus::kFinished;
  self->LeaveForever(main, &self->carrier_);
}

}  // namespace heddle
