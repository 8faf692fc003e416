// Ctrl-C: the first asks for an end that keeps what has been found, the second ends at once.
#ifndef HEDDLE_TOOLS_INTERRUPT_H_
#define HEDDLE_TOOLS_INTERRUPT_H_

namespace heddle {

// From now on SIGINT and SIGTERM are requests. Processes started earlier are not affected.
void TakeInterrupts();
bool Interrupted();
// Ends the process by the signal that asked for it, so that the shell sees the same as always.
[[noreturn]] void EndInterrupted();

}  // namespace heddle

#endif  // HEDDLE_TOOLS_INTERRUPT_H_
