// Wakeup trees: which steps to make next, from a point of an execution, so that every class of
// executions is seen and none is begun in vain.
//
// Abdulla, Aronis, Jonsson, Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order
// Reduction" (J. ACM 64(4), 2017), section 6. A tree is an ordered list of branches, each a step
// and the tree that follows it. Inserting a sequence follows the first branch that the sequence may
// begin with (one of its weak initials); where such a branch is a leaf, the sequence will be seen
// anyway.
//
// Extended by values chosen within a step: a branch stands for the steps of its thread in which the
// values begin as given.
// Nodes are pooled. Cost of an insertion: O(branches met * length of the sequence).
#ifndef HEDDLE_HARNESS_STRATEGY_WAKEUP_TREE_H_
#define HEDDLE_HARNESS_STRATEGY_WAKEUP_TREE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "harness/core/bytes.h"
#include "harness/strategy/dpor_path.h"
#include "harness/strategy/step_trace.h"

namespace heddle {

// A step of another thread that a sequence is independent of.
struct Bystander {
  uint32_t thread = 0;
  absl::InlinedVector<Access, 2> accesses;
};

// Steps to make from a point of an execution on: some that were made, in their order, then one that
// is to be made earlier than it was.
class Sequence {
 public:
  // `is_whole`: of an execution to its end. Only then does a step that is not part of it, but
  // independent of all of it, lead to what the sequence leads to: else another step that it depends
  // on might follow.
  void Start(const DporPath& path, bool is_whole);
  // Step `position` of the path.
  void Add(uint32_t position, bool values_are_free);
  void AddLast(const SequenceStep& step);

  bool empty() const { return left_ == 0; }
  SequenceStep operator[](size_t i) const;
  static constexpr size_t kNobody = SIZE_MAX;
  // Of those that have not been taken; kNobody: there is none.
  size_t First() const;
  size_t FirstOf(uint32_t thread) const;
  size_t NextAfter(size_t i) const;
  void Take(size_t i);
  // Nothing before it in the sequence is ordered before it: it may come first.
  bool IsInitial(size_t i) const;
  // `branch` is a weak initial: the sequence may begin with it, or goes on alike after it.
  bool MayBeginWith(const SequenceStep& branch) const;
  // Steps that are not part of the sequence for which MayBeginWith has said yes: for a sequence
  // that has other later steps the answer may be another, if one of those depends on them.
  const std::vector<Bystander>& bystanders() const { return bystanders_; }
  // dpor_escape.cc: for DporPart::AddEscape of whoever owns the point, before any step is taken.
  std::string ToEscape(uint32_t point) const;

 private:
  static constexpr uint32_t kTaken = 0xffffffff;  // no thread
  static constexpr uint32_t kLast = 0xffffffff;   // no position

  const DporPath* path_ = nullptr;
  std::vector<uint32_t> threads_;  // by index; kTaken
  struct Item {
    uint32_t position;
    bool values_are_free;
  };
  std::vector<Item> items_;
  SequenceStep last_;
  size_t left_ = 0;
  bool is_whole_ = false;
  mutable std::vector<Bystander> bystanders_;
};

class WakeupTree {
 public:
  using NodeId = uint32_t;
  static constexpr NodeId kNone = 0xffffffff;

  struct Node {
    uint32_t thread = 0;
    bool order_matters = false;
    absl::InlinedVector<Access, 2> accesses;
    absl::InlinedVector<Decision, 1> values;
    NodeId child = kNone;    // the first of the tree that follows
    NodeId sibling = kNone;  // the next branch

    SequenceStep step() const { return {thread, order_matters, accesses, values, false}; }
  };

  const Node& operator[](NodeId id) const { return nodes_[id]; }
  size_t size() const { return nodes_.size() - free_.size(); }  // nodes, of all trees
  // `*first` is the tree's first branch. Uses up the sequence. False: it is there already.
  bool Insert(NodeId* first, Sequence* sequence);
  // A last branch that is a leaf.
  void Append(NodeId* first, const SequenceStep& step);
  // The tree, and all that follows, is needed no longer.
  void FreeAll(NodeId first);
  void Free(NodeId id) { free_.push_back(id); }
  // dpor_bytes.cc: the tree that begins with `first`. False: it is none.
  void Save(NodeId first, ByteWriter* writer) const;
  bool Restore(class DporReader* reader, NodeId* first);

 private:
  NodeId Make(const SequenceStep& step);

  std::vector<Node> nodes_;
  std::vector<NodeId> free_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_WAKEUP_TREE_H_
