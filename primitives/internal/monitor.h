// The mutex of a composed primitive: a heddle::Mutex that stands for the whole primitive in
// annotations.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_MONITOR_H_
#define HEDDLE_PRIMITIVES_INTERNAL_MONITOR_H_

#include <cstdint>

#include "harness/runtime/runtime.h"
#include "primitives/mutex.h"

namespace heddle::internal {

class MonitorMutex : public Mutex {
 public:
  explicit constexpr MonitorMutex(const char* name) : Mutex(name) {}

  // What has just been done to the primitive, for reports and detectors.
  void Annotate(Annotation what, uint64_t argument = 0) {
    if (Runtime* runtime = Runtime::Current()) runtime->Annotate(what, Id(*runtime), argument);
  }
};

}  // namespace heddle::internal

#endif  // HEDDLE_PRIMITIVES_INTERNAL_MONITOR_H_
