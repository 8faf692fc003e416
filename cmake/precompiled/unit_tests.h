// What most unit tests include, compiled once for the sanitizer builds. The release build does
// without it, so that each test includes what it uses.
#ifndef HEDDLE_CMAKE_PRECOMPILED_UNIT_TESTS_H_
#define HEDDLE_CMAKE_PRECOMPILED_UNIT_TESTS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/runtime/controlled/engine.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

#endif  // HEDDLE_CMAKE_PRECOMPILED_UNIT_TESTS_H_
