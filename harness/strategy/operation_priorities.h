// Priorities of pending operations as POS draws them: each operation has a random one from when it
// is first compared until it is carried out, and gets another where a conflicting one comes first
// (strategy/pos.h has the source).
//
// Cost: a draw for an operation without a priority; Redraw as many comparisons as threads can run.
#ifndef HEDDLE_HARNESS_STRATEGY_OPERATION_PRIORITIES_H_
#define HEDDLE_HARNESS_STRATEGY_OPERATION_PRIORITIES_H_

#include <cstdint>
#include <vector>

#include "harness/core/random.h"
#include "harness/model/dependence.h"
#include "harness/strategy/decider.h"

namespace heddle {

class OperationPriorities {
 public:
  void Clear() { priority_.clear(); }

  uint64_t Of(ThreadId thread, Random& random) {
    if (priority_.size() <= Index(thread)) priority_.resize(Index(thread) + 1, kToDraw);
    uint64_t& priority = priority_[Index(thread)];
    if (priority == kToDraw) priority = random.Next() | 1;
    return priority;
  }

  // The pending operation of `picked` is carried out next. Every enabled thread has been asked for.
  void Redraw(ThreadId picked, const SchedulingPoint& point) {
    const Operation& op = *point.Pending(picked);
    for (const ThreadId thread : point.enabled()) {
      if (thread == picked || Dependent(op, *point.Pending(thread))) {
        priority_[Index(thread)] = kToDraw;
      }
    }
  }

 private:
  static constexpr uint64_t kToDraw = 0;

  std::vector<uint64_t> priority_;  // by thread
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_OPERATION_PRIORITIES_H_
