// HEDDLE_DOOR: always inlined, for every function between a program's own code and the engine.
//
// A site is the return address of the engine's entrance (Runtime::Perform and its like). In a
// function that is not inlined, that would be one place for all its callers, and what is told apart
// by site (reads-from constraints, coverage, unserialisable accesses, repeated findings) would be
// one. A compiler left to itself decides that by size: comparisons of atomics were one place in
// every build, locks in ThreadSanitizer's.
// On functions that are not members or are templates, `inline` goes with it.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_DOOR_H_
#define HEDDLE_PRIMITIVES_INTERNAL_DOOR_H_

#define HEDDLE_DOOR [[gnu::always_inline]]

#endif  // HEDDLE_PRIMITIVES_INTERNAL_DOOR_H_
