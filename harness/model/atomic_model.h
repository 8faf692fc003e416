// Atomic: [atomics.order], [atomics.types.operations], [atomics.wait].
//
// Keeps the history of stores, newest last, each with what it synchronises with a later acquire: the
// clock of the release sequence that it heads or continues ([intro.races]/5). A load chooses its
// store among the candidates; under sequential consistency there is one, the newest.
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

  void Reset(const ObjectInit& init) override;
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  uint32_t Candidates(const Operation& op, ThreadId thread, Outcome outcome,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  uint64_t StateHash() const override;
  std::string_view InUse() const override;

 private:
  struct Store {
    uint64_t value = 0;
    ThreadId thread = kNoThread;
    EventSeq seq = 0;
    SyncClock released;  // what an acquire load of this store synchronises with
  };
  struct Waiter {
    ThreadId thread;
    bool notified;
  };

  const Store& Newest() const { return history_[newest_ % kHistory]; }
  // A new store; `continues` is the store whose release sequence a read-modify-write continues.
  void Append(uint64_t value, MemoryOrder order, const Transition& by, ModelContext& context,
              Event* event, const Store* continues);
  void Observe(const Store& store, MemoryOrder order, ThreadId thread, ModelContext& context);
  Waiter* FindWaiter(ThreadId thread);
  const Waiter* FindWaiter(ThreadId thread) const;
  void ApplyWait(const Operation& op, const Transition& by, ModelContext& context, Event* event);
  void Notify(const Operation& op, const Transition& by);

  std::array<Store, kHistory> history_;
  uint64_t newest_ = 0;          // count of stores so far; the newest is at newest_ % kHistory
  std::vector<Waiter> waiters_;  // threads that block in kAtomicWait, in order of arrival
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_ATOMIC_MODEL_H_
