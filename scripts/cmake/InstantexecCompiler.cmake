# Two INTERFACE targets every module links: what the language settings are, and what the compiler warns about.
add_library(instantexec_settings INTERFACE)
add_library(instantexec_warnings INTERFACE)

target_compile_features(instantexec_settings INTERFACE cxx_std_20)
target_compile_definitions(instantexec_settings INTERFACE _GLIBCXX_ASSERTIONS)
target_compile_options(instantexec_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wformat=2
                                                      -Werror=format-security)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside inlined standard-library code, not in ours (gcc bugs 105329, 105562).
  target_compile_options(instantexec_warnings INTERFACE -Wno-restrict)
endif()

if(INSTANTEXEC_SANITIZE)
  target_compile_options(instantexec_settings INTERFACE -fsanitize=${INSTANTEXEC_SANITIZE}
                                                        -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(instantexec_settings INTERFACE -fsanitize=${INSTANTEXEC_SANITIZE})
endif()

if(INSTANTEXEC_COVERAGE)
  target_compile_options(instantexec_settings INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(instantexec_settings INTERFACE --coverage)
endif()

if(INSTANTEXEC_STATIC)
  include(InstantexecHardening)
  target_link_libraries(instantexec_settings INTERFACE instantexec_hardening)
endif()

# ccache makes a second build of the same sources cheap; used when the machine has it.
find_program(INSTANTEXEC_CCACHE ccache)
if(INSTANTEXEC_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${INSTANTEXEC_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${INSTANTEXEC_CCACHE}")
endif()
