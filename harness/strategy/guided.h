// GuidedDecider: makes an execution as much like a wish as the program allows.
//
// A schedule with a part moved elsewhere is seldom one that the program can follow to the letter: a
// thread is blocked where it was not, or has more to do. A guide says in which order the threads
// are to reach which of their steps; what cannot be done when its turn comes is passed over, and
// what the guide does not say follows the plain scheduler, or chance. So a guide is never wrong,
// and what became of it is in the log of the execution.
//
// Holds, if there are any, come before the guide: a thread that is held at a step waits there until
// another has made its own, as long as anybody else can run.
#ifndef HEDDLE_HARNESS_STRATEGY_GUIDED_H_
#define HEDDLE_HARNESS_STRATEGY_GUIDED_H_

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "harness/core/random.h"
#include "harness/strategy/size_meter.h"
#include "harness/strategy/strategy.h"

namespace heddle {

// `thread` runs until it has made `until` steps since its start.
struct Segment {
  ThreadId thread = kNoThread;
  uint32_t until = 0;
  bool operator==(const Segment&) const = default;
};

// A thread's n-th step, from 1.
struct ThreadStep {
  ThreadId thread = kNoThread;
  uint32_t step = 0;
  auto operator<=>(const ThreadStep&) const = default;
};

// `first` is to be made before `then`.
struct StepOrder {
  ThreadStep first;
  ThreadStep then;
  auto operator<=>(const StepOrder&) const = default;
};

// What a step was in one execution. Under another schedule a thread of the same number may be
// another one, and its n-th step something else.
struct StepIdentity {
  std::vector<uint32_t> path;  // of the thread: its place among its parent's children, up to main
  OpKind op = OpKind::kStart;
  uintptr_t pc = 0;
  bool operator==(const StepIdentity&) const = default;
};

// Of the step that `thread` is about to make.
StepIdentity IdentityOf(ThreadId thread, const SchedulingPoint& point);

struct Guide {
  std::vector<Segment> segments;
  ValuesByThread values;
  std::vector<StepOrder> orders;  // kept where possible
  // Yields that their thread makes at once where they are advice; it heeds others.
  std::set<ThreadStep> unheeded = {};
  // How a thread that comes to an order's second step too early waits for the first: while the
  // others go on as the segments say, or while nobody but the first one's thread does.
  bool fetch = false;
  // Not 0: what the guide does not say is drawn at random, from this seed.
  uint64_t random = 0;
};

// The guide that repeats a schedule, in which these values were chosen.
Guide GuideOf(std::span<const Decision> decisions, ValuesByThread values);

class GuidedDecider final : public Decider {
 public:
  void SetGuide(Guide guide) { guide_ = std::move(guide); }

  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override;
  bool WantsEveryStep() const override { return true; }

  // Some order of the guide was not kept.
  bool broke_an_order() const { return broke_an_order_; }
  // Of the steps that the orders name, those that were made.
  const std::map<ThreadStep, StepIdentity>& ordered_steps() const { return ordered_steps_; }

 private:
  // What the thread waits for; null if nothing.
  const StepOrder* HeldBy(ThreadId thread) const;
  bool IsUnheeded(ThreadId thread) const;
  ThreadId Choose(const SchedulingPoint& point);

  Guide guide_;
  Random random_{0};
  size_t position_ = 0;               // in guide_.segments
  std::vector<uint32_t> made_;        // steps, by thread
  std::vector<size_t> values_given_;  // by thread
  bool broke_an_order_ = false;
  std::map<ThreadStep, StepIdentity> ordered_steps_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_GUIDED_H_
