// The decisions of the running execution, where the supervisor can read them after a crash.
//
// One writer, the worker's carrier; read by the supervisor only when the worker has died or hangs.
// `steps + count` grows with every decision: the sign of life. Cost of an append: two stores.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_DECISION_LOG_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_DECISION_LOG_H_

#include <bit>
#include <cstdint>

#include "harness/schedule/decision.h"

namespace heddle {

struct DecisionLog {
  static constexpr uint64_t kCapacity = 1u << 20;

  uint64_t count = 0;  // of valid entries
  uint64_t steps = 0;  // decisions of the executions before this one
  Decision entries[kCapacity];

  void Clear() { count = 0; }
  // Decision::Pick, which compilers write field by field.
  static constexpr Decision PickInOneStore(ThreadId thread, OpKind op) {
    return std::bit_cast<Decision>(uint64_t{Index(thread)} | static_cast<uint64_t>(op) << 48);
  }
  bool full() const { return count == kCapacity; }
  void AppendPick(ThreadId thread, OpKind op) { Append(PickInOneStore(thread, op)); }
  void Append(Decision decision) {
    entries[count] = decision;
    // The entry before the count, also for a reader of a process that was killed in between. A
    // compiler barrier is enough: x86-64 and the kernel's exit keep the order of stores.
    asm volatile("" ::: "memory");
    ++count;
  }
};

static_assert(DecisionLog::PickInOneStore(ThreadId{3}, OpKind::kStore) ==
              Decision::Pick(ThreadId{3}, OpKind::kStore));

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_DECISION_LOG_H_
