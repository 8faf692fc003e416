// What is left of a part of the search, how much of the whole that is, and parts of it cut off.
#include <algorithm>

#include "harness/strategy/dpor_part.h"

namespace heddle {

bool DporPart::IsLeftAt(uint32_t depth) const {
  return nodes_[depth].branches != BranchLists::kNone ||
         (depth < path_.size() && ValuesToAdvance(depth) > 0);
}

DporPart DporPart::CutOff(uint32_t depth) {
  DporPart below = *this;
  below.floor_ = depth;
  below.keeps_first_ = false;
  DropDoneFrom(nodes_[depth].first_done);
  for (uint32_t i = depth; i < nodes_.size(); ++i) branches_.DropAll(&nodes_[i].branches);
  nodes_.resize(depth);
  ReturnTo(depth);
  return below;
}

// How many points of the path had one thread only.
uint32_t DporPart::SinglePoints() const {
  uint32_t first_birth = path_.size();
  for (uint32_t thread = 1; thread < path_.threads(); ++thread) {
    first_birth = std::min(first_birth, path_.BirthOf(thread));
  }
  return std::min(first_birth + 1, path_.size());
}

uint32_t DporPart::BranchesOf(uint32_t depth) const {
  uint32_t branches = nodes_[depth].explored + (depth < path_.size() ? 1 : 0);
  for (auto id = nodes_[depth].branches; id != BranchLists::kNone; id = branches_[id].next)
    ++branches;
  return branches;
}

// Each point's share is divided among its branches, and among the values of the current one.
double DporPart::ShareLeft() const {
  if (!started_) return share_;
  double here = share_;
  double left = share_;
  for (uint32_t i = floor_; i < end(); ++i) {
    here /= std::max(BranchesOf(i), 1u);
    left -= here * nodes_[i].explored;
    if (i >= path_.size()) return std::max(0.0, left);
    for (const Decision& value : path_.ValuesOf(i)) {
      here /= std::max<uint32_t>(value.bound, 1);
      left -= here * value.value;
    }
  }
  return std::max(0.0, left - here);
}

double DporPart::ShareOfBranch() const {
  double share = share_;
  for (uint32_t i = floor_; i < end(); ++i) share /= std::max(BranchesOf(i), 1u);
  return share;
}

}  // namespace heddle
