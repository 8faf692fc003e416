// The dependence relation between operations: what partial-order reduction rests on.
//
// Two operations that may be enabled together in different threads are independent when neither can
// enable or disable the other, or change how it completes, and both orders lead to the same state,
// clocks included. One stateless table over kinds and objects, conservative where it is not sure:
// saying "dependent" costs executions, saying "independent" wrongly loses bugs.
//
// How the table reads. An operation reads or changes facets of its objects: the `state` (a lock's
// owner, a value, a count) and the `queue` of waiters, or of a lock that can be shared, the threads
// that share it. Two operations are dependent when one changes a facet of an object that the other
// reads or changes. To add to a facet, or to take away from it, is a change that commutes with
// others of its like. The rows, with their reasons, are in the .cc file.
//
// What it does not cover:
// - Steps. A step is an operation and the events after it up to the thread's next operation. Events
//   that matter to others are the unlock inside a step, seen by operations for which
//   SeesLockHolders() holds, and the use of the heap. Whoever reasons about steps adds those.
// - Budgets (spurious outcomes, early timeouts) are shared but only shrink, and nobody waits for
//   what needs one: it is chosen, and uses it up. Whatever one order allows the other does, so they
//   make nothing dependent.
// - Time. The clock moves only where nobody can run, and not by an operation. Whoever reasons about
//   steps adds that it changes how those that are pending may complete.
// - Values are taken to interleave sequentially consistently. A weaker model in which orders of
//   different locations matter needs rows of its own.
// Cost: a few nanoseconds.
#ifndef HEDDLE_HARNESS_MODEL_DEPENDENCE_H_
#define HEDDLE_HARNESS_MODEL_DEPENDENCE_H_

#include "harness/core/operation.h"

namespace heddle {

// What an operation does to its object, by facets. What it changes it reads, too.
class Footprint {
 public:
  static constexpr uint8_t kState = 1;
  static constexpr uint8_t kQueue = 2;
  static constexpr uint8_t kSharers = kQueue;
  static constexpr uint8_t kAll = kState | kQueue;

  constexpr Footprint() = default;
  // `adds`: of facets that it neither reads nor changes.
  constexpr Footprint(uint8_t reads, uint8_t changes, uint8_t adds = 0)
      : met_by_(static_cast<uint8_t>((reads | changes) << kShift | reads | changes | adds)),
        meets_(static_cast<uint8_t>(adds << kShift | changes)) {}

  constexpr uint8_t reads() const { return met_by_ >> kShift; }
  constexpr uint8_t changes() const { return meets_ & kAll; }
  constexpr uint8_t adds() const { return meets_ >> kShift; }
  constexpr uint8_t touches() const { return met_by_ & kAll; }
  constexpr bool empty() const { return met_by_ == 0; }
  constexpr bool operator==(const Footprint&) const = default;

  friend constexpr bool Conflict(Footprint a, Footprint b) {
    return ((a.meets_ & b.met_by_) | (b.meets_ & a.met_by_)) != 0;
  }

 private:
  static constexpr int kShift = 4;

  // Who changes a facet conflicts with all that touch it (the lower halves), and who adds to it
  // with all that read it (the upper ones).
  uint8_t met_by_ = 0;
  uint8_t meets_ = 0;
};

// The row of the table. `succeeds` is false only when it is known that the operation did not
// complete normally. Its `second` object, if it has one, is changed in every facet.
Footprint FootprintOf(const Operation& op, bool succeeds);

bool Dependent(const Operation& a, Outcome a_outcome, const Operation& b, Outcome b_outcome);

// Whatever their outcomes: for operations that are still pending.
bool Dependent(const Operation& a, const Operation& b);

// The operation can complete, differently, while another thread holds the lock that it is about. It
// depends on the unlock even where that is an event inside another thread's step.
constexpr bool SeesLockHolders(const Operation& op) {
  return op.kind == OpKind::kTryLock || op.kind == OpKind::kTryLockShared ||
         ((op.kind == OpKind::kLock || op.kind == OpKind::kLockShared) &&
          op.deadline != kNoDeadline);
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_DEPENDENCE_H_
