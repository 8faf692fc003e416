// Tells when the program in a child process makes no step any more, and gets it out of there.
#ifndef HEDDLE_HARNESS_EXPLORE_HANG_WATCH_H_
#define HEDDLE_HARNESS_EXPLORE_HANG_WATCH_H_

#include <chrono>
#include <cstdint>

#include "harness/explore/child_process.h"
#include "harness/explore/shared_state.h"

namespace heddle {

class HangWatch {
 public:
  using Clock = std::chrono::steady_clock;

  HangWatch(const SharedState* shared, std::chrono::nanoseconds limit)
      : shared_(shared), limit_(limit), last_change_(Clock::now()) {}

  // To be called often, at least every few tens of milliseconds; Pause for a caller that was busy
  // elsewhere. First interrupts the program with kHangSignal, so that the child reports and goes
  // on; kills the child if that does not help.
  void Look(ChildProcess* child);
  void Pause() { last_change_ = Clock::now(); }

  // Since the last change that Look saw, while an execution runs; else 0.
  std::chrono::nanoseconds Silence() const;
  // The child had to be killed.
  bool killed() const { return killed_; }

 private:
  uint64_t SignOfLife() const;

  const SharedState* const shared_;
  const std::chrono::nanoseconds limit_;
  Clock::time_point last_change_;
  uint64_t sign_ = 0;
  bool killed_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_HANG_WATCH_H_
