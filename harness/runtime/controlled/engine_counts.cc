// Counts of owners that the program's standard library keeps (runtime/shared_count.h). To let go of
// what others own, or have owned, is a step: who is left to destroy it depends on the order. What
// the only owner there ever was does nobody else can tell. See engine.h.
#include "harness/model/shared_count_model.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

ObjectId ControlledEngine::SharedCountObject(const int* count) {
  HarnessScope scope;
  return Resolve(shared_counts_[count], [count] {
    return ObjectInit{.kind = ObjectKind::kSharedCount, .address = count, .size = sizeof *count};
  });
}

void ControlledEngine::OnSharedCountFalls(const int* count, uintptr_t pc) {
  // The library tells of both counts of a pointer, one behind the other, when one reference goes.
  const bool goes_with_last = count - 1 == last_disowned_ && seq_ == last_disowned_at_;
  if ((tearing_down_ | checking_) || goes_with_last) return;
  if (*count == 1 && !shared_counts_.contains(count)) return;
  Operation op{.kind = OpKind::kDisown, .object = SharedCountObject(count)};
  op.pc = pc;
  LeaveProgram();
  if constexpr (kThreadSanitizer) TakeSanitizerReports(*active_);
  if (unusual_) {
    PerformUnusually(op);
  } else if constexpr (kThreadSanitizer) {
    PerformOpenEvent(op);
  } else {
    PerformStep(op);
  }
  last_disowned_ = count;
  last_disowned_at_ = seq_;
}

// Part of the step that the count fell in. Another may come to lie there.
void ControlledEngine::OnSharedCountIsGone(const int* count) {
  const auto found = shared_counts_.find(count);
  if (found == shared_counts_.end() || (tearing_down_ | checking_)) return;
  HarnessScope scope;
  const auto& model = static_cast<const SharedCountModel&>(objects_[found->second.id()]);
  active_->clock.Acquire(model.fallen(), arena());
  shared_counts_.erase(found);
}

}  // namespace heddle
