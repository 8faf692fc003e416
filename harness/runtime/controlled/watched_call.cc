#include "harness/runtime/controlled/watched_call.h"

#include <unwind.h>

#include <cstdint>

namespace heddle::internal {
namespace {

EscapeHandler escape_handler = nullptr;

}  // namespace

void SetEscapeHandler(EscapeHandler handler) { escape_handler = handler; }

extern "C" __attribute__((visibility("hidden"), used)) _Unwind_Reason_Code HeddleWatchException(
    int, _Unwind_Action actions, uint64_t, _Unwind_Exception*, _Unwind_Context*) {
  if ((actions & _UA_SEARCH_PHASE) != 0 && escape_handler != nullptr) escape_handler();
  return _URC_CONTINUE_UNWIND;
}

}  // namespace heddle::internal

// The personality routine is what a function in C++ cannot choose. 0x1b: relative to here, in four
// bytes.
asm(R"(
  .text
  .p2align 4
  .globl HeddleCallWatched
  .hidden HeddleCallWatched
  .type HeddleCallWatched, @function
HeddleCallWatched:
  .cfi_startproc
  .cfi_personality 0x1b, HeddleWatchException
  subq $8, %rsp
  .cfi_def_cfa_offset 16
  movq %rdi, %rax
  movq %rsi, %rdi
  call *%rax
  addq $8, %rsp
  .cfi_def_cfa_offset 8
  ret
  .cfi_endproc
  .size HeddleCallWatched, .-HeddleCallWatched
)");
