// Linearizability of one concurrent history: is there an order of its calls, none before another
// that had returned when it was made, in which a sequential object would have returned the same?
//
// Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects" (TOPLAS
// 1990). The search is that of Wing and Gong, "Testing and verifying concurrent objects" (Journal
// of Parallel and Distributed Computing 1993): of the calls that may come next, one after another
// is tried. It remembers the pairs of calls ordered and state reached that led nowhere, after Lowe,
// "Testing for linearizability" (Concurrency and Computation 2017).
// Cost: exponential in the number of calls that overlap, at worst; a few dozen calls take
// microseconds in practice. Recursion as deep as there are calls.
#ifndef HEDDLE_HARNESS_CORE_LINEARIZABILITY_H_
#define HEDDLE_HARNESS_CORE_LINEARIZABILITY_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace heddle {

inline constexpr size_t kMostCalls = 64;

// When a call was made and when it returned, by a clock that each return moves on by one: a call
// sees the returns before it, and its own return is the returned-th.
struct CallSpan {
  uint64_t invoked = 0;
  uint64_t returned = 0;

  bool Precedes(const CallSpan& other) const { return returned <= other.invoked; }
};

// A state of the sequential object. Calls are known by their index in the history.
class SequentialState {
 public:
  virtual ~SequentialState() = default;
  // The state after `call`; null if the call would return something else than it did.
  virtual std::unique_ptr<SequentialState> After(size_t call) const = 0;
  // What `call` would return here, in words.
  virtual std::string ResultOf(size_t call) const = 0;
  // Equal states have equal futures. May be false for states that are equal: it only saves time.
  virtual bool Equals(const SequentialState& other) const = 0;
};

struct Linearization {
  bool exists = false;
  bool given_up = false;  // whether one exists is not known
  // All calls, in an order that explains them. If none does: the first of the longest beginnings of
  // one that were found.
  std::vector<size_t> order;
};

// At most kMostCalls calls. Gives up after `most_work`, in comparisons of two states.
Linearization Linearize(std::span<const CallSpan> calls, const SequentialState& initial,
                        uint64_t most_work = std::numeric_limits<uint64_t>::max());

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_LINEARIZABILITY_H_
