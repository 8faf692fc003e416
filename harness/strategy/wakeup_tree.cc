#include "harness/strategy/wakeup_tree.h"

#include <algorithm>

namespace heddle {
namespace {

bool Depend(const SequenceStep& a, const SequenceStep& b) {
  return a.thread == b.thread || a.order_matters || b.order_matters ||
         Conflict(a.accesses, b.accesses);
}

bool BeginsWith(std::span<const Decision> values, std::span<const Decision> beginning) {
  return values.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), values.begin(),
                    [](const Decision& a, const Decision& b) { return a.value == b.value; });
}

}  // namespace

void Sequence::Remove(size_t i) {
  steps_.erase(steps_.begin() + static_cast<ptrdiff_t>(i));
  for (Step& step : steps_) {
    if (step.creator == kNobody) continue;
    if (step.creator == i) {
      step.creator = kNobody;
    } else if (step.creator > i) {
      --step.creator;
    }
  }
}

size_t Sequence::FirstOf(uint32_t thread) const {
  const auto found = std::find_if(steps_.begin(), steps_.end(),
                                  [&](const Step& step) { return step.thread == thread; });
  return static_cast<size_t>(found - steps_.begin());
}

bool Sequence::IsInitial(size_t i) const {
  if (steps_[i].creator != kNobody) return false;
  for (size_t k = 0; k < i; ++k) {
    if (Depend(steps_[k], steps_[i])) return false;
  }
  return true;
}

bool Sequence::MayBeginWith(const SequenceStep& branch) const {
  if (const size_t i = FirstOf(branch.thread); i < steps_.size()) {
    const bool alike = branch.values.empty() ||
                       (!steps_[i].values_are_free && BeginsWith(steps_[i].values, branch.values));
    return alike && IsInitial(i);
  }
  const bool independent =
      is_whole_ && branch.values.empty() &&
      std::none_of(steps_.begin(), steps_.end(),
                   [&](const Step& step) { return Depend(branch, step); });
  used_independence_ |= independent;
  return independent;
}

WakeupTree::NodeId WakeupTree::Make(const SequenceStep& step) {
  NodeId id;
  if (free_.empty()) {
    id = static_cast<NodeId>(nodes_.size());
    nodes_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[id];
  node.thread = step.thread;
  node.order_matters = step.order_matters;
  node.accesses.assign(step.accesses.begin(), step.accesses.end());
  node.values.clear();
  if (!step.values_are_free) node.values.assign(step.values.begin(), step.values.end());
  node.child = node.sibling = kNone;
  return id;
}

bool WakeupTree::Insert(NodeId* first, Sequence* sequence) {
  NodeId parent = kNone;
  NodeId last = kNone;
  for (NodeId id = *first; id != kNone;) {
    if (!sequence->MayBeginWith(nodes_[id].step())) {
      last = id;
      id = nodes_[id].sibling;
      continue;
    }
    const size_t i = sequence->FirstOf(nodes_[id].thread);
    if (i < sequence->size()) sequence->Remove(i);
    if (nodes_[id].child == kNone || sequence->size() == 0) return false;
    parent = id;
    last = kNone;
    id = nodes_[id].child;
  }
  for (size_t i = 0; i < sequence->size(); ++i) {
    const NodeId made = Make((*sequence)[i]);
    if (last != kNone) {
      nodes_[last].sibling = made;
    } else if (parent != kNone) {
      nodes_[parent].child = made;
    } else {
      *first = made;
    }
    parent = made;
    last = kNone;
  }
  return true;
}

void WakeupTree::Append(NodeId* first, const SequenceStep& step) {
  const NodeId made = Make(step);
  if (*first == kNone) {
    *first = made;
    return;
  }
  NodeId last = *first;
  while (nodes_[last].sibling != kNone) last = nodes_[last].sibling;
  nodes_[last].sibling = made;
}

void WakeupTree::FreeAll(NodeId first) {
  for (NodeId id = first; id != kNone;) {
    const NodeId next = nodes_[id].sibling;
    FreeAll(nodes_[id].child);
    Free(id);
    id = next;
  }
}

}  // namespace heddle
