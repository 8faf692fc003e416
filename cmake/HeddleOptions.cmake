# What every target is compiled with, whichever preset is chosen.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(HEDDLE_SANITIZER "" CACHE STRING "Sanitizer: empty, address-undefined or thread")
set_property(CACHE HEDDLE_SANITIZER PROPERTY STRINGS "" address-undefined thread)
if(NOT HEDDLE_SANITIZER MATCHES "^(|address-undefined|thread)$")
  message(FATAL_ERROR "HEDDLE_SANITIZER is '${HEDDLE_SANITIZER}'; expected nothing, "
                      "address-undefined or thread")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

# `cmake --compile-no-warning-as-error` lets an untried compiler build it all the same.
if(NOT DEFINED CMAKE_COMPILE_WARNING_AS_ERROR)
  set(CMAKE_COMPILE_WARNING_AS_ERROR ON)
endif()
add_compile_options(-Wall -Wextra)
# libstdc++ 12's std::stable_sort calls what libstdc++ 12 calls deprecated, and clang says so at every
# use of it. g++ still reports the deprecated things that this project itself calls.
add_compile_options($<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
# g++ 12 at -O3 warns of copies of std::string with lengths that they cannot have.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
# Ubuntu's compilers define it unasked, Debian's do not: the same code and warnings on both.
add_compile_options(-U_FORTIFY_SOURCE)

# Address and undefined-behaviour checks watch the harness too. ThreadSanitizer must not: see
# heddle_harness and heddle_primitives for who is compiled with it.
if(HEDDLE_SANITIZER STREQUAL "address-undefined")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer)
  # Objects on the stack stay on the thread's own, so that they lie at the same addresses under every
  # schedule. (g++ does so unasked.)
  add_compile_options($<$<CXX_COMPILER_ID:Clang>:-fsanitize-address-use-after-return=never>)
  # g++ 12 warns of libstdc++'s own std::function in <regex> when sanitizers are on.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()

find_program(HEDDLE_CCACHE ccache)
mark_as_advanced(HEDDLE_CCACHE)
if(HEDDLE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Or it keeps nothing that is compiled with a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros "${HEDDLE_CCACHE}")
  add_compile_options("$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endif()

# What the target's files have in common (precompiled/NAME.h) is compiled once in the sanitizer
# builds, of which a test run needs two. The release build does without it, so that each file
# includes what it uses.
function(heddle_precompile_for_sanitizers target name)
  if(NOT HEDDLE_SANITIZER STREQUAL "")
    target_precompile_headers(${target} PRIVATE
      "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/cmake/precompiled/${name}.h>")
  endif()
endfunction()
