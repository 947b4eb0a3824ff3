#!/usr/bin/env bash
# Runs a program with its arguments, or exits with 77 (skipped) when it was not built.
set -euo pipefail
[ -x "$1" ] || { echo "SKIPPED: $1 is not built; scripts/test.sh builds it" >&2 && exit 77; }
exec "$@"
