// The decisions of the running execution, where the supervisor can read them after a crash.
//
// One writer, the worker's carrier; read by the supervisor only when the worker has died or hangs.
// `steps + count` grows with every decision: the sign of life. Cost of an append: two stores.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_DECISION_LOG_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_DECISION_LOG_H_

#include <cstdint>

#include "harness/schedule/decision.h"

namespace heddle {

struct DecisionLog {
  static constexpr uint64_t kCapacity = 1u << 20;

  uint64_t count = 0;  // of valid entries
  uint64_t steps = 0;  // decisions of the executions before this one
  Decision entries[kCapacity];

  void Clear() { count = 0; }
  bool full() const { return count == kCapacity; }
  void Append(Decision decision) {
    entries[count] = decision;
    // The entry before the count, also for a reader of a process that was killed in between. A
    // compiler barrier is enough: x86-64 and the kernel's exit keep the order of stores.
    asm volatile("" ::: "memory");
    ++count;
  }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_DECISION_LOG_H_
