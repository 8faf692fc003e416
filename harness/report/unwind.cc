#include "harness/report/unwind.h"

#include <unwind.h>

namespace heddle::internal {
namespace {

_Unwind_Reason_Code AddFrame(_Unwind_Context* context, void* argument) {
  auto* stack = static_cast<Stack*>(argument);
  const uintptr_t pc = _Unwind_GetIP(context);
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
