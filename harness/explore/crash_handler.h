// Program code that crashes, hangs or ends the process, inside a worker or replay process: turned
// into a finding of the execution, so that the worker goes on with the next one.
//
// Signals are taken on an alternate stack, since the program's own may have overflowed. When
// program code was running, the engine abandons the thread and ends the execution. When harness
// code was running, or the handler itself fails, nothing can be trusted any more: the death is
// recorded in the shared state and the process dies.
//
// The memory of the harness and of the program are apart (the arena), and so is what a crash left
// half done; the supervisor confirms every finding in a fresh process all the same.
//
// Linux only: signals, sigaltstack, on_exit.
#ifndef HEDDLE_HARNESS_EXPLORE_CRASH_HANDLER_H_
#define HEDDLE_HARNESS_EXPLORE_CRASH_HANDLER_H_

#include <csignal>

namespace heddle {

class ControlledEngine;
struct SharedState;

// What the supervisor sends to a child whose program makes no step. The child may have been in
// harness code just then and take no notice: repeat it.
inline constexpr int kHangSignal = SIGXCPU;

// For the calling thread, the carrier of `engine`; both outlive the process's last execution.
// To be called once in a process.
void InstallCrashHandler(ControlledEngine* engine, SharedState* shared);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_CRASH_HANDLER_H_
