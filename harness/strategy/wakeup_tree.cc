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

void Sequence::Start(const DporPath& path, bool is_whole) {
  path_ = &path;
  threads_.clear();
  items_.clear();
  left_ = 0;
  is_whole_ = is_whole;
  bystanders_.clear();
}

void Sequence::Add(uint32_t position, bool values_are_free) {
  threads_.push_back((*path_)[position].thread);
  items_.push_back(Item{position, values_are_free});
  ++left_;
}

void Sequence::AddLast(const SequenceStep& step) {
  threads_.push_back(step.thread);
  items_.push_back(Item{kLast, true});
  last_ = step;
  ++left_;
}

SequenceStep Sequence::operator[](size_t i) const {
  if (items_[i].position == kLast) return last_;
  SequenceStep step = path_->StepAt(items_[i].position);
  step.values_are_free = items_[i].values_are_free;
  return step;
}

size_t Sequence::NextAfter(size_t i) const {
  do ++i;
  while (i < threads_.size() && threads_[i] == kTaken);
  return i < threads_.size() ? i : kNobody;
}

size_t Sequence::First() const { return NextAfter(SIZE_MAX); }

size_t Sequence::FirstOf(uint32_t thread) const {
  const auto found = std::find(threads_.begin(), threads_.end(), thread);
  return found == threads_.end() ? kNobody : static_cast<size_t>(found - threads_.begin());
}

void Sequence::Take(size_t i) {
  threads_[i] = kTaken;
  --left_;
}

bool Sequence::IsInitial(size_t i) const {
  const uint32_t position = items_[i].position;
  if (position != kLast) {
    for (size_t k = 0; k < i; ++k) {
      if (threads_[k] != kTaken && path_->HappensBefore(items_[k].position, position)) return false;
    }
    return true;
  }
  const uint32_t birth = path_->BirthOf(last_.thread);
  for (size_t k = 0; k < i; ++k) {
    if (threads_[k] == kTaken) continue;
    if (items_[k].position == birth || last_.order_matters ||
        path_->DependsOn(items_[k].position, last_.thread, last_.accesses)) {
      return false;
    }
  }
  return true;
}

bool Sequence::MayBeginWith(const SequenceStep& branch) const {
  if (const size_t i = FirstOf(branch.thread); i != kNobody) {
    if (!branch.values.empty()) {
      const SequenceStep step = (*this)[i];
      if (step.values_are_free || !BeginsWith(step.values, branch.values)) return false;
    }
    return IsInitial(i);
  }
  if (!is_whole_ || !branch.values.empty()) return false;
  if (branch.order_matters) return false;
  for (size_t i = First(); i != kNobody; i = NextAfter(i)) {
    const uint32_t position = items_[i].position;
    if (position == kLast ? Depend(branch, last_)
                          : path_->DependsOn(position, branch.thread, branch.accesses)) {
      return false;
    }
  }
  bystanders_.push_back({branch.thread, {branch.accesses.begin(), branch.accesses.end()}});
  return true;
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
    if (i != Sequence::kNobody) sequence->Take(i);
    if (nodes_[id].child == kNone || sequence->empty()) return false;
    parent = id;
    last = kNone;
    id = nodes_[id].child;
  }
  for (size_t i = sequence->First(); i != Sequence::kNobody; i = sequence->NextAfter(i)) {
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
