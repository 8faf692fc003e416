#include "harness/detect/lock_order.h"

#include <algorithm>
#include <string>

#include "harness/core/random.h"

namespace heddle {
namespace {

constexpr EventMask kLocks = {OpKind::kLock,       OpKind::kTryLock,       OpKind::kUnlock,
                              OpKind::kLockShared, OpKind::kTryLockShared, OpKind::kUnlockShared,
                              OpKind::kWait,       OpKind::kWake};

constexpr EventMask kSynchronisation = {
    OpKind::kSpawn,     OpKind::kStart,           OpKind::kExit,       OpKind::kJoin,
    OpKind::kNotifyOne, OpKind::kNotifyAll,       OpKind::kAcquire,    OpKind::kTryAcquire,
    OpKind::kRelease,   OpKind::kArrive,          OpKind::kArriveDrop, OpKind::kPhaseWait,
    OpKind::kOnceEnter, OpKind::kOnceDone,        OpKind::kLoad,       OpKind::kStore,
    OpKind::kRmw,       OpKind::kCompareExchange, OpKind::kAtomicWait, OpKind::kAnnotate,
    OpKind::kDisown};

// Cheaper than MixSeed: done for every nested acquisition.
uint64_t Mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 32;
}

uint64_t Mix(uint64_t hash, ObjectId lock, bool shared) {
  return Mix(hash, uint64_t{Index(lock)} << 1 | (shared ? 1 : 0));
}

}  // namespace

EventMask LockOrderDetector::Wants() const {
  return locks_nest_ ? kLocks | kSynchronisation : kLocks;
}

void LockOrderDetector::Begin(SuspicionSink* sink) {
  sink_ = sink;
  held_.Clear();
  if (!locks_nest_) return;  // nothing else has been touched
  locks_nest_ = false;
  clocks_.Clear();
  published_.Clear();
  graph_.Clear();
  reported_.clear();
}

void LockOrderDetector::OnEvent(const Event& event) {
  const Operation& op = *event.op;
  switch (op.kind) {
    case OpKind::kLock:
    case OpKind::kTryLock:
      if (event.by.outcome == Outcome::kDone) Acquired(event, op.object, false);
      return;
    case OpKind::kLockShared:
    case OpKind::kTryLockShared:
      if (event.by.outcome == Outcome::kDone) Acquired(event, op.object, true);
      return;
    case OpKind::kUnlock:
    case OpKind::kUnlockShared:
      HeldBy(event.by.thread).Release(op.object);
      return;
    case OpKind::kWait:
      if (event.by.outcome == Outcome::kDone) HeldBy(event.by.thread).BeginWait(op.second);
      return;
    case OpKind::kWake: {
      if (locks_nest_ && event.by.outcome == Outcome::kDone) Learn(event.by.thread, op.object);
      HeldSet& held = HeldBy(event.by.thread);
      if (held.size() > 0) AddEdges(event, held, op.second, false);
      held.EndWait(op.second, event.seq);
      return;
    }
    default:
      if (locks_nest_) OnSynchronisation(event);
  }
}

HeldSet& LockOrderDetector::HeldBy(ThreadId thread) {
  return held_.At(Index(thread), [](HeldSet& held) { held.Clear(); });
}

OrderClock& LockOrderDetector::ClockOf(ThreadId thread) {
  return clocks_.At(Index(thread), [thread](OrderClock& clock) {
    clock.Clear();
    clock.Advance(thread);
  });
}

OrderClock& LockOrderDetector::PublishedAt(ObjectId object) {
  return published_.At(Index(object), [](OrderClock& clock) { clock.Clear(); });
}

void LockOrderDetector::Acquired(const Event& event, ObjectId lock, bool shared) {
  HeldSet& held = HeldBy(event.by.thread);
  const bool waits = (event.op->kind == OpKind::kLock || event.op->kind == OpKind::kLockShared) &&
                     event.op->deadline == kNoDeadline;
  if (waits && held.size() > 0 && !held.Holds(lock)) AddEdges(event, held, lock, shared);
  held.Take(lock, shared, event.seq);
}

