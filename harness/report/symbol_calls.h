// Direct calls and jumps in machine code: the only record of which function calls which that every
// build has (call sites are in the debug information of optimised code only). The one file of the
// symbolizer that knows the instruction set: x86-64. Elsewhere it finds nothing, and operations are
// then numbered among inlined sites alone.
//
// Every byte offset is tried, without decoding what lies between, so a match may be chance: the
// caller must check that a target is the entry of a function it looks for, which a chance match is
// not (1 in 2^32 per byte and function).
//
// Pure functions over readable memory; any thread.
#ifndef HEDDLE_HARNESS_REPORT_SYMBOL_CALLS_H_
#define HEDDLE_HARNESS_REPORT_SYMBOL_CALLS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace heddle::internal {

struct DirectCall {
  uintptr_t next = 0;    // the address after the instruction: for a call, its return address
  uintptr_t target = 0;  // the callee, or the slot that holds it
  bool from_slot = false;
};

std::vector<DirectCall> FindDirectCalls(std::span<const uint8_t> code);

// The call instructions that may end just before `next`. `readable` is how many bytes before it may
// be read.
std::vector<DirectCall> CallsEndingAt(uintptr_t next, size_t readable);

// If a stub of the procedure linkage table starts here: the slot that it jumps through.
std::optional<uintptr_t> LinkageStubSlot(std::span<const uint8_t> code);

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_SYMBOL_CALLS_H_
