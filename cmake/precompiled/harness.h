// What much of the harness includes of the standard library, compiled once for the sanitizer builds.
#ifndef HEDDLE_CMAKE_PRECOMPILED_HARNESS_H_
#define HEDDLE_CMAKE_PRECOMPILED_HARNESS_H_

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#endif  // HEDDLE_CMAKE_PRECOMPILED_HARNESS_H_
