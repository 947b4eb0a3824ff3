#!/usr/bin/env bash
# Looks at a release binary for what the compiler and linker options promise. It reads the result, not the options:
# an option that was dropped on the way shows up here.
set -euo pipefail
PROGRAM=check_hardening
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

if [ $# -ne 1 ] || [ "$1" = -h ] || [ "$1" = --help ]; then
  echo "Usage: scripts/check_hardening.sh BINARY"
  echo "Exit code: 0 hardened, 1 not (each point on a line of its own), 77 no such file"
  [ $# -eq 1 ] && exit 0 || exit 2
fi
binary="$1"
[ -e "$binary" ] || skip "$binary does not exist; build it with scripts/build.sh"
have readelf strings || skip "readelf and strings are needed (package binutils)"

failures=0
header="$(LC_ALL=C readelf -hW "$binary")"
segments="$(LC_ALL=C readelf -lW "$binary")"
dynamic="$(LC_ALL=C readelf -dW "$binary")"
sections="$(LC_ALL=C readelf -SW "$binary")"
notes="$(LC_ALL=C readelf -nW "$binary")"

pass() { printf 'ok    %s\n' "$1"; }
note() { printf 'note  %s\n' "$1"; }
flaw() {
  printf 'FAIL  %s\n' "$1"
  failures=$((failures + 1))
}

# expect NAME TEXT PATTERN / refuse NAME TEXT PATTERN
expect() { if grep -qE -- "$3" <<<"$2"; then pass "$1"; else flaw "$1: nothing matches $3"; fi; }
refuse() {
  local found
  found="$(grep -m 3 -E -- "$3" <<<"$2" || true)"
  if [ -z "$found" ]; then pass "$1"; else flaw "$1: ${found//$'\n'/; }"; fi
}

check_layout() {
  expect "position independent executable" "$header" 'Type:[[:space:]]+DYN'
  expect "PIE flag" "$dynamic" 'FLAGS_1.*PIE'
  refuse "static: no program interpreter" "$segments" 'INTERP'
  refuse "static: no shared library" "$dynamic" '\(NEEDED\)'
  refuse "no library search path" "$dynamic" '\((RPATH|RUNPATH)\)'
  expect "stack not executable" "$segments" 'GNU_STACK.* RW  '
  expect "relocations read-only" "$segments" 'GNU_RELRO'
  expect "symbols bound at start" "$dynamic" 'BIND_NOW|FLAGS.*NOW'
  refuse "no segment both writable and executable" "$segments" '^ +LOAD.* RWE '
  refuse "no text relocations" "$dynamic" 'TEXTREL'
  refuse "no debug information" "$sections" '\.debug_'
}

# A stripped binary has no names of inserted functions, but it has the message each of their handlers prints, and a
# handler is linked in only when something calls it.
check_inserted_code() {
  local text
  text="$(strings -n 8 "$binary")"
  expect "stack protector" "$text" 'stack smashing detected'
  expect "fortified functions" "$text" 'buffer overflow detected'
  expect "library assertions" "$text" "Assertion '.*' failed"
  refuse "no path of the build machine" "$text" "(^|[^[:alnum:]])(/home/|/root/|/tmp/[[:alnum:]]|$(printf '%s' "$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)" | sed 's/[][\.*^$+?(){}|]/\\&/g'))"
}

# A name service of glibc leaves the name of its lookup function behind even when the binary is stripped.
check_no_name_service() {
  refuse "no name service of the C library" "$(strings -n 8 "$binary")" '^__nss_[a-z_]+lookup|Illegal status in __nss'
}

# Control-flow protection is all or nothing: the linker drops the mark when a single object lacks it. So the mark can be
# asked for only where the C library's own start code has it (Ubuntu; not Debian 12).
check_control_flow() {
  local start
  [ "$(uname -m)" = x86_64 ] || return 0
  if grep -q 'IBT.*SHSTK' <<<"$notes"; then
    pass "control-flow protection"
    return
  fi
  start="$("${CC:-cc}" -print-file-name=rcrt1.o 2>/dev/null || true)"
  if [ -e "$start" ] && LC_ALL=C readelf -nW "$start" | grep -q 'IBT.*SHSTK'; then
    flaw "control-flow protection: the C library has it, the binary does not"
  else
    note "control-flow protection: the C library of this machine was built without it, so no binary here can have it"
  fi
}

check_layout
check_inserted_code
check_no_name_service
check_control_flow
[ "$failures" -eq 0 ] || die "$binary: $failures point(s) missing; see scripts/cmake/InstantexecHardening.cmake"
