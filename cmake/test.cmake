# labtwin_add_tests(LABEL TARGET FOLDER LIBRARY...): one executable of all *_test.cpp below FOLDER, one CTest case per TEST, so
# that each runs in a process of its own.
function(labtwin_add_tests label target folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cpp)
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE ${ARGN} labtwin_warnings fmt::fmt GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE LABTWIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${target} PROPERTIES LABELS ${label} TIMEOUT 120)
endfunction()
