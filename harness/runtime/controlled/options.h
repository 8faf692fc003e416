// What one execution is made under. Part of a schedule: a replay uses the same options.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_OPTIONS_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_OPTIONS_H_

#include <cstddef>
#include <cstdint>

#include "harness/model/sync_model.h"

namespace heddle {

struct ExecutionOptions {
  MemoryModel memory_model = MemoryModel::kSequentiallyConsistent;
  Timeouts timeouts = Timeouts::kLate;
  // Spurious wakeups, and spurious failures of tries and weak exchanges, per execution, at most.
  uint32_t spurious = 0;
  // With Timeouts::kAny: timeouts and ends of sleeps before their time, at most.
  uint32_t early_timeouts = 4;
  // An unlock is a scheduling point of its own. Needed only where a thread can see that a mutex is
  // held without waiting for it: try_lock, timed locks that may time out early.
  bool unlock_is_point = false;
  uint64_t max_steps = 20'000;  // at most 250,000
  uint32_t max_threads = 2'000; // at most 4,095
  size_t memory_limit = size_t{512} << 20;
  size_t stack_size = size_t{256} << 10;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_OPTIONS_H_
