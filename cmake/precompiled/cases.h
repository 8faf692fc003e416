// What most cases include, compiled once for the sanitizer builds.
#ifndef HEDDLE_CMAKE_PRECOMPILED_CASES_H_
#define HEDDLE_CMAKE_PRECOMPILED_CASES_H_

#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

#endif  // HEDDLE_CMAKE_PRECOMPILED_CASES_H_
