// What the program does outside the primitives, where it would leave the engine's control: see
// engine.h.
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "harness/core/random.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

// In the child. It is no part of the execution, which goes on in its parent: it does by itself what
// the program has it do, nothing of which is told or decided, as where threads are unwound, until
// it comes back into the case.
void ControlledEngine::OnFork() {
  ControlledEngine* const engine = Running();
  if (engine == nullptr) return;
  engine->forked_ = engine->tearing_down_ = engine->unusual_ = true;
}

// Where a child has come back: to an operation, or to the end of its thread. It would explore the
// case as its parent does, with the same pipe and the same memory to tell of it.
void ControlledEngine::EndIfForked() const {
  if (!forked_) [[likely]]
    return;
  constexpr std::string_view kText =
      "heddle: a process that the case has forked came back into the case, which goes on in its "
      "parent only; it ends here, with status 1. Expected _exit or exec in the child\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
  ::_exit(1);
}

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
