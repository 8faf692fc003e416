// Virtual time: heddle::VirtualClock, SleepFor, SleepUntil, and heddle::this_thread for programs
// that were written against std::this_thread.
//
// Under control nothing waits for real time. The clock stands still while any thread can run;
// when none can, it moves to the earliest deadline that a thread waits for. (With --timeouts=any
// a sleep may also end before its time.) A sleep is a scheduling point and synchronises nothing.
// Without an engine VirtualClock is std::chrono::steady_clock, and a sleep is a sleep.
//
// Deadlines given in another clock are taken relative to that clock's now(), in whole
// milliseconds rounded up: the real time that a program spends before it waits must not decide
// its schedule. Use VirtualClock for finer deadlines. Durations too long to be represented never
// end.
#ifndef HEDDLE_PRIMITIVES_TIME_H_
#define HEDDLE_PRIMITIVES_TIME_H_

#include <chrono>
#include <cmath>
#include <ratio>
#include <thread>
#include <type_traits>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"
#include "primitives/thread.h"

namespace heddle {

class VirtualClock {
 public:
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<VirtualClock>;
  static constexpr bool is_steady = true;

  static time_point now() {
    if (Runtime* runtime = Runtime::Current()) return time_point(duration(runtime->Now()));
    return time_point(std::chrono::steady_clock::now().time_since_epoch());
  }
};

namespace internal {

// Exact for all that VirtualTime can hold, and does not overflow.
using WideNanoseconds = std::chrono::duration<long double, std::nano>;

inline VirtualTime DeadlineIn(Runtime& runtime, WideNanoseconds delay) {
  const VirtualTime now = runtime.Now();
  if (!(delay.count() > 0)) return now;
  const long double nanoseconds = std::ceil(delay.count());
  if (nanoseconds >= static_cast<long double>(kNoDeadline - now)) return kNoDeadline;
  return now + static_cast<VirtualTime>(nanoseconds);
}

template <typename Clock, typename Duration>
VirtualTime DeadlineAt(Runtime& runtime, const std::chrono::time_point<Clock, Duration>& time) {
  const WideNanoseconds at = time.time_since_epoch();
  const WideNanoseconds now = Clock::now().time_since_epoch();
  if constexpr (std::is_same_v<Clock, VirtualClock>) {
    return DeadlineIn(runtime, at - now);
  } else {
    using Milliseconds = std::chrono::duration<long double, std::milli>;
    return DeadlineIn(runtime, Milliseconds(std::ceil(Milliseconds(at - now).count())));
  }
}

// For waits of several parts: each would take a time of another clock relative to when it begins.
template <typename Clock, typename Duration>
VirtualClock::time_point VirtualTimeOf(Runtime& runtime,
                                       const std::chrono::time_point<Clock, Duration>& time) {
  return VirtualClock::time_point(VirtualClock::duration(DeadlineAt(runtime, time)));
}

// As a point in time that keeps what DeadlineIn says of long delays.
template <typename Rep, typename Period>
VirtualClock::time_point TimeAfter(const std::chrono::duration<Rep, Period>& delay) {
  if (Runtime* runtime = Runtime::Current()) {
    return VirtualClock::time_point(VirtualClock::duration(DeadlineIn(*runtime, delay)));
  }
  return VirtualClock::now() + std::chrono::ceil<VirtualClock::duration>(delay);
}

HEDDLE_DOOR inline void SleepUntilDeadline(Runtime& runtime, VirtualTime deadline) {
  Operation op{
      .kind = OpKind::kSleep, .object = runtime.CurrentThreadObject(), .deadline = deadline};
  runtime.Perform(op);
}

}  // namespace internal

template <typename Rep, typename Period>
HEDDLE_DOOR inline void SleepFor(const std::chrono::duration<Rep, Period>& delay) {
  if (Runtime* runtime = Runtime::Current()) {
    internal::SleepUntilDeadline(*runtime, internal::DeadlineIn(*runtime, delay));
  } else {
    std::this_thread::sleep_for(delay);
  }
}

template <typename Clock, typename Duration>
HEDDLE_DOOR inline void SleepUntil(const std::chrono::time_point<Clock, Duration>& time) {
  if (Runtime* runtime = Runtime::Current()) {
    internal::SleepUntilDeadline(*runtime, internal::DeadlineAt(*runtime, time));
  } else {
    std::this_thread::sleep_until(time);
  }
}

namespace this_thread {

template <typename Rep, typename Period>
HEDDLE_DOOR inline void sleep_for(const std::chrono::duration<Rep, Period>& delay) {
  SleepFor(delay);
}
template <typename Clock, typename Duration>
HEDDLE_DOOR inline void sleep_until(const std::chrono::time_point<Clock, Duration>& time) {
  SleepUntil(time);
}

}  // namespace this_thread

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_TIME_H_
