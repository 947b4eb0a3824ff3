#!/usr/bin/env bash
# Builds a preset. For release-static, the default, the result is dist/kubectl-instantexec: static, hardened, stripped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROGRAM=build
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/toolchain.sh
source scripts/lib/toolchain.sh

usage() {
  cat <<'TEXT'
Usage: scripts/build.sh [PRESET] [TARGET...]

PRESET is one of CMakePresets.json: release-static (default), dev, asan-ubsan, tsan, coverage, clang. What the build needs is
installed first, see scripts/deps.sh. The build folder is build/PRESET.
TEXT
}

preset=release-static
case "${1:-}" in
-h | --help) usage && exit 0 ;;
-*) usage >&2 && exit 2 ;;
?*) preset="$1" && shift ;;
esac

use_toolchain
if [ "$preset" = release-static ]; then
  scripts/deps.sh --static
else
  scripts/deps.sh --dev --tests
fi

say "$preset: configuring"
mkdir -p "build/$preset"
cmake --preset "$preset" >"build/$preset/configure.log" || {
  tail -n 20 "build/$preset/configure.log" >&2
  die "cmake --preset $preset failed; all of it is in build/$preset/configure.log"
}
say "$preset: building with $(jobs) jobs"
cmake --build "build/$preset" --parallel "$(jobs)" ${1+--target "$@"} >&2 ||
  die "the build failed; repeat it with: cmake --build build/$preset"

binary="build/$preset/cmd/kubectl-instantexec/kubectl-instantexec"
if [ "$preset" = release-static ]; then
  [ -x "$binary" ] || die "the build made no $binary; is lib/cli complete?"
  mkdir -p dist
  strip --strip-all --remove-section=.comment -o dist/.new "$binary"
  mv dist/.new dist/kubectl-instantexec
  say "dist/kubectl-instantexec: $(stat -c %s dist/kubectl-instantexec) bytes"
elif [ -x "$binary" ]; then
  say "$binary"
fi
