// Violations of declared atomic blocks: an execution in which no order of whole blocks, one after
// the other, would have had the same effect (conflict-serialisability).
//
// Velodrome's transaction graph (transaction_graph.h), not AeroDrome's clocks (ASPLOS 2020): the
// clocks say only that a block is violated, the graph also by which accesses, and it stays
// small, because nothing that happens while no block is open can be part of a cycle: all is
// forgotten when the last open block ends, and nothing is asked of the engine until one begins.
//
// What conflicts: reads and writes of one variable or atomic, one of them a write; also takings
// and releases of one lock or semaphore, which stand for the accesses that they protect and nobody
// instruments. Departures from Velodrome:
// - a loop that tries until it succeeds (a load at one place again and again, a read-modify-write
//   that changed nothing, a comparison that failed) counts by its last round: the earlier ones are
//   taken back; a failed try_lock is no access;
// - threads that a block starts belong to it while it is open.
// A block that waits for another thread in any other way is a violation: it cannot run as a whole.
//
// Bound: kMaxGraph nodes and edges while a block is open; beyond it nothing more is found until no
// block is open. Cost: none without blocks; tens of ns an access while one is open.
#ifndef HEDDLE_HARNESS_DETECT_ATOMIC_BLOCK_H_
#define HEDDLE_HARNESS_DETECT_ATOMIC_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/detect/detector.h"
#include "harness/detect/stamped_table.h"
#include "harness/detect/transaction_graph.h"

namespace heddle {

class AtomicBlockDetector final : public Detector {
 public:
  static constexpr size_t kMaxGraph = 1u << 15;

  EventMask Wants() const override;
  void Begin(SuspicionSink* sink) override;
  void OnEvent(const Event& event) override;

 private:
  using NodeId = TransactionGraph::NodeId;
  static constexpr NodeId kNone = TransactionGraph::kNone;

  struct ThreadBlocks {
    NodeId block = kNone;            // open, or ended by the thread that began it
    NodeId last = kNone;             // the latest transaction before
    uint32_t depth = 0;              // of the thread's own blocks, one in another
    bool reported = false;           // one violation a block is enough
    ConflictAccess begin;            // of the block
    ConflictAccess latest;           // access in the block
    bool latest_may_repeat = false;  // it only observed, and its loop may observe again
  };
  struct Reader {
    NodeId node;
    ConflictAccess access;
  };
  struct ObjectAccesses {
    NodeId writer = kNone;
    ConflictAccess write;
    std::vector<Reader> readers;  // since the write; one a transaction
    void Clear() {
      writer = kNone;
      readers.clear();
    }
  };
  struct Predecessor {
    NodeId node;
    ConflictAccess access;
  };

  ThreadBlocks& Of(ThreadId thread) { return threads_.At(Index(thread)); }
  void BeginBlock(const Event& event);
  void EndBlock(ThreadId thread);
  void Forget();
  void OnAccess(const Event& event, ObjectId object, bool is_write, bool observes);
  void InBlock(ThreadBlocks& self, const ConflictAccess& access);
  NodeId OutsideBlocks(ThreadBlocks& self, const ConflictAccess& access);
  void AddPredecessor(NodeId node, const ConflictAccess& access);
  void ReportViolation(const ThreadBlocks& self, const Predecessor& last,
                       const ConflictAccess& access);

  SuspicionSink* sink_ = nullptr;
  uint32_t open_ = 0;  // blocks, not counting those in another
  TransactionGraph graph_;
  StampedTable<ThreadBlocks> threads_;
  StampedTable<ObjectAccesses> objects_;
  std::vector<Predecessor> predecessors_;  // of the present access
  std::vector<const TransactionGraph::Edge*> path_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_DETECT_ATOMIC_BLOCK_H_
