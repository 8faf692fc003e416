// An Event is an operation together with its outcome: what detectors, the tracer and reports see.
#ifndef HEDDLE_HARNESS_CORE_EVENT_H_
#define HEDDLE_HARNESS_CORE_EVENT_H_

#include <cstdint>
#include <initializer_list>
#include <utility>

#include "harness/core/ids.h"
#include "harness/core/operation.h"
#include "harness/core/vector_clock.h"

namespace heddle {

// How a pending operation completes. `source` is the choice among several candidates: which waiter
// a notification wakes, which store a load reads, as an index in the model's own order.
struct Transition {
  ThreadId thread = kNoThread;
  Outcome outcome = Outcome::kDone;
  uint32_t source = 0;
};

// Position in one execution; the first event is 1, 0 means none.
using EventSeq = uint64_t;

struct Event {
  EventSeq seq = 0;
  const Operation* op = nullptr;        // valid during the callback only
  Transition by;
  uint64_t value = 0;                   // what the operation returned, wrote or chose
  EventSeq source = 0;                  // reads-from: the event of the store that a load read
  const ThreadClock* clock = nullptr;   // of the acting thread, after its acquires and before its
                                        // releases; valid during the callback only
};

// Which kinds of event a consumer wants. The engine does not build events that nobody wants.
class EventMask {
 public:
  constexpr EventMask() = default;
  constexpr EventMask(std::initializer_list<OpKind> kinds) {
    for (OpKind kind : kinds) bits_ |= Bit(kind);
  }
  static constexpr EventMask All() {
    EventMask mask;
    mask.bits_ = ~uint64_t{0};
    return mask;
  }
  constexpr bool contains(OpKind kind) const { return (bits_ & Bit(kind)) != 0; }
  constexpr EventMask operator|(EventMask other) const {
    EventMask mask;
    mask.bits_ = bits_ | other.bits_;
    return mask;
  }
  constexpr bool empty() const { return bits_ == 0; }

 private:
  static constexpr uint64_t Bit(OpKind kind) { return uint64_t{1} << static_cast<int>(kind); }
  uint64_t bits_ = 0;
};
static_assert(kOpKinds <= 64);

// Who wants reads and writes gets every one of them; without anyone who does, the repeated accesses
// of a thread between two of its releases are not even events (core/shadow.h).
class EventSink {
 public:
  virtual ~EventSink() = default;
  // Asked at the start of each execution, and after an event in which WantsChanged was called.
  virtual EventMask Wants() const = 0;
  virtual void OnEvent(const Event& event) = 0;

  bool TakeWantsChanged() { return std::exchange(wants_changed_, false); }

 protected:
  // What most executions never need is asked for when the first sign of it is seen.
  void WantsChanged() { wants_changed_ = true; }

 private:
  bool wants_changed_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_EVENT_H_
