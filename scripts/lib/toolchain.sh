# shellcheck shell=bash
# Which compiler, how many jobs, and where the compiler cache is. Source it after common.sh; it runs nothing by itself.

# use_toolchain: exports CC and CXX when the default compiler is older than GCC 12 and a newer one is there, and puts
# ccache's files beside the other caches. Paths below this checkout are relative in ccache's eyes: another checkout finds
# what this one has compiled. What the caller has set stays. Call it at the top of the checkout.
use_toolchain() {
  local major
  if [ -z "${CXX:-}" ] && have g++; then
    major="$(g++ -dumpversion)"
    if [ "${major%%.*}" -lt 12 ] && have gcc-12 g++-12; then export CC=gcc-12 CXX=g++-12; fi
  fi
  export CCACHE_DIR="${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/instantexec/ccache}"
  export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$PWD}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-1}"
  # What ccache asks for before it stores what was compiled with precompiled headers.
  export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros}"
}

# jobs: as many compilers as there are processors, but no more than one per 1.5 GiB of free memory.
jobs() {
  local processors memory
  processors="$(nproc)"
  memory="$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo)"
  if [ "${memory:-0}" -lt 1 ]; then memory=1; fi
  if [ "$memory" -lt "$processors" ]; then echo "$memory"; else echo "$processors"; fi
}
