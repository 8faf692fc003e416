// What most subcommands include, compiled once for the sanitizer builds.
#ifndef HEDDLE_CMAKE_PRECOMPILED_TOOLS_H_
#define HEDDLE_CMAKE_PRECOMPILED_TOOLS_H_

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/explore/explorer.h"

#endif  // HEDDLE_CMAKE_PRECOMPILED_TOOLS_H_
