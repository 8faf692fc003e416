// Decision: one nondeterministic answer. A schedule is the list of them.
#ifndef HEDDLE_HARNESS_SCHEDULE_DECISION_H_
#define HEDDLE_HARNESS_SCHEDULE_DECISION_H_

#include <cstdint>
#include <string_view>

#include "harness/core/ids.h"
#include "harness/core/operation.h"

namespace heddle {

// What a value was chosen for.
enum class ChoiceKind : uint8_t {
  kOutcome,  // how an operation completes: the n-th member of its OutcomeSet
  kWaiter,   // which waiter a notification wakes
  kStore,    // which store a load reads from
  kReuse,    // whether an allocation takes fresh memory (0) or which freed block (arena.h)
  kUser,     // heddle::Choose
};

constexpr std::string_view NameOf(ChoiceKind kind) {
  switch (kind) {
    case ChoiceKind::kOutcome:
      return "how it completes";
    case ChoiceKind::kWaiter:
      return "which waiter wakes";
    case ChoiceKind::kStore:
      return "which store is read";
    case ChoiceKind::kReuse:
      return "whether memory is reused";
    case ChoiceKind::kUser:
      return "heddle::Choose";
  }
  return "unknown";
}

// A thread pick: `thread` carries out its pending operation `op`. A value choice: `value` out of
// `bound` for `choice`. Packed into eight bytes: the log of the running execution lives in memory
// that is shared with the supervisor and is written on the hot path.
struct Decision {
  static constexpr Decision Pick(ThreadId thread, OpKind op) {
    return Decision{Index(thread), 0, static_cast<uint8_t>(op), false};
  }
  static constexpr Decision Value(ChoiceKind choice, uint32_t value, uint32_t bound) {
    return Decision{value, static_cast<uint16_t>(bound > 0xffff ? 0xffff : bound),
                    static_cast<uint8_t>(choice), true};
  }

  bool is_pick() const { return !is_value; }
  ThreadId thread() const { return ThreadId{value}; }
  OpKind op() const { return static_cast<OpKind>(kind); }
  ChoiceKind choice() const { return static_cast<ChoiceKind>(kind); }

  uint32_t value = 0;
  uint16_t bound = 0;  // saturates at 65,535; only for checking a replay
  uint8_t kind = 0;
  bool is_value = false;

  constexpr bool operator==(const Decision&) const = default;
};
static_assert(sizeof(Decision) == 8);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_SCHEDULE_DECISION_H_
