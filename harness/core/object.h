// What a door tells the engine about an object at its first use in an execution.
#ifndef HEDDLE_HARNESS_CORE_OBJECT_H_
#define HEDDLE_HARNESS_CORE_OBJECT_H_

#include <cstdint>

#include "harness/core/operation.h"
#include "harness/core/value_type.h"

namespace heddle {

struct ObjectInit {
  ObjectKind kind = ObjectKind::kNone;
  const void* address = nullptr;
  uint32_t size = 0;
  ValueType value_type = ValueType::kUnknown;  // of an atomic or a variable
  // Atomic: its value. Semaphore: permits. Barrier: number of threads. Mutex: 1 when recursive.
  uint64_t initial = 0;
  uint64_t limit = 0;          // semaphore: the largest count
  const char* noun = nullptr;  // what its user calls such an object, where NameOf(kind) is not it
  const char* name = nullptr;  // declared by the user; may be null. Lives as long as the object.
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_OBJECT_H_
