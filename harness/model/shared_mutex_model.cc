#include "harness/model/shared_mutex_model.h"

#include <algorithm>

#include "harness/core/random.h"

namespace heddle {
namespace {

bool IsShared(OpKind kind) {
  return kind == OpKind::kLockShared || kind == OpKind::kTryLockShared ||
         kind == OpKind::kUnlockShared;
}

}  // namespace

void SharedMutexModel::Reset(const ObjectInit& init) {
  owner_ = kNoThread;
  readers_.clear();
  recursive_readers_ = init.initial == 1;
  written_ = {};
  read_ = {};
  sharers_order.Clear();
}

bool SharedMutexModel::Available(const Operation& op) const {
  return owner_ == kNoThread && (IsShared(op.kind) || readers_.empty());
}

OutcomeSet SharedMutexModel::Possible(const Operation& op, ThreadId,
                                      const ModelContext& context) const {
  const bool available = Available(op);
  switch (op.kind) {
    case OpKind::kTryLock:
    case OpKind::kTryLockShared:
      return available ? context.SuccessOfTry() : Outcome::kFailed;
    case OpKind::kLock:
    case OpKind::kLockShared:
      return context.WaitFor(available, op.deadline);
    default:
      return Outcome::kDone;
  }
}

void SharedMutexModel::Apply(const Operation& op, const Transition& by, ModelContext& context,
                             Event* event) {
  if (op.kind == OpKind::kUnlock) return Unlock(op, by.thread, context, event);
  if (op.kind == OpKind::kUnlockShared) return UnlockShared(op, by.thread, context, event);
  if (by.outcome != Outcome::kDone) {
    const bool is_try = op.kind == OpKind::kTryLock || op.kind == OpKind::kTryLockShared;
    if (is_try && Holds(by.thread)) {
      context.ReportMisuse(FindingKind::kMisuse, op, by.thread,
                           "try_lock of a shared mutex that the thread holds already (undefined "
                           "by [thread.sharedmutex.class])");
    }
    return;
  }
  if (IsShared(op.kind)) {
    LockShared(op, by.thread, context);
  } else {
    LockExclusive(by.thread, context);
  }
}

void SharedMutexModel::LockExclusive(ThreadId thread, ModelContext& context) {
  owner_ = thread;
  context.ClockOf(thread).Acquire(written_, context.arena());
  context.ClockOf(thread).Acquire(read_, context.arena());
  read_ = {};  // whatever comes after this owner's unlock gets it from there
}

void SharedMutexModel::LockShared(const Operation& op, ThreadId thread, ModelContext& context) {
  if (Reader* reader = FindReader(thread)) {
    ++reader->count;
    if (!recursive_readers_) {
      context.ReportMisuse(FindingKind::kMisuse, op, thread,
                           "shared lock of a shared mutex that the thread holds shared already "
                           "(undefined by [thread.sharedmutex.class]; deadlocks where a waiting "
                           "writer goes first)");
    }
  } else {
    readers_.push_back(Reader{thread, 1});
  }
  context.ClockOf(thread).Acquire(written_, context.arena());
}

void SharedMutexModel::Unlock(const Operation& op, ThreadId thread, ModelContext& context,
                              Event* event) {
  if (owner_ == thread) {
    owner_ = kNoThread;
    context.ClockOf(thread).Release(&written_);
    return;
  }
  event->by.outcome = Outcome::kFailed;
  context.ReportMisuse(
      FindingKind::kMisuse, op, thread,
      FindReader(thread) != nullptr ? "unlock of a shared mutex that the thread holds shared: "
                                      "unlock_shared is meant"
      : owner_ == kNoThread         ? "unlock of a shared mutex that is not locked exclusively"
                                    : "unlock of a shared mutex that another thread holds");
}

void SharedMutexModel::UnlockShared(const Operation& op, ThreadId thread, ModelContext& context,
                                    Event* event) {
  if (Reader* reader = FindReader(thread)) {
    if (--reader->count == 0) readers_.erase(readers_.begin() + (reader - readers_.data()));
    context.ClockOf(thread).ReleaseJoin(&read_, context.arena());
    return;
  }
  event->by.outcome = Outcome::kFailed;
  context.ReportMisuse(FindingKind::kMisuse, op, thread,
                       owner_ == thread
                           ? "unlock_shared of a shared mutex that the thread holds exclusively: "
                             "unlock is meant"
                           : "unlock_shared of a shared mutex that the thread does not hold");
}

SharedMutexModel::Reader* SharedMutexModel::FindReader(ThreadId thread) {
  const auto at = std::find_if(readers_.begin(), readers_.end(),
                               [thread](const Reader& reader) { return reader.thread == thread; });
  return at != readers_.end() ? &*at : nullptr;
}

// Oneself last, so that of two threads that both upgrade the cycle through both is found.
void SharedMutexModel::Holders(const Operation& op, ThreadId thread,
                               std::vector<ThreadId>* holders) const {
  if (owner_ != kNoThread) holders->push_back(owner_);
  if (IsShared(op.kind)) return;
  bool upgrade = false;
  for (const Reader& reader : readers_) {
    if (reader.thread == thread) {
      upgrade = true;
    } else {
      holders->push_back(reader.thread);
    }
  }
  if (upgrade) holders->push_back(thread);
}

std::string_view SharedMutexModel::InUse() const {
  if (owner_ != kNoThread) return "locked";
  return readers_.empty() ? "" : "locked shared";
}

uint64_t SharedMutexModel::StateHash() const {
  uint64_t readers = 0;  // a sum: the order of the readers means nothing
  for (const Reader& reader : readers_) readers += MixSeed(Index(reader.thread), reader.count);
  return MixSeed(Index(owner_), readers);
}

}  // namespace heddle
