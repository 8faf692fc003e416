#include "harness/detect/atomic_block.h"

#include <utility>

#include "harness/core/random.h"

namespace heddle {
namespace {

constexpr EventMask kAccesses = {
    OpKind::kLock,          OpKind::kTryLock,      OpKind::kUnlock,    OpKind::kLockShared,
    OpKind::kTryLockShared, OpKind::kUnlockShared, OpKind::kWait,      OpKind::kWake,
    OpKind::kAcquire,       OpKind::kTryAcquire,   OpKind::kRelease,   OpKind::kArrive,
    OpKind::kArriveDrop,    OpKind::kPhaseWait,    OpKind::kOnceEnter, OpKind::kOnceDone,
    OpKind::kLoad,          OpKind::kStore,        OpKind::kRmw,       OpKind::kCompareExchange,
    OpKind::kAtomicWait,    OpKind::kRead,         OpKind::kWrite,     OpKind::kSpawn,
    OpKind::kStart,         OpKind::kExit,         OpKind::kJoin};

struct AccessClass {
  ObjectId object = kNoObject;  // kNoObject: no access
  bool is_write = false;
  bool observes = false;  // it also sees the value, or state, that was there
};

AccessClass Classify(const Event& event) {
  const Operation& op = *event.op;
  const bool done = event.by.outcome == Outcome::kDone;
  switch (op.kind) {
    case OpKind::kRead:
    case OpKind::kLoad:
    case OpKind::kAtomicWait:
      return {op.object, false, true};
    case OpKind::kStore:
      return {op.object, true, false};
    case OpKind::kRmw:
      return {op.object, op.rmw == nullptr || op.rmw(event.value, op.operand) != event.value, true};
    case OpKind::kCompareExchange:
      return {op.object, done, true};
    case OpKind::kWait:
    case OpKind::kWake:
      return {op.kind == OpKind::kWake || done ? op.second : kNoObject, true, false};
    case OpKind::kLockShared:
    case OpKind::kTryLockShared:
    case OpKind::kUnlockShared:
    case OpKind::kOnceEnter:
    case OpKind::kPhaseWait:
      return {done ? op.object : kNoObject, false, false};
    default:
      return {done ? op.object : kNoObject, true, false};
  }
}

bool IsReadModifyWrite(OpKind kind) {
  return kind == OpKind::kRmw || kind == OpKind::kCompareExchange;
}

}  // namespace

EventMask AtomicBlockDetector::Wants() const {
  const EventMask annotations = {OpKind::kAnnotate};
  return open_ > 0 ? annotations | kAccesses : annotations;
}

void AtomicBlockDetector::Begin(SuspicionSink* sink) {
  sink_ = sink;
  open_ = 0;  // an execution may have been cut off in a block
}

void AtomicBlockDetector::OnEvent(const Event& event) {
  const Operation& op = *event.op;
  if (op.kind == OpKind::kAnnotate) {
    const auto what = static_cast<Annotation>(op.operand);
    if (what == Annotation::kAtomicBlockBegin) BeginBlock(event);
    if (what == Annotation::kAtomicBlockEnd && open_ > 0) EndBlock(event.by.thread);
    return;
  }
  if (open_ == 0 || graph_.size() > kMaxGraph) return;
  const AccessClass access = Classify(event);
  if (access.object != kNoObject) {
    OnAccess(event, access.object, access.is_write, access.observes);
  }
  if (op.kind == OpKind::kSpawn) {
    ThreadBlocks& self = Of(event.by.thread);
    if (self.block == kNone) return;
    ThreadBlocks inherited;
    inherited.block = self.block;
    inherited.begin = self.begin;
    Of(ThreadId{static_cast<uint32_t>(op.operand)}) = inherited;
  }
}

void AtomicBlockDetector::Forget() {
  graph_.Clear();
  threads_.Clear();
  objects_.Clear();
}

void AtomicBlockDetector::BeginBlock(const Event& event) {
  if (open_ == 0) {
    Forget();
    WantsChanged();
  }
  ThreadBlocks& self = Of(event.by.thread);
  if (self.block != kNone && !graph_.IsOpen(self.block))
    self.last = std::exchange(self.block, kNone);
  if (self.depth++ > 0) return;
  ++open_;
  if (self.block != kNone) return;  // inside the block that started this thread
  const ConflictAccess begin{event.seq, event.op->pc, event.by.thread, kNoObject, event.op->kind};
  self.block = graph_.Add(true);
  self.begin = begin;
  self.reported = false;
  self.latest = {};
  if (graph_.Matters(self.last)) graph_.AddEdge(self.last, self.block, {}, begin);
}

void AtomicBlockDetector::EndBlock(ThreadId thread) {
  ThreadBlocks& self = Of(thread);
  if (self.depth == 0 || --self.depth > 0) return;
  if (self.begin.thread == thread) {
    graph_.Close(self.block);
    self.last = std::exchange(self.block, kNone);
  }
  if (--open_ == 0) WantsChanged();
}

void AtomicBlockDetector::AddPredecessor(NodeId node, const ConflictAccess& access) {
  if (graph_.Matters(node)) predecessors_.push_back(Predecessor{node, access});
}

void AtomicBlockDetector::OnAccess(const Event& event, ObjectId object, bool is_write,
                                   bool observes) {
  const ConflictAccess access{event.seq, event.op->pc, event.by.thread, object, event.op->kind};
  ThreadBlocks& self = Of(event.by.thread);
  if (self.block != kNone && !graph_.IsOpen(self.block))
    self.last = std::exchange(self.block, kNone);
  ObjectAccesses& accesses =
      objects_.At(Index(object), [](ObjectAccesses& value) { value.Clear(); });

  EventSeq taken_back = 0;
  if (self.block != kNone) {
    if (self.latest_may_repeat && observes && self.latest.object == object &&
        (self.latest.pc == access.pc || IsReadModifyWrite(access.kind) ||
         IsReadModifyWrite(self.latest.kind))) {
      taken_back = self.latest.seq;
      graph_.TakeBack(self.block, taken_back);
    }
    self.latest = access;
    self.latest_may_repeat = observes && !is_write && access.kind != OpKind::kRead;
  }

  if (!is_write) {
    // Read again since the last write: nothing new.
    const NodeId current = self.block != kNone ? self.block : self.last;
    for (Reader& reader : accesses.readers) {
      if (reader.node != current) continue;
      if (reader.access.seq == taken_back) reader.access = access;
      return;
    }
  }

  predecessors_.clear();
  if (accesses.writer != self.block) AddPredecessor(accesses.writer, accesses.write);
  if (is_write) {
    for (const Reader& reader : accesses.readers) {
      if (reader.node != self.block) AddPredecessor(reader.node, reader.access);
    }
  }
  NodeId node = self.block;
  if (node != kNone) {
    InBlock(self, access);
  } else {
    node = self.last = OutsideBlocks(self, access);
  }

  if (is_write) {
    accesses.writer = node;
    accesses.write = access;
    accesses.readers.clear();
  } else if (node != kNone && node != accesses.writer) {
    accesses.readers.push_back(Reader{node, access});
  }
}

void AtomicBlockDetector::InBlock(ThreadBlocks& self, const ConflictAccess& access) {
  for (const Predecessor& before : predecessors_) {
    if (graph_.FindPath(self.block, before.node, &path_)) {
      // The edge would close the cycle, and stays out.
      if (!self.reported) ReportViolation(self, before, access);
      self.reported = true;
    } else {
      graph_.AddEdge(before.node, self.block, before.access, access);
    }
  }
}

// Outside of blocks an access is a transaction of its own. It shares the one of a predecessor that
// has ended and comes after all its other predecessors: whatever comes after the one comes after
// the other.
TransactionGraph::NodeId AtomicBlockDetector::OutsideBlocks(ThreadBlocks& self,
                                                            const ConflictAccess& access) {
  AddPredecessor(self.last, ConflictAccess{});
  if (predecessors_.empty()) return kNone;
  NodeId node = kNone;
  for (const Predecessor& candidate : predecessors_) {
    if (graph_.IsOpen(candidate.node)) continue;
    bool after_all = true;
    for (const Predecessor& other : predecessors_) {
      if (other.node == candidate.node || graph_.Reaches(other.node, candidate.node)) continue;
      after_all = false;
      break;
    }
    if (!after_all) continue;
    node = candidate.node;
    break;
  }
  if (node == kNone) node = graph_.Add(false);
  // Edges that are implied now may have to stand alone when others are taken back.
  for (const Predecessor& before : predecessors_) {
    if (before.node != node) graph_.AddEdge(before.node, node, before.access, access);
  }
  return node;
}

void AtomicBlockDetector::ReportViolation(const ThreadBlocks& self, const Predecessor& last,
                                          const ConflictAccess& access) {
  const ConflictAccess& first = path_.front()->source;
  const ConflictAccess& between = path_.front()->target;
  Suspicion suspicion;
  suspicion.kind = FindingKind::kAtomicity;
  suspicion.object = first.object;
  suspicion.message =
      "what another thread did comes after one access of an atomic block and before another: no "
      "order of whole blocks has the same effect";
  suspicion.key = MixSeed(MixSeed(static_cast<uint64_t>(suspicion.kind), self.begin.pc), first.pc,
                          MixSeed(between.pc, access.pc));
  const auto add = [&suspicion](const char* role, const ConflictAccess& at) {
    if (at.seq == 0) return;
    for (const Witness& known : suspicion.witnesses) {
      if (known.seq == at.seq) return;
    }
    suspicion.witnesses.push_back(Witness{role, at.thread, at.seq, at.object, 0, {}, 0});
  };
  add("access in the block", first);
  for (const TransactionGraph::Edge* edge : path_) {
    if (edge != path_.front()) add("access between", edge->source);
    add("access between", edge->target);
  }
  add("access between", last.access);
  add("access in the block", access);
  add("block begins", self.begin);
  sink_->Report(std::move(suspicion));
}

}  // namespace heddle
