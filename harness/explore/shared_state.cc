#include "harness/explore/shared_state.h"

#include <sys/mman.h>

namespace heddle {

void SharedStateDeleter::operator()(SharedState* state) const {
  ::munmap(state, sizeof(SharedState));
}

SharedStatePtr MakeSharedState() {
  void* const memory = ::mmap(nullptr, sizeof(SharedState), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  // No constructor: it would write all of the log. Zeros are a valid state of every field.
  SharedStatePtr state(static_cast<SharedState*>(memory));
  state->Reset();
  return state;
}

}  // namespace heddle
