// The transaction graph of one stretch of an execution: which transactions must come before which,
// were they carried out one after the other, and by which pairs of accesses.
//
// Velodrome (Flanagan, Freund, Yi, PLDI 2008). A transaction is an open or finished atomic block,
// or a set of accesses outside of blocks that are alike in what comes before them (Velodrome's
// merging). The graph is kept free of cycles: who is about to close one asks for a path first.
// Cost: adding is O(1); a search is O(edges after the start), and there are only edges after
// transactions that overlap an open block.
#ifndef HEDDLE_HARNESS_DETECT_TRANSACTION_GRAPH_H_
#define HEDDLE_HARNESS_DETECT_TRANSACTION_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/core/event.h"
#include "harness/core/ids.h"
#include "harness/core/operation.h"

namespace heddle {

// Where a conflict was.
struct ConflictAccess {
  EventSeq seq = 0;  // 0: none; the edge is program order
  uintptr_t pc = 0;
  ThreadId thread = kNoThread;
  ObjectId object = kNoObject;
  OpKind kind = OpKind::kRead;
};

class TransactionGraph {
 public:
  using NodeId = uint32_t;
  static constexpr NodeId kNone = 0;

  struct Edge {
    NodeId to = kNone;
    uint32_t next = 0;      // of the same source; 0: none
    ConflictAccess source;  // the earlier access
    ConflictAccess target;
    bool taken_back = false;
  };

  TransactionGraph() { Clear(); }

  void Clear();
  NodeId Add(bool open);
  // Blocks only: no access is added to it any more.
  void Close(NodeId node) { nodes_[node].open = false; }
  bool IsOpen(NodeId node) const { return nodes_[node].open; }
  // Can be part of a cycle: a finished transaction that comes after nothing cannot.
  bool Matters(NodeId node) const {
    return node != kNone && (nodes_[node].open || nodes_[node].has_in);
  }
  size_t size() const { return nodes_.size() + edges_.size(); }

  void AddEdge(NodeId from, NodeId to, const ConflictAccess& source, const ConflictAccess& target);
  // Removes the edges out of `node` that its access `source` made.
  void TakeBack(NodeId node, EventSeq source);

  bool Reaches(NodeId from, NodeId to) { return Search(from, to, nullptr); }
  // The edges of some path, in order. False if there is none.
  bool FindPath(NodeId from, NodeId to, std::vector<const Edge*>* path) {
    return Search(from, to, path);
  }

 private:
  struct Node {
    bool open = false;
    bool has_in = false;
    uint32_t first_out = 0;
    uint64_t visited = 0;     // the search that saw it last
    uint32_t reached_by = 0;  // edge, in that search
    NodeId reached_from = kNone;
  };

  bool Search(NodeId from, NodeId to, std::vector<const Edge*>* path);

  std::vector<Node> nodes_;  // [0] is kNone
  std::vector<Edge> edges_;  // [0] is no edge
  std::vector<NodeId> stack_;
  uint64_t search_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_TRANSACTION_GRAPH_H_
