# cmake --install: the command, the libraries, the headers and what find_package(heddle) reads.
#
#   include/heddle/<name>.h            what users include
#   include/heddle/internal/           the source tree's own headers, under their own paths
#
# The second folder is an include folder of its own: were include/heddle one, its semaphore.h would
# hide POSIX's <semaphore.h>, which <semaphore> includes.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/heddle")

foreach(target heddle_harness heddle_primitives heddle_main)
  if(TARGET ${target})
    install(TARGETS ${target} EXPORT heddleTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    set(exported TRUE)
  endif()
endforeach()
if(TARGET heddle)
  install(TARGETS heddle RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

install(DIRECTORY "${HEDDLE_FORWARD_DIR}/heddle" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
foreach(folder harness primitives)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}"
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heddle/internal FILES_MATCHING PATTERN "*.h")
endforeach()

if(exported)
  install(EXPORT heddleTargets NAMESPACE heddle:: DESTINATION ${package_dir})
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/heddleConfig.cmake.in"
                                "${PROJECT_BINARY_DIR}/heddleConfig.cmake"
                                INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/heddleConfigVersion.cmake"
                                   COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/heddleConfig.cmake"
                "${PROJECT_BINARY_DIR}/heddleConfigVersion.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/FindLibDw.cmake"
          DESTINATION ${package_dir})
endif()
