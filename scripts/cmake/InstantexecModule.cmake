include(GoogleTest OPTIONAL)

# instantexec_add_library(<module> SOURCES ... [PUBLIC_DEPS ...] [PRIVATE_DEPS ...])
#
# One static library per module, target instantexec_<module>, alias instantexec::<module>. Headers are included from
# the root of lib/ ("model/object.h").
function(instantexec_add_library module)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC_DEPS;PRIVATE_DEPS" ${ARGN})
  set(target instantexec_${module})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(instantexec::${module} ALIAS ${target})
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/lib")
  target_link_libraries(
    ${target}
    PUBLIC instantexec_settings ${arg_PUBLIC_DEPS}
    PRIVATE instantexec_warnings ${arg_PRIVATE_DEPS})
endfunction()

# instantexec_add_test(<name> SOURCES ... DEPS ... [LABELS ...] [TIMEOUT seconds])
#
# One GoogleTest binary, test_<name>; every case is its own ctest entry.
function(instantexec_add_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(target test_${name})
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${target} PRIVATE instantexec_warnings ${arg_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE INSTANTEXEC_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  gtest_discover_tests(
    ${target}
    TEST_PREFIX "${name}."
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()
