// Routes malloc, operator new and their relatives: program code gets its memory from the arena,
// everybody else from the C library.
//
// Whose call it is is told by program_context.h. What the C library or the dynamic loader allocates
// inside a call of the program (stdio buffers, locale and time zone data, thread descriptors) lives
// longer than an execution and also comes from the C library. Freeing and resizing go by the
// address, so a block may be released from either side.
// Between executions, or without an arena, all of this is the C library's heap.
//
// What C library functions return for the caller to free (getline, asprintf, realpath, ...) is
// therefore not in the arena; strdup and strndup are, because they are defined here too.
//
// In sanitizer builds (HEDDLE_ASAN, HEDDLE_TSAN) nothing is interposed and there are no definitions
// behind the functions below: ask kHeapIsDeterministic with `if constexpr` first.
//
// Threading: any; only program code (one OS thread at a time) reaches the arena. A block of the
// arena that a foreign OS thread frees while program code runs is left alone. No locks, no
// thread_local.
// Cost on top of the allocator's: a comparison, and for program code two more for the caller's
// address.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_MALLOC_INTERPOSE_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_MALLOC_INTERPOSE_H_

#include "harness/runtime/heap/arena.h"

namespace heddle {

#if defined(HEDDLE_ASAN) || defined(HEDDLE_TSAN)
inline constexpr bool kHeapIsDeterministic = false;
#else
inline constexpr bool kHeapIsDeterministic = true;
#endif

// From now on the allocations of program code go to this arena, which outlives its use; null: to
// the C library. Called by harness code only. A process that ends without giving the arena up
// leaves it mapped, since static destructors may free what executions left behind.
void UseArenaForProgram(Arena* arena);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_MALLOC_INTERPOSE_H_
