include(GoogleTest OPTIONAL)
include(InstantexecPrecompiled)

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
  instantexec_precompile(${target} instantexec_precompiled)
endfunction()

# For the tests that read files of the checkout. A definition on the command line would keep ccache from finding in one
# checkout what another one has compiled, for every test.
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/source_dir.h" CONTENT
     "#pragma once\n#define INSTANTEXEC_SOURCE_DIR \"@PROJECT_SOURCE_DIR@\"\n" @ONLY)

# instantexec_add_test(<name> SOURCES ... DEPS ... [LABELS ...] [TIMEOUT seconds] [ON_SERVER filter])
#
# One GoogleTest binary, test_<name>; every case is its own ctest entry. The cases that match the GoogleTest filter
# ON_SERVER need a real API server: together they are the entry <name>.server, which gets the control plane of the
# end-to-end tests and is shown as skipped on a machine that cannot have one. A case among them must not skip itself
# for another reason.
function(instantexec_add_test name)
  cmake_parse_arguments(arg "" "TIMEOUT;ON_SERVER" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(target test_${name})
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_BINARY_DIR}/generated")
  target_link_libraries(${target} PRIVATE instantexec_warnings ${arg_DEPS} GTest::gmock GTest::gtest_main)
  instantexec_precompile(${target} instantexec_precompiled_tests)
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  set(filter)
  if(arg_ON_SERVER)
    set(filter TEST_FILTER "-${arg_ON_SERVER}")
    add_test(NAME ${name}.server COMMAND "${PROJECT_SOURCE_DIR}/tests/support/with_sandbox.sh" "${PROJECT_BINARY_DIR}/tests/sandbox"
                                         "$<TARGET_FILE:${target}>" "--gtest_filter=${arg_ON_SERVER}")
    set_tests_properties(
      ${name}.server
      PROPERTIES LABELS "${arg_LABELS};e2e" TIMEOUT ${arg_TIMEOUT} SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]"
                 FIXTURES_REQUIRED sandbox RESOURCE_LOCK sandbox COST 100)
  endif()
  if(NOT "${arg_ON_SERVER}" STREQUAL "*")
    gtest_discover_tests(
      ${target}
      TEST_PREFIX "${name}." ${filter}
      NO_PRETTY_VALUES # rows have names; their values are bytes, other ones in each build
      DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()
