// The lock graph of one execution: who took which lock while holding which, and the cycles in it.
//
// Goodlock (Havelund 2000), with the guards of Bensalem and Havelund ("Dynamic Deadlock Analysis of
// Multi-Threaded Programs", HVC 2005): a cycle counts only if its edges are of different threads,
// no lock is held at two of them (a gate: it keeps the two from happening together), and no two of
// them are ordered. Departures: locks may be shared, so both conditions ask whether the two modes
// exclude each other; and the order between edges is a happens-before relation without lock
// edges, given as a clock per acquisition, in place of segments of threads. Of cycles one in the
// other only the shorter is reported.
//
// Bounds, so that an odd program cannot slow a search down: kMaxEdges different edges, cycles of at
// most kMaxCycle locks, and kMaxWork edges looked at in one execution. What is beyond is not found.
// Cost: a hash look-up per nested acquisition; a search per edge not seen before.
#ifndef HEDDLE_HARNESS_DETECT_LOCK_GRAPH_H_
#define HEDDLE_HARNESS_DETECT_LOCK_GRAPH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "harness/core/event.h"
#include "harness/core/ids.h"
#include "harness/core/operation.h"
#include "harness/detect/held_set.h"
#include "harness/detect/order_clock.h"
#include "harness/detect/stamped_table.h"

namespace heddle {

// `thread` took `to` while it held `from`.
struct LockEdge {
  ObjectId from = kNoObject;
  ObjectId to = kNoObject;
  ThreadId thread = kNoThread;
  bool from_shared = false;
  bool to_shared = false;
  OpKind kind = OpKind::kLock;  // of the operation that took `to`
  uintptr_t pc = 0;
  EventSeq from_taken = 0;
  EventSeq to_taken = 0;
};

class LockGraph {
 public:
  static constexpr uint32_t kMaxEdges = 2048;
  static constexpr uint32_t kMaxCycle = 8;
  static constexpr uint32_t kMaxWork = 1u << 16;

  void Clear();
  bool empty() const { return edges_.empty(); }
  bool full() const { return edges_.size() >= kMaxEdges; }

  // True the first time that `key` is seen since Clear.
  bool Insert(uint64_t key);

  // Begins an acquisition, which the edges that are added next are of: the locks held at it, and
  // what its thread knows of the threads' times. Another comes after it exactly if it knows the
  // time that this thread has here.
  void BeginAcquisition(const HeldSet& held, const OrderClock& clock);
  // Adds the edge and calls report(span<const LockEdge* const>) for every cycle that it closes; the
  // new edge comes first, and each edge wants the lock that the next one holds.
  template <typename Report>
  void Add(const LockEdge& edge, Report&& report) {
    const uint32_t added = Append(edge);
    path_.assign(1, added);
    Extend(report);
  }

 private:
  static constexpr uint32_t kSlots = 4 * kMaxEdges;
  static constexpr uint32_t kNone = 0xffffffff;

  struct Acquisition {
    uint32_t held_begin = 0;  // in held_
    uint32_t held_end = 0;
    uint32_t times_begin = 0;  // in times_
    uint32_t times_end = 0;
  };
  struct Node {
    LockEdge edge;
    Acquisition at;
    uint32_t next = kNone;  // edge with the same `from`
  };
  struct Slot {
    uint64_t key = 0;
    uint64_t stamp = 0;
  };

  uint32_t Append(const LockEdge& edge);
  uint32_t TimeAt(const Acquisition& at, ThreadId thread) const {
    const uint32_t i = at.times_begin + Index(thread);
    return i < at.times_end ? times_[i] : 0;
  }
  // Whether the acquisitions of the two edges may happen together.
  bool Compatible(const Node& a, const Node& b) const;
  // Whether the thread of `a` would wait for that of `b`.
  static bool Waits(const LockEdge& a, const LockEdge& b);
  bool FitsPath(const Node& node) const;

  template <typename Report>
  void Extend(Report& report) {
    const Node& first = edges_[path_.front()];
    const Node& last = edges_[path_.back()];
    for (uint32_t i = OutEdges(last.edge.to); i != kNone; i = edges_[i].next) {
      if (++work_ > kMaxWork) return;
      const Node& node = edges_[i];
      if (!Waits(last.edge, node.edge) || !FitsPath(node)) continue;
      path_.push_back(i);
      if (Waits(node.edge, first.edge)) {
        cycle_.clear();
        for (uint32_t index : path_) cycle_.push_back(&edges_[index].edge);
        report(std::span<const LockEdge* const>(cycle_));
      } else if (path_.size() < kMaxCycle) {
        Extend(report);
      }
      path_.pop_back();
    }
  }

  uint32_t& OutEdges(ObjectId lock) {
    return out_.At(Index(lock), [](uint32_t& first) { first = kNone; });
  }

  std::vector<Node> edges_;
  std::vector<LockHold> held_;
  std::vector<uint32_t> times_;
  Acquisition present_;
  StampedTable<uint32_t> out_;
  std::vector<Slot> slots_;  // kSlots, from the first key on
  uint64_t stamp_ = 1;
  uint32_t work_ = 0;
  std::vector<uint32_t> path_;
  std::vector<const LockEdge*> cycle_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_LOCK_GRAPH_H_
