# The mutation check of the catalogue: see mutation.sh. Its program is built by the test, not before:
# it compiles each case file once per marked line.
file(GLOB_RECURSE case_files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
     "${PROJECT_SOURCE_DIR}/cases/*.cc")
set(mutants_awk "${CMAKE_CURRENT_LIST_DIR}/mutants.awk")
set(mutant_sources "")
foreach(case_file IN LISTS case_files)
  string(REGEX REPLACE "^cases/(.*)\\.cc$" "\\1" tag "${case_file}")
  string(REPLACE "/" "_" tag "${tag}")
  set(mutant_source "${CMAKE_CURRENT_BINARY_DIR}/mutants/${tag}.cc")
  add_custom_command(
    OUTPUT "${mutant_source}"
    COMMAND awk -v "tag=${tag}" -f "${mutants_awk}" "${case_file}" > "${mutant_source}"
    DEPENDS "${PROJECT_SOURCE_DIR}/${case_file}" "${mutants_awk}"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    COMMENT "Mutants of ${case_file}" VERBATIM)
  list(APPEND mutant_sources "${mutant_source}")
endforeach()
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/mutants")

add_executable(heddle_mutants EXCLUDE_FROM_ALL ${mutant_sources})
target_link_libraries(heddle_mutants PRIVATE heddle_main)
# Most of the time goes into headers that all of them include. Each mutant is in a namespace of its
# own, and the programs' cases are known by its name.
set_target_properties(heddle_mutants PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
# A removed line leaves unused things behind; nobody reads the code that is generated here.
target_compile_options(heddle_mutants PRIVATE -w -O1 -g1)

heddle_add_script_test(conformance/mutation "${CMAKE_CURRENT_LIST_DIR}/mutation.sh" 600 conformance)
