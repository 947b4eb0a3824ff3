#!/usr/bin/env bash
# Runs the tests the way CI does: installs what they need, builds, and ends with one ctest summary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROGRAM='test'
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/toolchain.sh
source scripts/lib/toolchain.sh

usage() {
  cat <<'TEXT'
Usage: scripts/test.sh [--preset PRESET] [--no-e2e] [CTEST-ARGUMENT...]

  --preset PRESET  what the tests are compiled as: dev (default), asan-ubsan, tsan, coverage, clang
  --nightly        also the tests that repeat or wait for long
  --no-e2e         no control plane, no release binary and no fuzzing: unit, contract and check tests only

Other arguments go to ctest, for example: scripts/test.sh --preset dev --no-e2e -R journal
Tests that this machine cannot run are shown as skipped, with the reason in their output.
TEXT
}

preset=dev
e2e=yes
nightly=""
while [ $# -gt 0 ]; do
  case "$1" in
  --preset) [ $# -ge 2 ] || usage_error "--preset needs a name"; preset="$2"; shift 2 ;;
  --preset=*) preset="${1#--preset=}"; shift ;;
  --no-e2e) e2e="" && shift ;;
  --nightly) nightly=yes && shift ;;
  -h | --help) usage && exit 0 ;;
  *) break ;;
  esac
done

begin=$SECONDS
elapsed() { printf '%d min %02d s' $(((SECONDS - begin) / 60)) $(((SECONDS - begin) % 60)); }

use_toolchain
# The usual place of an installed Go, which a login shell has on its PATH and a CI job may not.
if ! have go && [ -x /usr/local/go/bin/go ]; then export PATH="$PATH:/usr/local/go/bin"; fi
build="build/$preset"
mkdir -p "$build"

scripts/deps.sh --dev --tests ${e2e:+--static}

# The control plane is built by Go beside the compiler runs: it waits for downloads while they compute.
control_plane=""
if [ -n "$e2e" ]; then
  # In a process group of its own, so that it can be ended as a whole when the build below fails or is interrupted.
  set -m
  scripts/sandbox build >"$build/control-plane.log" 2>&1 &
  control_plane=$!
  set +m
  trap 'kill -- "-$control_plane" 2>/dev/null || true' EXIT
  scripts/build.sh release-static all simulation
  say "release binary ready after $(elapsed)"
fi
scripts/build.sh "$preset"
say "tests built after $(elapsed)"

if [ -n "$control_plane" ]; then
  status=0
  wait "$control_plane" || status=$?
  trap - EXIT
  case "$status" in
  0)
    say "control plane ready after $(elapsed)"
    # What our reading of files is compared with.
    INSTANTEXEC_KUBECTL="${INSTANTEXEC_KUBECTL:-$(scripts/sandbox kubectl-path)}"
    export INSTANTEXEC_KUBECTL
    ;;
  "$EXIT_SKIP") say "no control plane, its tests will be skipped: $(tail -n 1 "$build/control-plane.log")" ;;
  *)
    tail -n 20 "$build/control-plane.log" >&2
    die "the control plane could not be built; all of it is in $build/control-plane.log"
    ;;
  esac
fi

excluded=()
[ -n "$e2e" ] || excluded+=(e2e fuzz)
[ -n "$nightly" ] || excluded+=(nightly)
selection=()
if [ ${#excluded[@]} -gt 0 ]; then selection=(--label-exclude "$(IFS='|' && echo "${excluded[*]}")"); fi
say "running the tests"
exec ctest --test-dir "$build" --output-on-failure --parallel "$(jobs)" "${selection[@]}" "$@"
