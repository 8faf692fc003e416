#include "harness/detect/lock_graph.h"

namespace heddle {

void LockGraph::Clear() {
  if (edges_.empty()) return;
  edges_.clear();
  held_.clear();
  held_begin_ = 0;
  out_.Clear();
  ++stamp_;
  work_ = 0;
}

bool LockGraph::Insert(uint64_t key) {
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

void LockGraph::SetHeld(const HeldSet& held) {
  held_begin_ = static_cast<uint32_t>(held_.size());
  held_.insert(held_.end(), held.begin(), held.end());
}

uint32_t LockGraph::Append(const LockEdge& edge) {
  const auto index = static_cast<uint32_t>(edges_.size());
  uint32_t& first = OutEdges(edge.from);
  edges_.push_back(Node{edge, held_begin_, static_cast<uint32_t>(held_.size()), first});
  first = index;
  return index;
}

bool LockGraph::Compatible(const Node& a, const Node& b) const {
  if (a.edge.thread == b.edge.thread) return false;
  if (b.edge.clock.At(a.edge.thread) >= a.edge.clock.time) return false;
  if (a.edge.clock.At(b.edge.thread) >= b.edge.clock.time) return false;
  for (uint32_t i = a.held_begin; i < a.held_end; ++i) {
    for (uint32_t j = b.held_begin; j < b.held_end; ++j) {
      if (held_[i].lock == held_[j].lock && !(held_[i].shared && held_[j].shared)) return false;
    }
  }
  return true;
}

bool LockGraph::FitsPath(const Node& node) const {
  for (uint32_t index : path_) {
    if (!Compatible(edges_[index], node)) return false;
  }
  return true;
}

}  // namespace heddle
