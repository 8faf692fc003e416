// The branches that are left to explore at each point of a search: lists of steps, pooled.
// Cost: to append, the length of the list.
#ifndef HEDDLE_HARNESS_STRATEGY_BRANCH_LISTS_H_
#define HEDDLE_HARNESS_STRATEGY_BRANCH_LISTS_H_

#include <cstdint>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "harness/core/bytes.h"
#include "harness/strategy/dpor_path.h"
#include "harness/strategy/step_trace.h"

namespace heddle {

class BranchLists {
 public:
  using Id = uint32_t;
  static constexpr Id kNone = 0xffffffff;

  // A step, whatever values are chosen in it.
  struct Branch {
    uint32_t thread = 0;
    bool order_matters = false;
    absl::InlinedVector<Access, 2> accesses;
    Id next = kNone;

    SequenceStep step() const { return {thread, order_matters, accesses, {}, false}; }
  };

  const Branch& operator[](Id id) const { return branches_[id]; }
  size_t size() const { return branches_.size() - free_.size(); }  // of all lists
  // `*first` is the list's first branch.
  void Append(Id* first, const SequenceStep& step);
  // Takes the list's first branch away.
  void Drop(Id* first);
  void DropAll(Id* first) {
    while (*first != kNone) Drop(first);
  }
  // dpor_bytes.cc: the list that begins with `first`. False: it is none.
  void Save(Id first, ByteWriter* writer) const;
  bool Restore(class DporReader* reader, Id* first);

 private:
  std::vector<Branch> branches_;
  std::vector<Id> free_;
};

inline void BranchLists::Append(Id* first, const SequenceStep& step) {
  Id id;
  if (free_.empty()) {
    id = static_cast<Id>(branches_.size());
    branches_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  Branch& branch = branches_[id];
  branch.thread = step.thread;
  branch.order_matters = step.order_matters;
  branch.accesses.assign(step.accesses.begin(), step.accesses.end());
  branch.next = kNone;
  Id* link = first;
  while (*link != kNone) link = &branches_[*link].next;
  *link = id;
}

inline void BranchLists::Drop(Id* first) {
  const Id id = *first;
  *first = branches_[id].next;
  free_.push_back(id);
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_BRANCH_LISTS_H_
