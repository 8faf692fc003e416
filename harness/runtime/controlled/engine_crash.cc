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
  if (!tearing_down_) {
    RaiseHere(kind, std::move(message), key);
    EndHere(*active_);
  }
  Abandon(*active_);
}

}  // namespace heddle
