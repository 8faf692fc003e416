# Users write <heddle/mutex.h>; the source tree says "primitives/mutex.h". For every public header
# a forwarding header is made in the build folder, and <heddle/heddle.h> includes all of them. They
# say what would else be told by errors deep inside of other headers.

set(HEDDLE_FORWARD_DIR "${PROJECT_BINARY_DIR}/include")

file(GLOB HEDDLE_PUBLIC_HEADERS CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
     "${PROJECT_SOURCE_DIR}/primitives/*.h" "${PROJECT_SOURCE_DIR}/harness/explore/case.h")

set(required [[
#ifndef __cpp_exceptions
#error "Heddle unwinds the threads of an execution that failed: compile without -fno-exceptions"
#endif
]])
set(forwards "")
set(include_lines "")
foreach(header IN LISTS HEDDLE_PUBLIC_HEADERS)
  get_filename_component(name "${header}" NAME)
  list(APPEND forwards "${name}")
  string(APPEND include_lines "#include \"${header}\"\n")
  file(CONFIGURE OUTPUT "${HEDDLE_FORWARD_DIR}/heddle/${name}"
       CONTENT "${required}#include \"${header}\"\n" @ONLY)
endforeach()
file(CONFIGURE OUTPUT "${HEDDLE_FORWARD_DIR}/heddle/heddle.h" CONTENT "${required}${include_lines}"
     @ONLY)

# A header that was renamed or removed must not stay reachable from an old build folder.
file(GLOB present RELATIVE "${HEDDLE_FORWARD_DIR}/heddle" "${HEDDLE_FORWARD_DIR}/heddle/*.h")
list(REMOVE_ITEM present heddle.h ${forwards})
foreach(name IN LISTS present)
  file(REMOVE "${HEDDLE_FORWARD_DIR}/heddle/${name}")
endforeach()
