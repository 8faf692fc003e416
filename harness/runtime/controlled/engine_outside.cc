// What the program does outside the primitives, where it would leave the engine's control: see
// engine.h.
#include <cerrno>
#include <utility>

#include "harness/core/random.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

// A thread is refused: std::thread then throws, which unwinds the program; whoever does not look at
// the error is unwound at the next operation.
int ControlledEngine::OnThreadCreate(uintptr_t pc) {
  HarnessScope scope;
  if (!tearing_down_) {
    EndForMisuse(
        "the program starts a real thread (std::thread, std::async, pthread_create), which would "
        "run "
        "outside of Heddle's control: use heddle::Thread, JThread or ThreadPool",
        pc);
  }
  return EAGAIN;
}

// Unwinds the thread, as the C library does.
void ControlledEngine::OnThreadExit() {
  ThreadState& self = *active_;
  if (checking_) {
    HarnessScope scope;
    EndForMisuse("an invariant or final check calls pthread_exit", 3);
    throw ExecutionEnded();
  }
  self.exiting = true;
  throw ThreadExit{*this, self};
}

ControlledEngine::ThreadExit::~ThreadExit() {
  if (!std::exchange(thread.exiting, false) || engine.tearing_down_) return;
  HarnessScope scope;
  engine.EndForMisuse(
      "pthread_exit is stopped by a catch (...) that does not rethrow: the C library ends the "
      "process there",
      4);
}

// What the running thread does is told, and ends the execution. Returns when the thread is to be
// unwound.
void ControlledEngine::EndForMisuse(const char* message, uint64_t key) {
  RaiseHere(FindingKind::kMisuse, message, key);
  if (active_->status == ThreadStatus::kFinished) {
    EndHere(*active_);  // in the final check: no other thread is left
  } else {
    AwaitUnwinding(*active_);
  }
}

}  // namespace heddle
