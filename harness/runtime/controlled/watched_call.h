// A call that is told of exceptions that leave it before the stack is unwound.
//
// An exception's handler sees what was thrown, but not where. The unwinder, however, looks for a
// handler first, frame by frame, while everything is still in place: CallWatched is a frame whose
// personality routine is asked in that search, and so is reached exactly by the exceptions that
// nothing inside of it catches. It needs no hook in the C++ runtime and works with any of them.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_WATCHED_CALL_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_WATCHED_CALL_H_

namespace heddle::internal {

// Calls function(argument). Before an exception is unwound out of it, the escape handler runs on
// top of the stack of the throw.
extern "C" void HeddleCallWatched(void (*function)(void*), void* argument);

using EscapeHandler = void (*)();
// Set once, before the first call. It must not throw.
void SetEscapeHandler(EscapeHandler handler);

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_WATCHED_CALL_H_
