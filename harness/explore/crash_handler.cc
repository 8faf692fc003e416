#include "harness/explore/crash_handler.h"

#include <execinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "harness/core/random.h"
#include "harness/explore/shared_state.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/poison.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {
namespace {

constexpr size_t kAlternateStackSize = size_t{256} << 10;
constexpr int kCrashSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
constexpr int kFramesInKey = 12;

// A signal handler has no argument to carry these in.
ControlledEngine* engine = nullptr;
SharedState* shared = nullptr;
pid_t process = -1;
bool handling = false;

// A process that the program has forked ends as it likes; the execution is not there.
bool IsForked() { return ::getpid() != process; }

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

// Whether the program followed a pointer that it had read from memory filled with `byte`. Such an
// address is not canonical: the processor does not say which it was, but a register holds it still.
bool FollowedPoison(const siginfo_t& info, const ucontext_t& context, uint8_t byte) {
  if (info.si_code != SI_KERNEL) return false;
  const uint64_t pattern =
      uint64_t{byte} * 0x010101010101;  // without the two lowest bytes: offsets
  for (const greg_t value : context.uc_mcontext.gregs) {
    if (static_cast<uint64_t>(value) >> 16 == pattern) return true;
  }
  return false;
}

struct Verdict {
  FindingKind kind = FindingKind::kCrash;
  std::string message;
  bool overflow = false;
};

Verdict Judge(int signal, const siginfo_t& info, const ucontext_t& context) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(info.si_addr);
  switch (signal) {
    case kHangSignal:
      return {FindingKind::kTimeout,
              "no scheduling point was reached: the thread loops, or waits outside of Heddle's "
              "primitives (for a std::mutex, a real sleep, input), where nobody can let it go on"};
    case SIGABRT:
      return {FindingKind::kCrash, "the program called abort"};
    case SIGSEGV:
    case SIGBUS: {
      const StackBounds stack = engine->RunningStack();
      if (stack.IsOverflow(address)) {
        return {FindingKind::kCrash,
                "stack overflow: the thread has used up its stack of " +
                    std::to_string(engine->options().stack_size >> 10) +
                    " KiB (the case's limits.stack)",
                true};
      }
      if (FollowedPoison(info, context, kFreedByte)) {
        return {FindingKind::kUseAfterFree, "a pointer was followed that came from freed memory"};
      }
      std::string text = signal == SIGBUS ? "bus error" : "segmentation fault";
      if (FollowedPoison(info, context, kFreshByte)) {
        text += ": a pointer was followed that came from memory that was never written";
      } else if (info.si_code == SEGV_MAPERR && address < 4096) {
        text += ": an access through a null pointer";
      }
      // Any other address says nothing that is the same in the next run.
      return {FindingKind::kCrash, std::move(text)};
    }
    case SIGFPE:
      return {FindingKind::kCrash,
              info.si_code == FPE_INTDIV ? "integer division by zero" : "arithmetic exception"};
    case SIGILL:
    case SIGTRAP:
      return {FindingKind::kCrash,
              "an illegal or trapping instruction (an assertion of the compiler or the library?)"};
    default:
      return {FindingKind::kCrash, std::string("the program got a signal: ") + ::strsignal(signal)};
  }
}

// Names the place, the same in every execution of this process.
uint64_t KeyOf(int signal, const Verdict& verdict) {
  uint64_t key = MixSeed(static_cast<uint64_t>(verdict.kind), static_cast<uint64_t>(signal));
  // Which call overflows the stack, and where a loop is interrupted, is chance.
  if (verdict.overflow || signal == kHangSignal) return key;
  void* stack[kFramesInKey];
  const int frames = ::backtrace(stack, kFramesInKey);
  for (int i = 0; i < frames; ++i) key = MixSeed(key, reinterpret_cast<uintptr_t>(stack[i]));
  return key;
}

void OnSignal(int signal, siginfo_t* info, void* context) {
  if (IsForked()) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
    return;
  }
  const bool in_program = InProgram();
  if (signal == kHangSignal && !in_program && !handling) return;  // it will be sent again
  LeaveProgram();
  if (!in_program || handling) Die(signal, !in_program);
  handling = true;
  Verdict verdict;
  uint64_t key = 0;
  if (!engine->tearing_down()) {
    verdict = Judge(signal, *info, *static_cast<const ucontext_t*>(context));
    key = KeyOf(signal, verdict);
  }
  handling = false;
  engine->AbandonRunning(verdict.kind, std::move(verdict.message), key);
}

// Runs inside the program's own call of exit.
void OnExit(int status, void*) {
  if (!InProgram() || IsForked()) return;
  LeaveProgram();
  ::on_exit(&OnExit, nullptr);  // for the next time: this registration is used up
  engine->AbandonRunning(FindingKind::kCrash,
                         "the program called exit(" + std::to_string(status) + ")",
                         MixSeed(static_cast<uint64_t>(FindingKind::kCrash), 2));
}

void OnQuickExit() {
  if (!InProgram() || IsForked()) return;
  LeaveProgram();
  ::at_quick_exit(&OnQuickExit);
  engine->AbandonRunning(FindingKind::kCrash, "the program called quick_exit",
                         MixSeed(static_cast<uint64_t>(FindingKind::kCrash), 3));
}

}  // namespace

void InstallCrashHandler(ControlledEngine* the_engine, SharedState* the_state) {
  engine = the_engine;
  shared = the_state;
  process = ::getpid();
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
