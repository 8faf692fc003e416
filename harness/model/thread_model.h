// A thread as an object: what it can be asked to do by itself (start, yield, sleep, fence) and by
// others (join, detach).
//
// A spawn synchronises with the start of the new thread, its end with a join
// ([thread.thread.constr]/6, [thread.thread.member]/5).
#ifndef HEDDLE_HARNESS_MODEL_THREAD_MODEL_H_
#define HEDDLE_HARNESS_MODEL_THREAD_MODEL_H_

#include "harness/model/sync_model.h"

namespace heddle {

class ThreadModel final : public SyncModel {
 public:
  void Reset(const ObjectInit&) override {
    self_ = kNoThread;
    finished_ = joined_ = detached_ = false;
    spawned_ = {};
    exited_ = {};
  }
  OutcomeSet Possible(const Operation& op, ThreadId thread,
                      const ModelContext& context) const override;
  void Apply(const Operation& op, const Transition& by, ModelContext& context,
             Event* event) override;
  void Holders(const Operation& op, ThreadId thread, std::vector<ThreadId>* holders) const override;
  uint64_t StateHash() const override;

  // What Apply does for the three events of every thread's life, for the engine to inline.
  void Spawn(ThreadClock& parent) { parent.Release(&spawned_); }
  void Start(ThreadClock& self, ClockArena& arena) { self.Acquire(spawned_, arena); }
  void Exit(ThreadClock& self) {
    finished_ = true;
    self.Release(&exited_);
  }

  // And for a join: whether it completes, and what it does if it is in order.
  bool EndsJoin(ThreadId joining) const {
    return finished_ || self_ == joining || !abandoned();
  }
  bool MayBeJoinedBy(ThreadId joining) const { return self_ != joining && abandoned(); }
  void Join(ThreadClock& joining, ClockArena& arena) {
    joined_ = true;
    joining.Acquire(exited_, arena);
  }

  // The thread that this is; set by the engine after Reset.
  void Bind(ThreadId self) { self_ = self; }
  ThreadId self() const { return self_; }
  bool finished() const { return finished_; }
  // Neither joined nor detached: an error when the execution ends.
  bool abandoned() const { return !joined_ && !detached_; }

 private:
  ThreadId self_ = kNoThread;
  bool finished_ = false;
  bool joined_ = false;
  bool detached_ = false;
  SyncClock spawned_;   // by the parent
  SyncClock exited_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_MODEL_THREAD_MODEL_H_
