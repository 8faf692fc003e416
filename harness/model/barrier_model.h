// Barrier: [thread.barrier.class], phases counted from 0. ObjectInit::initial arrivals end a
// phase.
//
// kArrive counts `operand` arrivals, kArriveDrop also expects as many fewer from the next phase
// on. A latch is a barrier at which every arrival drops, so that one beyond its count is found
// out like any other. Without a completion function the last arrival of a phase ends it; with one
// (ObjectInit::limit is 1) the phase ends with a kArrive of no arrivals: see core/arrival.h.
// Nothing expected from the start (a latch of 0) is a phase that has ended.
//
// All arrivals of a phase synchronise with its completion function and with the waits for its
// end. Arrivals beyond what a phase expects are misuse, complete with kFailed and do not count.
#ifndef HEDDLE_HARNESS_MODEL_BARRIER_MODEL_H_
#define HEDDLE_HARNESS_MODEL_BARRIER_MODEL_H_

#include <array>

#include "harness/model/sync_model.h"

namespace heddle {

class BarrierModel final : public SyncModel {
 public:
  void Reset(const ObjectInit& init) override;
  // A kPhaseWait whose deadline is 0 only looks; it may miss the end of the phase (kSpurious,
  // within the search's budget: [thread.latch.class]/13).
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  uint64_t StateHash() const override;

 private:
  void Arrive(const Operation& op, ThreadId thread, ModelContext& context, Event* event);
  void EndPhase();
  // A thread may wait for the present phase or the one before, so two clocks are enough.
  SyncClock& ClockOfPhase(uint64_t phase) { return clocks_[phase % 2]; }

  uint64_t phase_ = 0;
  uint64_t expected_ = 0;   // from the next phase on
  uint64_t remaining_ = 0;  // arrivals that this phase still waits for
  bool has_completion_ = false;
  std::array<SyncClock, 2> clocks_;  // joined by the arrivals of a phase
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_BARRIER_MODEL_H_
