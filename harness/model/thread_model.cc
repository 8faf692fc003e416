#include "harness/model/thread_model.h"

#include "harness/core/random.h"
#include "harness/model/fence.h"

namespace heddle {

OutcomeSet ThreadModel::Possible(const Operation& op, ThreadId thread,
                                 const ModelContext& context) const {
  switch (op.kind) {
    case OpKind::kJoin:
      // A join of oneself, or a second join, can only be reported: it completes at once.
      return EndsJoin(thread) ? OutcomeSet(Outcome::kDone) : OutcomeSet();
    case OpKind::kSleep:
      return context.now() >= op.deadline ? OutcomeSet(Outcome::kDone) : OutcomeSet();
    default:
      return Outcome::kDone;
  }
}

void ThreadModel::Apply(const Operation& op, const Transition& by, ModelContext& context, Event*) {
  switch (op.kind) {
    case OpKind::kSpawn:
      return Spawn(context.ClockOf(by.thread));
    case OpKind::kStart:
      return Start(context.ClockOf(by.thread), context.arena());
    case OpKind::kExit:
      return Exit(context.ClockOf(by.thread));
    case OpKind::kJoin:
      if (self_ == by.thread) {
        context.ReportMisuse(FindingKind::kMisuse, op, by.thread, "a thread joins itself");
        return;
      }
      if (!abandoned()) {
        context.ReportMisuse(FindingKind::kMisuse, op, by.thread,
                             joined_ ? "second join of a thread" : "join of a detached thread");
        return;
      }
      return Join(context.ClockOf(by.thread), context.arena());
    case OpKind::kDetach:
      if (!abandoned()) {
        context.ReportMisuse(FindingKind::kMisuse, op, by.thread,
                             joined_ ? "detach of a joined thread" : "second detach of a thread");
        return;
      }
      detached_ = true;
      return;
    case OpKind::kFence:
      ApplyFence(op.order, by.thread, context);
      return;
    default:
      return;
  }
}

void ThreadModel::Holders(const Operation& op, ThreadId, std::vector<ThreadId>* holders) const {
  if (op.kind == OpKind::kJoin && !finished_) holders->push_back(self_);
}

uint64_t ThreadModel::StateHash() const {
  return MixSeed(Index(self_), (finished_ ? 1u : 0u) | (joined_ ? 2u : 0u) | (detached_ ? 4u : 0u));
}

}  // namespace heddle
