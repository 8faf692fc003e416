#include "harness/explore/crash_handler.h"

#include <execinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <string>

#include "harness/core/random.h"
#include "harness/explore/shared_state.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {
namespace {

constexpr size_t kAlternateStackSize = size_t{256} << 10;
constexpr int kCrashSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
constexpr int kFramesInKey = 12;

// A signal handler has no argument to carry these in.
ControlledEngine* engine = nullptr;
SharedState* shared = nullptr;
bool handling = false;

[[noreturn]] void Die(int signal, bool in_harness) {
  DeathRecord& death = shared->death;
  if (death.signal == 0) {
    death.in_harness = in_harness;
    death.from_check = in_harness && signal == SIGABRT;
    death.signal = signal;
    void* stack[64];
    const int frames = ::backtrace(stack, 64);
    for (int i = 0; i < frames; ++i) death.stack[i] = reinterpret_cast<uintptr_t>(stack[i]);
    death.frames = static_cast<uint32_t>(frames);
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
  ::_exit(128 + signal);
}

std::string Describe(int signal, const siginfo_t& info, bool overflow) {
  if (overflow) {
    const StackBounds stack = engine->RunningStack();
    return "stack overflow: the thread has used up its stack of " +
           std::to_string((stack.highest - stack.lowest) >> 10) + " KiB (the case's limits.stack)";
  }
  switch (signal) {
    case SIGABRT:
      return "the program called abort";
    case SIGSEGV:
    case SIGBUS: {
      std::string text = signal == SIGBUS ? "bus error" : "segmentation fault";
      // An address of its own says nothing that is the same in the next run; this one does.
      if (info.si_code == SEGV_MAPERR && reinterpret_cast<uintptr_t>(info.si_addr) < 4096) {
        text += ": an access through a null pointer";
      }
      return text;
    }
    case SIGFPE:
      return info.si_code == FPE_INTDIV ? "integer division by zero" : "arithmetic exception";
    case SIGILL:
    case SIGTRAP:
      return "an illegal or trapping instruction (an assertion of the compiler or the library?)";
    default:
      return std::string("the program got a signal: ") + ::strsignal(signal);
  }
}

// Names the place, the same in every execution of this process.
uint64_t KeyOf(int signal, bool overflow) {
  uint64_t key = MixSeed(static_cast<uint64_t>(signal), overflow ? 1 : 0);
  if (overflow) return key;  // which call overflows depends on the schedule
  void* stack[kFramesInKey];
  const int frames = ::backtrace(stack, kFramesInKey);
  for (int i = 0; i < frames; ++i) key = MixSeed(key, reinterpret_cast<uintptr_t>(stack[i]));
  return key;
}

void OnSignal(int signal, siginfo_t* info, void*) {
  const bool in_program = InProgram();
  if (signal == kHangSignal && !in_program && !handling) return;  // it will be sent again
  LeaveProgram();
  if (!in_program || handling) Die(signal, !in_program);
  handling = true;
  std::string message;
  uint64_t key = 0;
  FindingKind kind = FindingKind::kCrash;
  if (!engine->tearing_down()) {
    const bool overflow =
        (signal == SIGSEGV || signal == SIGBUS) &&
        engine->RunningStack().IsOverflow(reinterpret_cast<uintptr_t>(info->si_addr));
    if (signal == kHangSignal) {
      kind = FindingKind::kTimeout;
      message =
          "no scheduling point was reached: the thread loops or waits outside of Heddle's "
          "primitives";
      key = MixSeed(static_cast<uint64_t>(kind), 1);  // where in the loop it was is chance
    } else {
      message = Describe(signal, *info, overflow);
      key = KeyOf(signal, overflow);
    }
  }
  handling = false;
  engine->AbandonRunning(kind, std::move(message), key);
}

// Runs inside the program's own call of exit.
void OnExit(int status, void*) {
  if (!InProgram()) return;
  LeaveProgram();
  ::on_exit(&OnExit, nullptr);  // for the next time: this registration is used up
  engine->AbandonRunning(FindingKind::kCrash,
                         "the program called exit(" + std::to_string(status) + ")",
                         MixSeed(static_cast<uint64_t>(FindingKind::kCrash), 2));
}

void OnQuickExit() {
  if (!InProgram()) return;
  LeaveProgram();
  ::at_quick_exit(&OnQuickExit);
  engine->AbandonRunning(FindingKind::kCrash, "the program called quick_exit",
                         MixSeed(static_cast<uint64_t>(FindingKind::kCrash), 3));
}

}  // namespace

void InstallCrashHandler(ControlledEngine* the_engine, SharedState* the_state) {
  engine = the_engine;
  shared = the_state;
  // The first call loads a library; a signal handler is no place for that.
  void* warm_up[1];
  ::backtrace(warm_up, 1);

  stack_t alternate = {};
  alternate.ss_size = kAlternateStackSize;
  alternate.ss_sp = ::mmap(nullptr, alternate.ss_size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (alternate.ss_sp != MAP_FAILED) ::sigaltstack(&alternate, nullptr);

  struct sigaction action = {};
  action.sa_sigaction = &OnSignal;
  // The handler is left without returning, so that the mask must not change meanwhile.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
  for (const int signal : kCrashSignals) ::sigaction(signal, &action, nullptr);
  ::sigaction(kHangSignal, &action, nullptr);
  ::on_exit(&OnExit, nullptr);
  ::at_quick_exit(&OnQuickExit);
}

}  // namespace heddle
