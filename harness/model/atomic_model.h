// Atomic: [atomics.order], [atomics.types.operations], [atomics.wait].
//
// Keeps the history of stores, newest last, each with what it synchronises with a later acquire:
// the clock of the release sequence that it heads or continues ([intro.races]/5). A load chooses
// its store among the candidates; under sequential consistency there is one, the newest.
//
// The history is a ring of the newest kHistory stores: an older one is no candidate any more.
// Cost of an operation: a few ns, no allocation unless clocks have to be joined.
#ifndef HEDDLE_HARNESS_MODEL_ATOMIC_MODEL_H_
#define HEDDLE_HARNESS_MODEL_ATOMIC_MODEL_H_

#include <array>
#include <vector>

#include "harness/model/sync_model.h"

namespace heddle {

class AtomicModel final : public SyncModel {
 public:
  static constexpr uint32_t kHistory = 8;

  void Reset(const ObjectInit& init) override {
    newest_ = 0;
    history_[0] = Store{init.initial, kNoThread, 0, 0, {}};
    waiters_.clear();
    queue_order.Clear();
  }
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  uint32_t Candidates(const Operation& op, ThreadId thread, Outcome outcome,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  uint64_t StateHash() const override;
  std::string_view InUse() const override;

  uint64_t value() const { return Newest().value; }

  // For the class of the execution: of waits and notifications among each other. `order` is that of
  // what reads or writes the value.
  ObjectOrder queue_order;

  // The event that stored it: the last store, or read-modify-write that changed the value. One that
  // writes back what it has read, as the exchange of a spin lock that is taken does, leaves nothing
  // behind that a loop that reads would see.
  EventSeq stored() const { return Newest().stored; }
  // Whether this read-modify-write or comparison would store another value.
  bool WouldChange(const Operation& op) const {
    return op.kind == OpKind::kRmw ? op.rmw(value(), op.operand) != value()
                                   : value() == op.expected && op.operand != op.expected;
  }

  // What loads, stores, read-modify-writes and comparisons come to where they read the newest
  // store: Apply without its generality, for the engine to inline.
  struct Effect {
    uint64_t value;   // read; of a store: stored
    EventSeq source;  // the event that stored what was read
    bool changed;     // there is a new store
    bool same;        // there is none, or it has the value that was read
  };
  Effect ApplyToNewest(const Operation& op, EventSeq seq, ThreadClock& clock, FenceState& fences,
                       ClockArena& arena);

 private:
  struct Store {
    uint64_t value = 0;
    ThreadId thread = kNoThread;
    EventSeq seq = 0;
    EventSeq stored = 0;  // see stored()
    SyncClock released;  // what an acquire load of this store synchronises with
  };
  struct Waiter {
    ThreadId thread;
    bool notified;
  };

  const Store& Newest() const { return history_[newest_ % kHistory]; }
  // A new store; `continues` is the store that a read-modify-write has read, whose release sequence
  // it continues.
  void Append(uint64_t value, MemoryOrder order, EventSeq seq, ThreadClock& clock,
              const FenceState& fences, ClockArena& arena, const Store* continues);
  static void Observe(const Store& store, MemoryOrder order, ThreadClock& clock, FenceState& fences,
                      ClockArena& arena);
  Waiter* FindWaiter(ThreadId thread);
  const Waiter* FindWaiter(ThreadId thread) const;
  void ApplyWait(const Operation& op, const Transition& by, ModelContext& context, Event* event);
  void Notify(const Operation& op, const Transition& by);

  std::array<Store, kHistory> history_;
  uint64_t newest_ = 0;          // count of stores so far; the newest is at newest_ % kHistory
  std::vector<Waiter> waiters_;  // threads that block in kAtomicWait, in order of arrival
};

inline void AtomicModel::Observe(const Store& store, MemoryOrder order, ThreadClock& clock,
                                 FenceState& fences, ClockArena& arena) {
  if (store.released.empty()) return;
  if (IsAcquire(order)) {
    clock.Acquire(store.released, arena);
  } else if (store.released.owner != clock.self()) {
    Join(store.released, &fences.pending_acquire, arena);
  }
}

inline void AtomicModel::Append(uint64_t value, MemoryOrder order, EventSeq seq, ThreadClock& clock,
                                const FenceState& fences, ClockArena& arena,
                                const Store* continues) {
  ++newest_;
  Store& store = history_[newest_ % kHistory];
  store.value = value;
  store.thread = clock.self();
  store.seq = seq;
  store.stored = continues != nullptr && continues->value == value ? continues->stored : seq;
  if (IsRelease(order)) {
    if (continues != nullptr && clock.Knows(continues->released)) continues = nullptr;
    clock.Release(&store.released);
  } else {
    store.released = fences.released;
  }
  if (continues != nullptr) Join(continues->released, &store.released, arena);
}

__attribute__((always_inline)) inline AtomicModel::Effect AtomicModel::ApplyToNewest(
    const Operation& op, EventSeq seq, ThreadClock& clock, FenceState& fences, ClockArena& arena) {
  if (op.kind == OpKind::kStore) {
    Append(op.operand, op.order, seq, clock, fences, arena, nullptr);
    return {op.operand, 0, true, false};
  }
  const Store& read = Newest();  // stays: a new one takes the next place
  Effect effect{read.value, read.seq,
                op.kind == OpKind::kRmw ||
                    (op.kind == OpKind::kCompareExchange && read.value == op.expected),
                true};
  Observe(read,
          op.kind == OpKind::kCompareExchange && !effect.changed ? op.failure_order : op.order,
          clock, fences, arena);
  if (effect.changed) {
    const uint64_t value =
        op.kind == OpKind::kRmw ? op.rmw(read.value, op.operand) : op.operand;
    Append(value, op.order, seq, clock, fences, arena, &read);
    effect.same = value == effect.value;
  }
  return effect;
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_ATOMIC_MODEL_H_
