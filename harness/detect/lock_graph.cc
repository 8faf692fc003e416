#include "harness/detect/lock_graph.h"

namespace heddle {

void LockGraph::Clear() {
  if (edges_.empty()) return;
  edges_.clear();
  held_.clear();
  times_.clear();
  out_.Clear();
  ++stamp_;
  work_ = 0;
}

bool LockGraph::Insert(uint64_t key) {
  if (slots_.empty()) slots_.resize(kSlots);  // many programs nest no locks
  // There is always a free slot: at most kMaxEdges keys come between two Clears, because each key
  // becomes an edge at least.
  for (uint32_t i = static_cast<uint32_t>(key) % kSlots;; i = (i + 1) % kSlots) {
    Slot& slot = slots_[i];
    if (slot.stamp != stamp_) {
      slot = Slot{key, stamp_};
      return true;
    }
    if (slot.key == key) return false;
  }
}

void LockGraph::BeginAcquisition(const HeldSet& held, const OrderClock& clock) {
  present_.held_begin = static_cast<uint32_t>(held_.size());
  held_.insert(held_.end(), held.begin(), held.end());
  present_.held_end = static_cast<uint32_t>(held_.size());
  present_.times_begin = static_cast<uint32_t>(times_.size());
  times_.insert(times_.end(), clock.times().begin(), clock.times().end());
  present_.times_end = static_cast<uint32_t>(times_.size());
}

uint32_t LockGraph::Append(const LockEdge& edge) {
  const auto index = static_cast<uint32_t>(edges_.size());
  uint32_t& first = OutEdges(edge.from);
  edges_.push_back(Node{edge, present_, first});
  first = index;
  return index;
}

bool LockGraph::Compatible(const Node& a, const Node& b) const {
  if (a.edge.thread == b.edge.thread) return false;
  const ThreadId thread_a = a.edge.thread, thread_b = b.edge.thread;
  if (TimeAt(b.at, thread_a) >= TimeAt(a.at, thread_a)) return false;
  if (TimeAt(a.at, thread_b) >= TimeAt(b.at, thread_b)) return false;
  for (uint32_t i = a.at.held_begin; i < a.at.held_end; ++i) {
    for (uint32_t j = b.at.held_begin; j < b.at.held_end; ++j) {
      if (held_[i].lock == held_[j].lock && !(held_[i].shared && held_[j].shared)) return false;
    }
  }
  return true;
}

bool LockGraph::Waits(const LockEdge& a, const LockEdge& b) {
  return a.to == b.from && !(a.to_shared && b.from_shared);
}

bool LockGraph::FitsPath(const Node& node) const {
  for (size_t i = 0; i < path_.size(); ++i) {
    const Node& earlier = edges_[path_[i]];
    if (!Compatible(earlier, node)) return false;
    // A shorter cycle is in this one, and is found by itself. Locks held shared make that possible.
    if (i + 1 < path_.size() && Waits(earlier.edge, node.edge)) return false;
    if (i > 0 && Waits(node.edge, earlier.edge)) return false;
  }
  return true;
}

}  // namespace heddle
