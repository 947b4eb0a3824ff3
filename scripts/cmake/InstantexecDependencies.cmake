# Third-party packages, one target each. Modules link these names only:
#
#   nlohmann_json::nlohmann_json  instantexec_fmt  tl::expected  Threads::Threads            any module
#   OpenSSL::Crypto      base         CURL::libcurl      net          instantexec_yaml_cpp   manifest
#   instantexec_spdlog   os           instantexec_zstd   journal      tree_sitter::all       analyze
#   CLI11::CLI11         cli
#
# System packages serve every preset. tree-sitter, and libcurl for INSTANTEXEC_STATIC, come from scripts/deps.sh, which
# caches them in INSTANTEXEC_DEPS_DIR.
set(INSTANTEXEC_DEPS_DIR "" CACHE PATH "Where scripts/deps.sh keeps its results; empty for its default")

find_package(Threads REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(fmt 8 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
if(INSTANTEXEC_STATIC)
  set(OPENSSL_USE_STATIC_LIBS ON)
endif()
find_package(OpenSSL 3.0 REQUIRED)
if(INSTANTEXEC_TESTS)
  find_package(GTest REQUIRED)
endif()

find_package(tl-expected QUIET)
if(NOT TARGET tl::expected)
  find_path(TL_EXPECTED_INCLUDE_DIR tl/expected.hpp REQUIRED)
  add_library(tl::expected INTERFACE IMPORTED)
  target_include_directories(tl::expected INTERFACE "${TL_EXPECTED_INCLUDE_DIR}")
endif()

# Distributions ship {fmt} as a shared library only. The static program includes its source; everything else links it,
# which takes a quarter off the time to compile a file.
add_library(instantexec_fmt INTERFACE IMPORTED)
if(INSTANTEXEC_STATIC)
  target_link_libraries(instantexec_fmt INTERFACE fmt::fmt-header-only)
else()
  target_link_libraries(instantexec_fmt INTERFACE fmt::fmt)
endif()

# spdlog's own targets bring a {fmt} of their own choice, and a program must not have two.
find_path(SPDLOG_INCLUDE_DIR spdlog/spdlog.h REQUIRED)
add_library(instantexec_spdlog INTERFACE IMPORTED)
target_include_directories(instantexec_spdlog INTERFACE "${SPDLOG_INCLUDE_DIR}")
target_compile_definitions(instantexec_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(instantexec_spdlog INTERFACE instantexec_fmt Threads::Threads)

# instantexec_import(<target> LIBRARY <name> [HEADER <file>] [PREFIX <folder>] [LINK <target>...])
#
# An imported target for a library without a dependable CMake package: the archive for a static build, else whatever
# the linker would take. With PREFIX only that folder is searched.
function(instantexec_import target)
  cmake_parse_arguments(arg "" "LIBRARY;HEADER;PREFIX" "LINK" ${ARGN})
  set(names ${arg_LIBRARY})
  if(INSTANTEXEC_STATIC OR arg_PREFIX)
    set(names lib${arg_LIBRARY}.a)
  endif()
  set(where)
  if(arg_PREFIX)
    set(where PATHS "${arg_PREFIX}/lib" "${arg_PREFIX}/include" NO_DEFAULT_PATH)
  endif()
  # A cached answer could name another prefix than today's.
  unset(library CACHE)
  unset(include_dir CACHE)
  find_library(library NAMES ${names} ${where})
  if(NOT library)
    message(FATAL_ERROR "${names} was not found. Run scripts/deps.sh and configure again.")
  endif()
  add_library(${target} UNKNOWN IMPORTED)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${library}" INTERFACE_LINK_LIBRARIES "${arg_LINK}")
  if(arg_HEADER)
    find_path(include_dir ${arg_HEADER} ${where})
    if(NOT include_dir)
      message(FATAL_ERROR "${arg_HEADER} was not found. Run scripts/deps.sh and configure again.")
    endif()
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${include_dir}")
  endif()
  unset(library CACHE)
  unset(include_dir CACHE)
endfunction()

# instantexec_built_dependency(<name> <variable>): the folder scripts/deps.sh has put <name> into.
function(instantexec_built_dependency name variable)
  set(environment)
  if(INSTANTEXEC_DEPS_DIR)
    set(environment "INSTANTEXEC_DEPS_DIR=${INSTANTEXEC_DEPS_DIR}")
  endif()
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env ${environment} bash "${PROJECT_SOURCE_DIR}/scripts/deps.sh" --where ${name}
    OUTPUT_VARIABLE folder
    ERROR_VARIABLE message
    RESULT_VARIABLE status
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${name}: ${message}")
  endif()
  set(${variable} "${folder}" PARENT_SCOPE)
endfunction()

instantexec_built_dependency(tree-sitter tree_sitter_prefix)
instantexec_import(instantexec_zstd LIBRARY zstd HEADER zstd.h)
instantexec_import(
  tree_sitter::all
  LIBRARY tree-sitter-all
  HEADER tree_sitter/api.h
  PREFIX "${tree_sitter_prefix}"
  LINK instantexec_zstd)

set(yaml_cpp_prefix)
if(INSTANTEXEC_STATIC)
  find_library(INSTANTEXEC_YAML_CPP_ARCHIVE libyaml-cpp.a)
  if(NOT INSTANTEXEC_YAML_CPP_ARCHIVE)
    instantexec_built_dependency(yaml-cpp yaml_cpp_prefix)
  endif()
endif()
instantexec_import(instantexec_yaml_cpp LIBRARY yaml-cpp HEADER yaml-cpp/yaml.h PREFIX "${yaml_cpp_prefix}")

if(INSTANTEXEC_STATIC)
  instantexec_import(instantexec_zlib LIBRARY z)
  instantexec_import(instantexec_nghttp2 LIBRARY nghttp2)
  instantexec_import(instantexec_cares LIBRARY cares)
  instantexec_built_dependency(curl curl_prefix)
  instantexec_import(
    CURL::libcurl
    LIBRARY curl
    HEADER curl/curl.h
    PREFIX "${curl_prefix}"
    LINK instantexec_nghttp2 OpenSSL::SSL OpenSSL::Crypto instantexec_cares instantexec_zlib)
  target_compile_definitions(CURL::libcurl INTERFACE CURL_STATICLIB)
else()
  find_package(CURL 7.81 REQUIRED)
endif()
