// Program code that crashed or hangs: see engine.h.
#include <utility>

#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {

StackBounds ControlledEngine::RunningStack() const {
  return active_ != nullptr ? active_->donor.stack() : StackBounds{};
}

void ControlledEngine::AbandonRunning(FindingKind kind, std::string message, uint64_t key) {
  LeaveProgram();
  ThreadState& self = *active_;
  if (!tearing_down_) {
    checking_ = false;
    Annotate(Annotation::kFailure, kNoObject, 0);
    Suspicion suspicion;
    suspicion.kind = kind;
    suspicion.message = std::move(message);
    suspicion.key = key;
    suspicion.witnesses.push_back(
        Witness{std::string(NameOf(kind)), self.id, seq_, kNoObject, 0, {}, 0});
    Raise(std::move(suspicion));
    result_.end = EngineEnd::kFailed;
    tearing_down_ = true;
    self.unwinding = true;
    self.resume_after_unwind = &carrier_;
  }
  Abandon(self);
}

}  // namespace heddle
