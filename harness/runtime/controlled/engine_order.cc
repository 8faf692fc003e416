// The class of an execution (core/order_class.h), where an operation is about one part of its
// object that has an order of its own. The parts are the facets of model/dependence.h. See
// engine.h.
#include "harness/model/atomic_model.h"
#include "harness/model/mutex_model.h"
#include "harness/model/shared_mutex_model.h"
#include "harness/runtime/controlled/engine.h"

namespace heddle {

void ControlledEngine::KeepOrderInPart(ThreadState& self, const Operation& op, SyncModel& model,
                                       uint64_t what, bool failed) {
  const SiteKey here = KeyOf(self.name, op.pc);
  switch (op.kind) {
    // It comes between two acquires that are ordered, and between tries that end otherwise; but for
    // a recursive mutex that is still held.
    case OpKind::kUnlock:
      if (model.kind == ObjectKind::kMutex && !static_cast<MutexModel&>(model).IsFree()) {
        model.order.Change(self.order, what);
      }
      return;
    case OpKind::kUnlockShared:
      static_cast<SharedMutexModel&>(model).sharers_order.Move(self.order, what);
      return;
    case OpKind::kAtomicWait:
    case OpKind::kAtomicNotifyOne:
    case OpKind::kAtomicNotifyAll:
      ReadsFrom(model, here);
      if (op.kind == OpKind::kAtomicWait) model.order.Look(self.order, what);
      static_cast<AtomicModel&>(model).queue_order.Change(self.order, what);
      if (!failed) model.changed_by = here;
      return;
    // To share it, or a try of either kind that has failed.
    default:
      ReadsFrom(model, here);
      model.order.Look(self.order, what);
      SharersOrder& sharers = static_cast<SharedMutexModel&>(model).sharers_order;
      if (!failed) {
        sharers.Move(self.order, what);
      } else if (op.kind == OpKind::kLock || op.kind == OpKind::kTryLock) {
        sharers.Look(self.order, what);
      }
  }
}

// A key does not say whose it is. What another thread's name leaves of it is no address, but for
// one in 65,536, and none in a module but by an accident as rare as two equal hashes.
Site ControlledEngine::FindSite(SiteKey key) const {
  Site site;
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const Site tried{threads_[i]->name, key - threads_[i]->name};
    if (tried.pc >> 48 != 0) continue;
    site = tried;
    if (site.InModule()) break;
  }
  return site;
}

void ControlledEngine::AddPair(SiteKey from, SiteKey to) {
  pairs_.Add(FindSite(from), FindSite(to));
}

}  // namespace heddle
