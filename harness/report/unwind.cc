#include "harness/report/unwind.h"

#include <unwind.h>

namespace heddle::internal {
namespace {

_Unwind_Reason_Code AddFrame(_Unwind_Context* context, void* argument) {
  auto* stack = static_cast<Stack*>(argument);
  // Whoever looks a return address up takes the byte before it. A frame that a signal interrupted
  // is at its instruction, not behind a call.
  int before_instruction = 0;
  uintptr_t pc = _Unwind_GetIPInfo(context, &before_instruction);
  if (before_instruction != 0) ++pc;
  if (pc == 0 || stack->size() > kMaxFrames) return _URC_END_OF_STACK;
  stack->push_back(pc);
  return _URC_NO_REASON;
}

}  // namespace

__attribute__((noinline)) Stack UnwindHere() {
  Stack stack;
  stack.reserve(kMaxFrames + 1);
  _Unwind_Backtrace(&AddFrame, &stack);
  if (!stack.empty()) stack.erase(stack.begin());
  return Stack(stack);  // a copy of the right size
}

}  // namespace heddle::internal
