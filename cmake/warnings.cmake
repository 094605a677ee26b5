# The warnings of every labtwin target; errors with LABTWIN_WERROR, as in CI.
add_library(labtwin_warnings INTERFACE)
target_compile_options(labtwin_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wnull-dereference
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op
    -Wno-maybe-uninitialized> # g++ 12 suspects members of every moved string
  $<$<BOOL:${LABTWIN_WERROR}>:-Werror>)
