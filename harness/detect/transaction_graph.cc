#include "harness/detect/transaction_graph.h"

#include <algorithm>

namespace heddle {

void TransactionGraph::Clear() {
  nodes_.assign(1, Node{});
  edges_.assign(1, Edge{});
}

TransactionGraph::NodeId TransactionGraph::Add(bool open) {
  nodes_.push_back(Node{.open = open});
  return static_cast<NodeId>(nodes_.size() - 1);
}

void TransactionGraph::AddEdge(NodeId from, NodeId to, const ConflictAccess& source,
                               const ConflictAccess& target) {
  edges_.push_back(Edge{to, nodes_[from].first_out, source, target, false});
  nodes_[from].first_out = static_cast<uint32_t>(edges_.size() - 1);
  nodes_[to].has_in = true;
}

void TransactionGraph::TakeBack(NodeId node, EventSeq source) {
  for (uint32_t i = nodes_[node].first_out; i != 0; i = edges_[i].next) {
    // Newest first: older edges are of older accesses of the others, and of this one's at latest.
    if (edges_[i].target.seq < source) return;
    if (edges_[i].source.seq == source) edges_[i].taken_back = true;
  }
}

bool TransactionGraph::Search(NodeId from, NodeId to, std::vector<const Edge*>* path) {
  if (nodes_[from].first_out == 0) return false;
  ++search_;
  nodes_[from].visited = search_;
  stack_.assign(1, from);
  while (!stack_.empty()) {
    const NodeId node = stack_.back();
    stack_.pop_back();
    for (uint32_t i = nodes_[node].first_out; i != 0; i = edges_[i].next) {
      const Edge& edge = edges_[i];
      Node& next = nodes_[edge.to];
      if (edge.taken_back || next.visited == search_) continue;
      next.visited = search_;
      next.reached_by = i;
      next.reached_from = node;
      if (edge.to == to) {
        if (path != nullptr) {
          path->clear();
          for (NodeId at = to; at != from; at = nodes_[at].reached_from) {
            path->push_back(&edges_[nodes_[at].reached_by]);
          }
          std::reverse(path->begin(), path->end());
        }
        return true;
      }
      stack_.push_back(edge.to);
    }
  }
  return false;
}

}  // namespace heddle
