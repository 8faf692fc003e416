#include "harness/model/once_model.h"

#include "harness/core/random.h"

namespace heddle {

void OnceModel::Reset(const ObjectInit&) {
  runner_ = kNoThread;
  done_ = false;
  ended_ = {};
}

OutcomeSet OnceModel::Possible(const Operation& op, ThreadId, const ModelContext&) const {
  if (op.kind != OpKind::kOnceEnter || runner_ == kNoThread) return Outcome::kDone;
  return {};
}

void OnceModel::Apply(const Operation& op, const Transition& by, ModelContext& context,
                      Event* event) {
  if (op.kind == OpKind::kOnceEnter) {
    context.ClockOf(by.thread).Acquire(ended_, context.arena());
    event->value = done_ ? 0 : 1;
    if (!done_) runner_ = by.thread;
  } else if (op.kind == OpKind::kOnceDone) {
    runner_ = kNoThread;
    done_ = op.operand == 1;
    context.ClockOf(by.thread).Release(&ended_);
  }
}

void OnceModel::Holders(const Operation&, ThreadId, std::vector<ThreadId>* holders) const {
  if (runner_ != kNoThread) holders->push_back(runner_);
}

std::string_view OnceModel::InUse() const { return runner_ != kNoThread ? "running" : ""; }

uint64_t OnceModel::StateHash() const { return MixSeed(Index(runner_), done_ ? 1 : 0); }

}  // namespace heddle
