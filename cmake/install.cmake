# What `cmake --install` lays out: the commands, the data they read, and the libraries for find_package(Labtwin).
include(CMakePackageConfigHelpers)

# labtwin_header_set(TARGET FOLDER...): the headers below these folders of the current directory belong to TARGET. Installed
# with it, and compiled alone where CMAKE_VERIFY_INTERFACE_HEADER_SETS is on.
function(labtwin_header_set target)
  list(TRANSFORM ARGN APPEND /*.hpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${ARGN})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${headers})
endfunction()

function(labtwin_install)
  set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Labtwin")
  foreach(target IN ITEMS labtwin labtwin-worker)
    if(TARGET ${target})
      install(TARGETS ${target})
    endif()
  endforeach()
  install(DIRECTORY models/catalog models/calibration scenarios DESTINATION "${CMAKE_INSTALL_DATADIR}/labtwin"
    FILES_MATCHING PATTERN "*.toml" PATTERN "*.csv" PATTERN "*.json")
  set(libraries labtwin_options labtwin_models)
  foreach(target IN ITEMS labtwin_sim labtwin_engine)
    if(TARGET ${target})
      list(APPEND libraries ${target})
    endif()
  endforeach()
  foreach(target IN LISTS libraries)
    string(REPLACE labtwin_ "" name ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  endforeach()
  install(TARGETS ${libraries} EXPORT LabtwinTargets
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/labtwin"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/labtwin")
  install(EXPORT LabtwinTargets NAMESPACE labtwin:: DESTINATION "${package_dir}")
  configure_package_config_file(cmake/LabtwinConfig.cmake.in LabtwinConfig.cmake INSTALL_DESTINATION "${package_dir}")
  write_basic_package_version_file(LabtwinConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/LabtwinConfig.cmake" "${PROJECT_BINARY_DIR}/LabtwinConfigVersion.cmake"
    DESTINATION "${package_dir}")
endfunction()
