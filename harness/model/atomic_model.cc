#include "harness/model/atomic_model.h"

#include <algorithm>

#include "harness/core/random.h"

namespace heddle {

// A wait is in two visits: the first finds the value unchanged and enqueues (which needs no step of
// its own: the engine keeps the operation pending), later ones complete it once a notification came
// and the value differs. [atomics.wait]/3 allows unblocking without a notification; that adds
// nothing here, because the loop of a wait re-reads the value and blocks again.
OutcomeSet AtomicModel::Possible(const Operation& op, ThreadId thread,
                                 const ModelContext& context) const {
  switch (op.kind) {
    case OpKind::kAtomicWait: {
      const Waiter* waiter = FindWaiter(thread);
      if (waiter == nullptr || waiter->notified) return Outcome::kDone;
      return {};
    }
    case OpKind::kCompareExchange:
      if (op.weak && context.spurious_allowed() && Newest().value == op.expected) {
        return OutcomeSet(Outcome::kDone) | Outcome::kSpurious;
      }
      return Outcome::kDone;
    default:
      return Outcome::kDone;
  }
}

uint32_t AtomicModel::Candidates(const Operation& op, ThreadId, Outcome,
                                 const ModelContext&) const {
  if (op.kind != OpKind::kAtomicNotifyOne) return 1;
  const auto sleeping = std::count_if(waiters_.begin(), waiters_.end(),
                                      [](const Waiter& waiter) { return !waiter.notified; });
  return std::max<uint32_t>(1, static_cast<uint32_t>(sleeping));
}

void AtomicModel::Apply(const Operation& op, const Transition& by, ModelContext& context,
                        Event* event) {
  switch (op.kind) {
    case OpKind::kLoad:
    case OpKind::kStore:
    case OpKind::kRmw:
    case OpKind::kCompareExchange: {
      if (by.outcome == Outcome::kSpurious) {
        const Store& read = Newest();
        Observe(read, op.failure_order, context.ClockOf(by.thread), context.FencesOf(by.thread),
                context.arena());
        event->value = read.value;
        event->source = read.seq;
        return;
      }
      const Effect effect =
          ApplyToNewest(op, event->seq, context.ClockOf(by.thread), context.FencesOf(by.thread),
                        context.arena());
      event->value = effect.value;
      event->source = effect.source;
      if (op.kind == OpKind::kCompareExchange && !effect.changed) {
        event->by.outcome = Outcome::kFailed;
      }
      return;
    }
    case OpKind::kAtomicWait:
      ApplyWait(op, by, context, event);
      return;
    case OpKind::kAtomicNotifyOne:
    case OpKind::kAtomicNotifyAll:
      Notify(op, by);
      return;
    default:
      return;
  }
}

// Completing with kFailed means: enqueued, still waiting; the door performs the operation again.
void AtomicModel::ApplyWait(const Operation& op, const Transition& by, ModelContext& context,
                            Event* event) {
  Waiter* waiter = FindWaiter(by.thread);
  if (waiter != nullptr) waiters_.erase(waiters_.begin() + (waiter - waiters_.data()));
  const Store& read = Newest();
  event->value = read.value;
  event->source = read.seq;
  if (read.value != op.expected) {
    Observe(read, op.order, context.ClockOf(by.thread), context.FencesOf(by.thread),
            context.arena());
    return;
  }
  waiters_.push_back(Waiter{by.thread, false});
  event->by.outcome = Outcome::kFailed;
}

void AtomicModel::Notify(const Operation& op, const Transition& by) {
  const bool all = op.kind == OpKind::kAtomicNotifyAll;
  uint32_t sleeping = 0;
  for (Waiter& waiter : waiters_) {
    if (waiter.notified) continue;
    if (all || sleeping == by.source) waiter.notified = true;
    ++sleeping;
  }
}

const AtomicModel::Waiter* AtomicModel::FindWaiter(ThreadId thread) const {
  for (const Waiter& waiter : waiters_) {
    if (waiter.thread == thread) return &waiter;
  }
  return nullptr;
}

AtomicModel::Waiter* AtomicModel::FindWaiter(ThreadId thread) {
  return const_cast<Waiter*>(static_cast<const AtomicModel*>(this)->FindWaiter(thread));
}

std::string_view AtomicModel::InUse() const { return waiters_.empty() ? "" : "waited on"; }

uint64_t AtomicModel::StateHash() const {
  uint64_t hash = Newest().value;
  for (const Waiter& waiter : waiters_) {
    hash = MixSeed(hash, Index(waiter.thread), waiter.notified ? 1 : 0);
  }
  return hash;
}

}  // namespace heddle
