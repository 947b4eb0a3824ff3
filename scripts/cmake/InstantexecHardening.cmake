# How the static release is compiled and linked: the compiler hardening guide of the OpenSSF, in options GCC 12 and
# clang 14 both know. scripts/check_hardening.sh looks at the result rather than at this list.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceRuns)
add_library(instantexec_hardening INTERFACE)

# The linker option -static-pie asks for -fPIE in every object; CMake's own setting would be -fPIC, which costs speed.
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
set(CMAKE_LINK_SEARCH_START_STATIC ON)
set(CMAKE_LINK_SEARCH_END_STATIC ON)

target_compile_options(
  instantexec_hardening
  INTERFACE -fPIE
            -U_FORTIFY_SOURCE
            -D_FORTIFY_SOURCE=3
            -fstack-protector-strong
            -ffunction-sections
            -fdata-sections
            # No path of the machine that built it, so that two machines build the same bytes.
            -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
foreach(option -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero)
  string(MAKE_C_IDENTIFIER "INSTANTEXEC_HAS${option}" variable)
  check_cxx_compiler_flag(${option} ${variable})
  if(${variable})
    target_compile_options(instantexec_hardening INTERFACE ${option})
  endif()
endforeach()

target_link_options(
  instantexec_hardening
  INTERFACE
  -static-pie
  -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
  -Wl,--gc-sections
  -Wl,--build-id=sha1)

# The code starts at an address whose distance from its place in the file is no multiple of 2 MiB, so that the kernel
# cannot map it in huge pages. It does that with a file just written, and a process which touches a few functions then
# counts as using all of them: 12 MiB instead of 5 MiB for `version`.
target_link_options(instantexec_hardening INTERFACE -Wl,--section-start=.init=0x110000)

# Packed relocations are 5 % of the binary smaller. The linker may know them while the C library (before 2.36) cannot
# start such a program, so this asks a program rather than the linker.
set(CMAKE_REQUIRED_FLAGS -fPIE)
set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie -Wl,-z,pack-relative-relocs)
check_cxx_source_runs("static int value; int* volatile pointer = &value; int main() { return *pointer; }"
                      INSTANTEXEC_HAS_PACKED_RELOCATIONS)
unset(CMAKE_REQUIRED_FLAGS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(INSTANTEXEC_HAS_PACKED_RELOCATIONS)
  target_link_options(instantexec_hardening INTERFACE -Wl,-z,pack-relative-relocs)
endif()
