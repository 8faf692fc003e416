// Potential deadlocks: locks taken in orders that form a cycle, seen in an execution that went
// well.
//
// The cycle's conditions are those of lock_graph.h. Two acquisitions count as ordered if one comes
// before the other by start or join of threads, condition variables, semaphores, barriers, once,
// channels and pools, or atomics; not by locks, whose order is what another schedule changes. An
// atomic counts whatever its memory order: that may hide a cycle in this schedule, seldom in all,
// and a flag that keeps two threads apart must not be reported. What a variable under a lock
// keeps apart is not known here, and is reported.
//
// Only acquisitions that wait can close a cycle: not try_lock, nor a lock with a deadline. What
// they took is held all the same. Taking again what one holds is no edge. The wake of a condition
// variable is an acquisition of its mutex.
//
// The key is the sum over the acquisitions that would wait of MixSeed(pc, kind), plus the finding's
// kind: a deadlock that happens has the same with its own kind, so that the two can be matched.
// Cost: 3-4 ns a lock event; where locks nest, also a hash look-up per held lock, and from then on
// synchronisation events are looked at as well, O(threads) each.
#ifndef HEDDLE_HARNESS_DETECT_LOCK_ORDER_H_
#define HEDDLE_HARNESS_DETECT_LOCK_ORDER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "harness/detect/detector.h"
#include "harness/detect/held_set.h"
#include "harness/detect/lock_graph.h"
#include "harness/detect/order_clock.h"
#include "harness/detect/stamped_table.h"

namespace heddle {

class LockOrderDetector final : public Detector {
 public:
  EventMask Wants() const override;
  void Begin(SuspicionSink* sink) override;
  void OnEvent(const Event& event) override;

 private:
  // What must come before, without lock edges. Nothing before the first nested acquisition of the
  // execution matters, since only the order between such acquisitions is asked for. A thread's time
  // counts what it published: acquisitions at one time are alike to all other threads.
  OrderClock& ClockOf(ThreadId thread);
  OrderClock& PublishedAt(ObjectId object);
  HeldSet& HeldBy(ThreadId thread);
  void Acquired(const Event& event, ObjectId lock, bool shared);
  void AddEdges(const Event& event, const HeldSet& held, ObjectId lock, bool shared);
  void Publish(ThreadId thread, ObjectId object, bool add);
  void Learn(ThreadId thread, ObjectId object);
  void OnSynchronisation(const Event& event);
  void ReportCycle(std::span<const LockEdge* const> cycle);

  SuspicionSink* sink_ = nullptr;
  bool locks_nest_ = false;
  StampedTable<HeldSet> held_;
  StampedTable<OrderClock> clocks_;     // by thread
  StampedTable<OrderClock> published_;  // by object
  LockGraph graph_;
  std::vector<uint64_t> reported_;  // keys
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_LOCK_ORDER_H_