void LockOrderDetector::AddEdges(const Event& event, const HeldSet& held, ObjectId lock,
                                 bool shared) {
  if (!locks_nest_) {
    locks_nest_ = true;
    WantsChanged();
  }
  const ThreadId thread = event.by.thread;
  const OrderClock& clock = ClockOf(thread);
  uint64_t key = Mix(Mix(0, event.op->pc), uint64_t{Index(thread)} << 32 | clock.At(thread));
  key = Mix(key, lock, shared);
  for (const LockHold& hold : held) key = Mix(key, hold.lock, hold.shared);
  // All edges of one acquisition are known or none is.
  if (graph_.full() || !graph_.Insert(key)) return;
  graph_.BeginAcquisition(held, clock);
  for (const LockHold& hold : held) {
    if (graph_.full()) return;
    graph_.Add(LockEdge{.from = hold.lock,
                        .to = lock,
                        .thread = thread,
                        .from_shared = hold.shared,
                        .to_shared = shared,
                        .kind = event.op->kind,
                        .pc = event.op->pc,
                        .from_taken = hold.taken,
                        .to_taken = event.seq},
               [this](std::span<const LockEdge* const> cycle) { ReportCycle(cycle); });
  }
}

void LockOrderDetector::Publish(ThreadId thread, ObjectId object, bool add) {
  if (object == kNoObject) return;
  OrderClock& clock = ClockOf(thread);
  OrderClock& place = PublishedAt(object);
  if (!add) place.Clear();
  place.Join(clock);
  clock.Advance(thread);
}

void LockOrderDetector::Learn(ThreadId thread, ObjectId object) {
  if (object == kNoObject) return;
  ClockOf(thread).Join(PublishedAt(object));
}

void LockOrderDetector::OnSynchronisation(const Event& event) {
  const Operation& op = *event.op;
  const ThreadId thread = event.by.thread;
  switch (op.kind) {
    case OpKind::kSpawn:
    case OpKind::kExit:
    case OpKind::kStore:
      Publish(thread, op.object, false);
      return;
    case OpKind::kNotifyOne:
    case OpKind::kNotifyAll:
    case OpKind::kRelease:
    case OpKind::kArrive:
    case OpKind::kArriveDrop:
    case OpKind::kOnceDone:
    case OpKind::kDisown:
      Publish(thread, op.object, true);
      return;
    case OpKind::kAnnotate:
      switch (static_cast<Annotation>(op.operand)) {
        case Annotation::kChannelSend:
        case Annotation::kChannelClose:
        case Annotation::kPoolRelease:
          Publish(thread, op.object, true);
          return;
        case Annotation::kChannelReceive:
        case Annotation::kPoolAcquire:
          Learn(thread, op.object);
          return;
        default:
          return;
      }
    case OpKind::kRmw:
    case OpKind::kCompareExchange:
      Learn(thread, op.object);
      if (event.by.outcome == Outcome::kDone) Publish(thread, op.object, false);
      return;
    default:  // starts, joins, loads, and what waits for one of the above
      if (event.by.outcome == Outcome::kDone) Learn(thread, op.object);
  }
}

void LockOrderDetector::ReportCycle(std::span<const LockEdge* const> cycle) {
  uint64_t key = static_cast<uint64_t>(FindingKind::kLockOrder);
  for (const LockEdge* edge : cycle) key += MixSeed(edge->pc, static_cast<uint64_t>(edge->kind));
  if (std::find(reported_.begin(), reported_.end(), key) != reported_.end()) return;
  reported_.push_back(key);
  Suspicion suspicion;
  suspicion.kind = FindingKind::kLockOrder;
  suspicion.key = key;
  suspicion.object = cycle.front()->to;
  suspicion.message = "each of " + std::to_string(cycle.size()) +
                      " threads takes a lock while it holds one that another of them takes: they "
                      "can deadlock under another schedule";
  for (const LockEdge* edge : cycle) {
    suspicion.cycle.push_back(edge->thread);
    suspicion.witnesses.push_back(
        Witness{"lock held", edge->thread, edge->from_taken, edge->from, 0, {}, 0});
    suspicion.witnesses.push_back(
        Witness{"lock taken while holding it", edge->thread, edge->to_taken, edge->to, 0, {}, 0});
  }
  sink_->Report(std::move(suspicion));
}

}  // namespace heddle
