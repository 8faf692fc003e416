// LLVM's ThreadSanitizer at the engine's side: everything that is particular to it, but for the
// happens-before edges (core/sanitizer_edges.h).
//
// - Engine code is not instrumented, but the C library's functions that it calls are intercepted:
//   they are told to look away while the engine runs (IgnoreEngineCode, called by EnterProgram and
//   LeaveProgram).
// - Executions are ordered one after the other by an edge from every thread of one to every thread
//   of the next (Boundary).
// - Its reports become suspicions (SanitizerReports).
// In other builds all of this is nothing.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_THREAD_SANITIZER_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_THREAD_SANITIZER_H_

#include <cstddef>
#include <cstdint>

#include "harness/core/sanitizer_edges.h"

namespace heddle {

// A race on ordinary memory or a use after free that the sanitizer found: both accesses, the later
// one first. Of fixed size, because the sanitizer holds locks while it reports, which an allocation
// would want too.
struct SanitizerAccess {
  static constexpr size_t kMaxFrames = 32;

  bool is_write = false;
  uint32_t size = 0;
  uintptr_t address = 0;
  uint64_t os_thread = 0;              // of the donor; 0 if unknown
  uintptr_t stack[kMaxFrames] = {};    // return addresses, innermost first, then zeros
};
struct SanitizerRace {
  bool is_use_after_free = false;  // then the earlier access is the deletion
  SanitizerAccess accesses[2];
};

class SanitizerReportSink {
 public:
  virtual ~SanitizerReportSink() = default;
  virtual void OnSanitizerRace(const SanitizerRace& race) = 0;
};

// Where reports go from now on; null: the sanitizer prints them itself. A report is kept until the
// engine asks for it, at the thread's next operation.
void SetSanitizerReportSink(SanitizerReportSink* sink);
void DeliverSanitizerReports();

// The edges between executions. BeginExecution runs on the carrier, OnThreadStart and OnThreadEnd
// with the context of a program thread.
class SanitizerBoundary {
 public:
  static void BeginExecution();
  static void OnThreadStart();
  static void OnThreadEnd();
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_THREAD_SANITIZER_H_
