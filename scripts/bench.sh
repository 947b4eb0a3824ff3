#!/usr/bin/env bash
# Measures the program beside kubectl on the control plane of scripts/sandbox. It asserts nothing.
set -euo pipefail
CALLER_DIR="$PWD"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROGRAM=bench
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/program.sh
source scripts/lib/program.sh

usage() {
  cat <<'TEXT'
Usage: scripts/bench.sh [objects N] [health] [watch] [labels] [scale] [start] [--repeats R] [--json FILE]

  objects N   deploy N objects (a quarter each ConfigMap, ServiceAccount, Service, Deployment) and wait until all are
              healthy, beside `kubectl apply --server-side` and `kubectl rollout status`; then the same again, unchanged.
              Directly, and over a line with a round trip of 40 ms. Repeatable
  health      how long it takes to say that a rollout cannot succeed, and of what; beside `kubectl rollout status` and
              `helm --wait`, which is built from its Go module the first time. Its figures go to build/health.json
  watch       5,000 watched objects: processor time, memory, time to the verdict. Its figures go to build/watch.json
  labels      how often the health rules are right about the labelled custom resources of $INSTANTEXEC_TEST_DATA, with every
              API group left out in turn and with the bundled rules. Needs no cluster, but the unit tests of `status`
  scale       1,000 and 5,000 objects of 4 KiB and one of 900 KiB, the recovery of 100 and of 5,000, and 500 releases in a
              row, each beside its bar. Takes a quarter of an hour
  start       time and peak memory of `version`, and the size of the program

Without a choice: start, objects 100, objects 500, health. Medians of R runs (default 5), taken in turns, each in a
fresh namespace. FILE (default build/bench.json) gets every figure. Needs a C compiler for the program that measures.
TEXT
}

arguments=()
chosen=""
labels=""
scale=""
verdicts=""
watch=""
repeats=""
json="$PWD/build/bench.json"
while [ $# -gt 0 ]; do
  case "$1" in
  objects)
    { [ $# -ge 2 ] && [[ "$2" =~ ^[1-9][0-9]*$ ]]; } || usage_error "objects needs a number"
    arguments+=(--objects "$2") chosen=yes
    shift 2
    ;;
  start) arguments+=("--$1") chosen=yes; shift ;;
  health) verdicts=yes chosen=yes; shift ;;
  watch) watch=yes chosen=yes; shift ;;
  labels) labels=yes; shift ;;
  scale) scale=yes; shift ;;
  --repeats) [ $# -ge 2 ] || usage_error "$1 needs a number"; repeats="$2"; shift 2 ;;
  --json) [ $# -ge 2 ] || usage_error "$1 needs a file"; json="$(absolute "$2")"; shift 2 ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; usage_error "unknown argument $1" ;;
  esac
done
if [ -n "$labels" ]; then
  tests="${INSTANTEXEC_STATUS_TESTS:-build/dev/tests/unit/status/test_status}"
  [ -x "$tests" ] || usage_error "labels needs $tests; build it with: ninja -C build/dev test_status"
  "$tests" --gtest_filter='Corpus.*' | grep -E '%|SKIPPED|is not there|Failure' || true
  [ -n "$chosen$scale" ] || exit 0
fi
[ -n "$chosen$scale" ] || { arguments+=(--start --objects 100 --objects 500) && verdicts=yes; }

use_program
export INSTANTEXEC_BINARY="$BINARY"
if [ "${arguments[*]}" = --start ] && [ -z "$verdicts$watch$scale" ]; then
  INSTANTEXEC_KUBECTL="${INSTANTEXEC_KUBECTL:-$(scripts/sandbox kubectl-path)}"
  export INSTANTEXEC_KUBECTL
elif [ -z "${INSTANTEXEC_SANDBOX_KUBECONFIG:-}" ]; then
  # A control plane of its own: what others do on a shared one would be measured too.
  folder="$(mktemp -d)"
  trap 'scripts/sandbox down --dir "$folder/it" && rm -rf "$folder"' EXIT
  INSTANTEXEC_SANDBOX_KUBECONFIG="$(scripts/sandbox up --dir "$folder/it")"
  export INSTANTEXEC_SANDBOX_KUBECONFIG
fi
if [ -n "$scale" ]; then python3 tests/bench/scale.py --json "${json%.json}-scale.json"; fi
if [ ${#arguments[@]} -gt 0 ]; then
  python3 tests/bench/bench.py --json "$json" ${repeats:+--repeats "$repeats"} "${arguments[@]}"
fi
if [ -n "$verdicts" ]; then
  python3 tests/bench/verdict_bench.py --json build/health.json ${repeats:+--repeats "$repeats"}
fi
if [ -n "$watch" ]; then python3 tests/bench/watch_bench.py --json build/watch.json; fi
