// What tells this build of the program from every other: a schedule belongs to one build.
#ifndef HEDDLE_HARNESS_EXPLORE_BUILD_ID_H_
#define HEDDLE_HARNESS_EXPLORE_BUILD_ID_H_

#include <string>

namespace heddle {

// 16 hexadecimal digits: the beginning of the linker's build id, or a hash of the program's file
// where it was linked without one. Computed at the first call. Threading: one.
const std::string& BuildId();

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_BUILD_ID_H_
