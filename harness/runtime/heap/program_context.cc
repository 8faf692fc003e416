#include "harness/runtime/heap/program_context.h"

namespace heddle {

// Read by malloc, which may run before any constructor: hence constant-initialised.
constinit ProgramContext program_context;

}  // namespace heddle
