// The machine's part of a fiber: what a suspended stack keeps, how the processor moves from one
// stack to another, and the three system calls that must not touch thread-local storage. This is
// the only file of the fiber runtime that knows the architecture and the operating system's ABI.
//
// Contract of SwitchContext. A context keeps its FS base for life, so code that continues after a
// switch continues with the thread pointer it had before: an address of a thread-local variable (or
// of errno) that the compiler keeps across the call stays right, without care by the caller. This
// is why the FS base and the stack change inside one asm statement, with no room between them for
// code of the compiler. Values in memory, thread-local ones included, are read again after the
// switch (memory clobber).
//
// Saved: the registers that the compiler holds live values in, by declaring all others destroyed;
// rbp and rbx by hand, because one compiler or the other reserves them in some frames. Nothing is
// pushed, so a caller that is a leaf keeps its red zone. Not saved: the control words (mxcsr, x87
// control), which stay as the last fiber set them, and the shadow stack, which Linux gives only to
// programs that ask for it.
//
// Threading: a context belongs to one carrier thread at a time.
// Cost, on AMD Zen 5: 0.8 ns without and 12 ns with a change of the FS base (wrfsbase alone takes
// 10.5 ns, of which other work can hide a part), 120 ns where the kernel has to change it. The
// switch ends in an indirect jump, because a return would always be mispredicted. The first return
// of the code that runs afterwards is mispredicted still, if its caller is not the one of the code
// before.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_CONTEXT_X86_64_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_CONTEXT_X86_64_H_

#include <linux/futex.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace heddle {

struct Context {
  // A function that calls SwitchContext saves its caller's rbx and r12 to r15 just below its frame
  // pointer, as both compilers do when all of them are destroyed.
  static constexpr size_t kSavedRegisterBytes = 40;

  void* stack_pointer = nullptr;
  void* frame_pointer = nullptr;   // rbp
  void* base_pointer = nullptr;    // rbx
  void* resume_address = nullptr;  // where the next switch to this context jumps
  uintptr_t fs_base = 0;           // constant for the life of the context
};

namespace internal {

// Whether wrfsbase may be used. False until the program's initialisers have run, which is safe;
// tests clear it to take the path of processors, kernels and emulators that lack the instruction.
extern bool fs_base_instructions_allowed;

inline bool DetectFsBaseInstructions() {
  constexpr unsigned long kHwcap2FsGsBase = 2;  // HWCAP2_FSGSBASE of <asm/hwcap2.h>
  return (getauxval(AT_HWCAP2) & kHwcap2FsGsBase) != 0;
}

// The FS base of the calling thread. The ABI keeps its value at its own target, so this needs
// neither the rdfsbase instruction nor a system call.
inline uintptr_t ReadFsBase() {
  uintptr_t fs_base;
  asm volatile("movq %%fs:0, %0" : "=r"(fs_base));
  return fs_base;
}

// futex(2) that leaves errno, and so thread-local storage, alone. Spurious returns are possible;
// callers test their condition again.
inline void RawFutex(const void* word, int operation, uint32_t value) {
  long result = SYS_futex;
  register const void* timeout asm("r10") = nullptr;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(word), "S"(static_cast<long>(operation)), "d"(static_cast<long>(value)),
                 "r"(timeout)
               : "rcx", "r11", "memory", "cc");
}

inline void FutexWait(const void* word, uint32_t expected) {
  RawFutex(word, FUTEX_WAIT_PRIVATE, expected);
}

inline void FutexWakeAll(const void* word) { RawFutex(word, FUTEX_WAKE_PRIVATE, INT32_MAX); }

// Where a fresh context starts: calls the function in rbp with the argument in rbx. Unwinders and
// debuggers stop here, those that read call frame information because the return address is
// undefined, those that follow frame pointers because rbp is zero.
__attribute__((naked, used)) inline void StartOfFiber() {
  asm(".cfi_undefined rip\n\t"
      "endbr64\n\t"
      "movq %rbp, %rax\n\t"
      "movq %rbx, %rdi\n\t"
      "xorl %ebp, %ebp\n\t"
      "call *%rax\n\t"
      "ud2");
}

}  // namespace internal

// Makes the next switch to `context` call entry(argument) on the stack that ends at `stack_top`,
// which must be a multiple of 16. `entry` must not return. Keeps the FS base.
inline void PrepareContext(Context* context, void* stack_top, void (*entry)(void*),
                           void* argument) {
  context->stack_pointer = stack_top;
  context->frame_pointer = reinterpret_cast<void*>(entry);
  context->base_pointer = argument;
  context->resume_address = reinterpret_cast<void*>(&internal::StartOfFiber);
}

// The context of code that runs on an ordinary thread, such as the engine's. To be called on that
// thread; the first switch away from it fills the rest.
inline Context CarrierContext() {
  Context context;
  context.fs_base = internal::ReadFsBase();
  return context;
}

// Suspends the caller in `from` and continues `to`; returns when something switches to `from`.
__attribute__((always_inline)) inline void SwitchContext(Context* from, const Context* to) {
  uint32_t allowed = internal::fs_base_instructions_allowed;
  asm volatile(
      "leaq 4f(%%rip), %%rcx\n\t"
      "movq %%rsp, %c[stack](%%rdi)\n\t"
      "movq %%rbp, %c[frame](%%rdi)\n\t"
      "movq %%rbx, %c[base](%%rdi)\n\t"
      "movq %%rcx, %c[resume](%%rdi)\n\t"
      "movq %c[fs](%%rsi), %%rcx\n\t"
      "cmpq %c[fs](%%rdi), %%rcx\n\t"
      "je 2f\n\t"
      "testl %%eax, %%eax\n\t"
      "jz 3f\n\t"
      "wrfsbase %%rcx\n"
      "2:\n\t"
      "movq %c[stack](%%rsi), %%rsp\n\t"
      "movq %c[frame](%%rsi), %%rbp\n\t"
      "movq %c[base](%%rsi), %%rbx\n\t"
      "jmpq *%c[resume](%%rsi)\n"
      "3:\n\t"  // arch_prctl(ARCH_SET_FS, rcx); the call destroys only rax, rcx and r11.
      "movq %%rsi, %%r8\n\t"
      "movq %%rcx, %%rsi\n\t"
      "movl %[arch_set_fs], %%edi\n\t"
      "movl %[sys_arch_prctl], %%eax\n\t"
      "syscall\n\t"
      "movq %%r8, %%rsi\n\t"
      "jmp 2b\n"
      "4:\n\t"
      "endbr64"
      : "+D"(from), "+S"(to), "+a"(allowed)
      : [stack] "i"(offsetof(Context, stack_pointer)),
        [frame] "i"(offsetof(Context, frame_pointer)), [base] "i"(offsetof(Context, base_pointer)),
        [resume] "i"(offsetof(Context, resume_address)), [fs] "i"(offsetof(Context, fs_base)),
        [arch_set_fs] "i"(0x1002), [sys_arch_prctl] "i"(SYS_arch_prctl)
      : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2",
        "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
        "xmm14", "xmm15",
#ifdef __AVX512F__
        "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6",
        "k7",
#endif
        "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "memory", "cc");
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_CONTEXT_X86_64_H_
