// Steps as partial-order reduction sees them: which thread, what it touched, which values it was
// given. Plain data, flat, so that recording an execution allocates nothing.
//
// What is named here is named alike under every schedule, and in every process that knows the same
// threads: threads by their place in the tree of spawns (thread_names.h), objects by theirs in
// memory (ObjectPlace), threads as objects by their name.
#ifndef HEDDLE_HARNESS_STRATEGY_STEP_TRACE_H_
#define HEDDLE_HARNESS_STRATEGY_STEP_TRACE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "harness/model/dependence.h"
#include "harness/schedule/decision.h"

namespace heddle {

// What a step does to one object.
struct Access {
  uint64_t object = 0;
  OpKind kind = OpKind::kLoad;
  bool may_wait = false;  // for others; and, unlike a plain lock of a mutex, may end otherwise
  Footprint footprint;

  bool operator==(const Access&) const = default;
};

inline bool Conflict(const Access& a, const Access& b) {
  return a.object == b.object && Conflict(a.footprint, b.footprint);
}

inline bool Conflict(std::span<const Access> a, std::span<const Access> b) {
  for (const Access& one : a) {
    for (const Access& other : b) {
      if (Conflict(one, other)) return true;
    }
  }
  return false;
}

// A range of an array of the same trace.
struct Range {
  uint32_t first = 0;
  uint32_t size = 0;
};

template <typename T>
std::span<const T> Slice(const std::vector<T>& whole, Range range) {
  return std::span<const T>(whole).subspan(range.first, range.size);
}

struct TracedStep {
  Decision pick;
  uint32_t thread = 0;  // its name
  uint8_t effects = 0;  // StepEffects
  Range accesses;
  Range values;   // chosen in the step
  Range enabled;  // words of a bit set of names: who could have been picked
};

// A thread that was created in a step.
struct Birth {
  uint32_t thread = 0;
  uint32_t step = 0;  // of the execution, from 0
};

// A thread that could not complete its operation when nobody could: the execution got stuck, or
// whoever could sleeps. Or one that has not gone on because a step of another has failed.
struct BlockedStep {
  uint32_t thread = 0;
  Range accesses;
};

// The read-modify-write or compare-exchange that a step was picked for: see Operation.
struct Rewrite {
  uint32_t step = 0;  // of the trace
  bool releases = false;
  bool again = false;  // SchedulingPoint::HasRewritten
  RmwFunction rmw = nullptr;  // null: it compares
  uint64_t operand = 0;
  uint64_t expected = 0;
};

struct StepTrace {
  void Clear() {
    first_step = 0;
    steps.clear();
    accesses.clear();
    values.clear();
    enabled.clear();
    births.clear();
    blocked.clear();
    woken.clear();
    rewrites.clear();
    seen.clear();
    stuck = too_wide = false;
  }

  uint32_t first_step = 0;  // of the execution: the plan's prefix is not recorded
  std::vector<TracedStep> steps;
  std::vector<Access> accesses;
  std::vector<Decision> values;
  std::vector<uint64_t> enabled;
  std::vector<Birth> births;
  std::vector<BlockedStep> blocked;
  // For each sleeper of the plan, the step of the execution that woke it; kAsleep: none.
  std::vector<uint32_t> woken;
  std::vector<Rewrite> rewrites;  // in order
  // By step of the execution, those of the prefix among them: what the atomic held that it was
  // picked to access.
  std::vector<uint64_t> seen;
  bool stuck = false;
  bool too_wide = false;  // a value was chosen out of more than a Decision can tell

  static constexpr uint32_t kAsleep = 0xffffffff;
};

// A step to make, and the beginning of the values to choose in it; those after are free.
struct PlannedStep {
  uint32_t thread = 0;  // its name
  Range values;
};

// A step that need not be made until something that it depends on has been done: see
// SleepingThread. Only where the values chosen in it begin with `values`.
struct Sleeper {
  uint32_t thread = 0;
  uint8_t effects = 0;
  Range accesses;
  Range values;
};

// What partial-order reduction plans beside the prefix.
struct StepPlan {
  void Clear() {
    steps.clear();
    sleepers.clear();
    accesses.clear();
    values.clear();
    sleepers_fail = false;
  }

  std::vector<PlannedStep> steps;  // after the prefix
  std::vector<Sleeper> sleepers;   // at the end of the prefix
  std::vector<Access> accesses;
  std::vector<Decision> values;
  // Steps that sleep end the execution: they are put off until nobody else can run. Else they have
  // been explored, and where nobody else can run the execution is redundant.
  bool sleepers_fail = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_STEP_TRACE_H_
