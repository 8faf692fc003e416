// The fair continuation of an execution that has reached its step limit: each thread makes up to
// kQuantum steps, then the one goes on that has waited longest. Always takes the first value, so
// that only the schedule can be to blame.
//
// Threads in lockstep, a step each in turn, may give way to one another for ever where any breach
// of the rhythm would let them go on: two std::scoped_lock of the same two mutexes in different
// orders do. Nobody calls that a livelock, so turns are longer than a step.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_FAIR_DECIDER_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_FAIR_DECIDER_H_

#include <cstdint>
#include <vector>

#include "harness/strategy/decider.h"

namespace heddle {

class FairDecider final : public Decider {
 public:
  void Begin(const Plan&) override { Begin(); }
  void Begin() {
    last_run_.clear();
    turn_ = 0;
    user_choices_ = 0;
  }
  // Which thread has waited longest must not depend on what the strategy wanted to be asked: the
  // repetition of the execution is led by another one.
  bool WantsEveryStep() const override { return true; }

  // Not inlined: the engine would test at each step whether this is its decider.
  __attribute__((noinline)) ThreadId Pick(const SchedulingPoint& point) override {
    if (last_run_.size() < point.thread_count()) last_run_.resize(point.thread_count());
    ThreadId best = point.running();
    if (turn_ > 0 && turn_ < kQuantum && point.running_enabled()) {
      ++turn_;
    } else {
      turn_ = 1;
      best = kNoThread;
      for (ThreadId thread : point.enabled()) {
        if (best == kNoThread || RunsBefore(thread, best)) best = thread;
      }
    }
    last_run_[Index(best)] = point.step() + 1;
    return best;
  }
  uint32_t PickValue(const ValueChoice& choice) override {
    if (choice.kind == ChoiceKind::kUser) ++user_choices_;
    return 0;
  }

  // Where in its turn the running thread is: part of the state that must come back.
  uint32_t turn() const { return turn_; }
  // Answers given to heddle::Choose: with other answers the program might have ended.
  uint64_t user_choices() const { return user_choices_; }

 private:
  // Longer than the lock, try_lock and unlock that make up a lockstep; not so long that a loop and
  // the turns meet again only after very many steps.
  static constexpr uint32_t kQuantum = 5;

  bool RunsBefore(ThreadId a, ThreadId b) const {
    const uint64_t x = last_run_[Index(a)];
    const uint64_t y = last_run_[Index(b)];
    return x != y ? x < y : a < b;
  }

  std::vector<uint64_t> last_run_;  // by thread: the step after which it last ran, 0 for never
  uint32_t turn_ = 0;  // steps of the running thread's turn that have been made
  uint64_t user_choices_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_FAIR_DECIDER_H_
