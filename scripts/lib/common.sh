# shellcheck shell=bash
# Helpers every script here shares. Source it; it runs nothing by itself.
# stdout belongs to results, so everything below writes to stderr.

# Exit code that test drivers read as "skipped, with a reason".
readonly EXIT_SKIP=77

# say WORD...: one line of progress.
say() { printf '%s: %s\n' "${PROGRAM:-${0##*/}}" "$*" >&2; }

# die WORD...: the job failed; exit 1.
die() { say "error: $*"; exit 1; }

# usage_error WORD...: the caller asked for something that does not exist; exit 2.
usage_error() { say "error: $*"; exit 2; }

# skip WORD...: this machine cannot do the job; exit 77 with the reason.
skip() { say "skipped: $*"; exit "$EXIT_SKIP"; }

# have COMMAND...: true if every command is on PATH.
have() {
  local c
  for c in "$@"; do command -v "$c" >/dev/null 2>&1 || return 1; done
}

# version_at_least HAVE WANT: true if dotted version HAVE >= WANT.
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# need OPTION COUNT VALUE: the option's value is among the COUNT arguments left, and says something. An empty one is what
# an unset variable of the caller leaves.
need() {
  if [ "$2" -lt 2 ] || [ -z "${3:-}" ]; then usage_error "$1 needs a value"; fi
}
