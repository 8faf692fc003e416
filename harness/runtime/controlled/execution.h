// What one execution runs, and how it ended.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_EXECUTION_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_EXECUTION_H_

#include <cstdint>

namespace heddle {

struct Program {
  void (*body)() = nullptr;
  void (*invariant)() = nullptr;  // after every step; may be null
  void (*at_end)() = nullptr;     // after all threads have ended; may be null
};

enum class EngineEnd : uint8_t {
  kCompleted,
  kFailed,     // a suspicion that ends the execution was raised
  kStepLimit,
};

struct ExecutionResult {
  EngineEnd end = EngineEnd::kCompleted;
  uint64_t steps = 0;
  uint32_t threads = 0;
  uint64_t order_class = 0;  // core/order_class.h
  // A thread looked whether a mutex was free without waiting for it. Unless unlocks are scheduling
  // points, not every behaviour can be reached.
  bool saw_try_lock = false;
  bool deferred_spinner = false;  // a loop that re-read unchanged memory was taken to wait
  uint32_t not_judged = 0;  // histories of calls (Annotation::kNotJudged)
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_EXECUTION_H_
