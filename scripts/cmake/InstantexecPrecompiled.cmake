# The headers nearly every file has in common, read once instead of once for each file: a third off a build that finds
# nothing in the compiler's cache. Every file still includes what it uses; the preset `fuzz` compiles without these and so
# finds what is missing.
option(INSTANTEXEC_PRECOMPILE "Precompile the headers of the libraries used everywhere" ON)

set(instantexec_common_headers
    <algorithm> <array> <functional> <map> <memory> <optional> <set> <span> <string> <string_view> <utility> <variant>
    <vector> <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)

# instantexec_precompile(<target> <from>): the target begins each file with the headers that <from> has compiled.
function(instantexec_precompile target from)
  if(TARGET ${from})
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()

if(NOT INSTANTEXEC_PRECOMPILE)
  return()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # So that ccache can tell from a preprocessed file what was precompiled.
  target_compile_options(instantexec_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/precompiled.cc" CONTENT "int main() {}\n")
add_library(instantexec_precompiled STATIC "${PROJECT_BINARY_DIR}/precompiled.cc")
target_link_libraries(instantexec_precompiled PRIVATE instantexec_settings instantexec_fmt nlohmann_json::nlohmann_json
                                                      tl::expected)
target_precompile_headers(instantexec_precompiled PRIVATE ${instantexec_common_headers})
if(INSTANTEXEC_TESTS)
  # A program, because position independence is another in programs than in libraries.
  add_executable(instantexec_precompiled_tests "${PROJECT_BINARY_DIR}/precompiled.cc")
  target_link_libraries(instantexec_precompiled_tests PRIVATE instantexec_settings instantexec_fmt tl::expected
                                                              nlohmann_json::nlohmann_json GTest::gmock)
  target_precompile_headers(instantexec_precompiled_tests PRIVATE ${instantexec_common_headers} <gmock/gmock.h>
                            <gtest/gtest.h>)
endif()
