// How composed primitives report that a rule of theirs was broken.
//
// Under control it is a finding, and the execution goes on with whatever the primitive documents
// for that case. Without an engine there is nobody to tell; only the documented effect remains.
#ifndef HEDDLE_PRIMITIVES_INTERNAL_MISUSE_H_
#define HEDDLE_PRIMITIVES_INTERNAL_MISUSE_H_

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"

namespace heddle::internal {

HEDDLE_DOOR inline void Misuse(const char* message, FindingKind kind = FindingKind::kMisuse) {
  if (Runtime* runtime = Runtime::Current()) runtime->Fail(kind, message);
}

}  // namespace heddle::internal

#endif  // HEDDLE_PRIMITIVES_INTERNAL_MISUSE_H_
