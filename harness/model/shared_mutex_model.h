// Shared mutex: [thread.sharedmutex.requirements]. One thread exclusively or any number shared.
//
// Any order in which waiting threads may get it is possible: neither readers nor writers come
// first. An upgrade (an exclusive lock while the thread holds it shared) never completes; Holders
// tells the wait-for graph that the thread waits for itself. Taking it shared twice in one thread
// is misuse by the standard, since it deadlocks where a writer is let in first; it is allowed
// when ObjectInit::initial is 1 (POSIX).
//
// An exclusive unlock synchronises with every later lock, a shared unlock with later exclusive
// locks only ([thread.sharedmutex.requirements.general]). Both tries may fail spuriously, as a
// mutex's may.
#ifndef HEDDLE_HARNESS_MODEL_SHARED_MUTEX_MODEL_H_
#define HEDDLE_HARNESS_MODEL_SHARED_MUTEX_MODEL_H_

#include <vector>

#include "harness/model/sync_model.h"

namespace heddle {

class SharedMutexModel final : public SyncModel {
 public:
  void Reset(const ObjectInit& init) override;
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  void Holders(const Operation& op, ThreadId thread, std::vector<ThreadId>* holders) const override;
  std::string_view InUse() const override;
  uint64_t StateHash() const override;

  // For the class of the execution: of those that share it, and of tries that see them. `order` is
  // that of its owners.
  SharersOrder sharers_order;

 private:
  struct Reader {
    ThreadId thread;
    uint32_t count;  // at least 1
  };

  bool Available(const Operation& op) const;
  Reader* FindReader(ThreadId thread);
  bool Holds(ThreadId thread) { return owner_ == thread || FindReader(thread) != nullptr; }
  void LockExclusive(ThreadId thread, ModelContext& context);
  void LockShared(const Operation& op, ThreadId thread, ModelContext& context);
  void Unlock(const Operation& op, ThreadId thread, ModelContext& context, Event* event);
  void UnlockShared(const Operation& op, ThreadId thread, ModelContext& context, Event* event);

  ThreadId owner_ = kNoThread;
  std::vector<Reader> readers_;  // invariant: empty while there is an owner
  bool recursive_readers_ = false;
  SyncClock written_;  // by the last exclusive unlock
  SyncClock read_;     // joined by the shared unlocks since the last exclusive lock
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_SHARED_MUTEX_MODEL_H_
