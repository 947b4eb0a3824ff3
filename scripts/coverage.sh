#!/usr/bin/env bash
# Line and branch coverage of lib/ by the tests that need no control plane.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROGRAM=coverage
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/toolchain.sh
source scripts/lib/toolchain.sh

preset=coverage
case "${1:-}" in
-h | --help)
  echo "Usage: scripts/coverage.sh [--preset clang] [GCOVR-ARGUMENT...]"
  echo "       scripts/coverage.sh --crash-safety"
  echo "Prints lines and branches of lib/ per file; the last lines are the totals. With --crash-safety only journal, lock and"
  echo "undo, by their own tests alone, with every condition that never was true or never false; takes clang and llvm."
  echo "For pages to browse: scripts/coverage.sh --html-details build/coverage/index.html"
  echo "With --preset clang the same build tells what clang warns of, and the same run what the sanitizers find."
  exit 0
  ;;
--preset)
  [ $# -ge 2 ] || usage_error "--preset needs a name"
  preset="$2"
  shift 2
  ;;
esac
if [ "${1:-}" = --crash-safety ]; then
  use_toolchain
  scripts/build.sh dev test_journal test_plan test_engine
  exec scripts/mutate.py --coverage
fi
have gcovr || die "gcovr is needed: scripts/deps.sh --lint"
use_toolchain

build="build/$preset"
scripts/build.sh "$preset"
# Counters add up over runs, and those of an earlier build belong to other code.
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" --label-exclude 'e2e|checks|fuzz|nightly' --parallel "$(jobs)" --output-on-failure >"$build/tests.log" || {
  tail -n 40 "$build/tests.log" >&2
  die "tests fail; all of it is in $build/tests.log"
}

# gcov must be of the compiler's own version. Branches that exist only for exceptions are not counted: our code does
# not throw, and every allocation would otherwise add one.
gcov=gcov
if [ "$preset" = clang ]; then
  gcov="llvm-cov gcov"
elif [[ "${CXX:-}" =~ g\+\+-([0-9]+)$ ]]; then
  gcov="gcov-${BASH_REMATCH[1]}"
fi
gcovr --root . --filter 'lib/' --gcov-executable "$gcov" --exclude-throw-branches --exclude-unreachable-branches \
  -j "$(jobs)" --json "$build/coverage.json" "$build"
if [ $# -gt 0 ]; then
  gcovr --root . --add-tracefile "$build/coverage.json" "$@"
else
  gcovr --root . --add-tracefile "$build/coverage.json" --txt --print-summary
fi
