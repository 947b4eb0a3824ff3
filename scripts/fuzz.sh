#!/usr/bin/env bash
# Builds the fuzz targets of tests/fuzz with clang's libFuzzer and runs them, from the kept corpus on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROGRAM=fuzz
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/toolchain.sh
source scripts/lib/toolchain.sh

usage() {
  cat <<'TEXT'
Usage: scripts/fuzz.sh [--seconds N] [--seed N] [--jobs N] [--no-build] [TARGET...]
       scripts/fuzz.sh --build-only [--jobs N]
       scripts/fuzz.sh --keep [TARGET...]

Runs each target (default: all of tests/fuzz/targets) for N seconds (default 60), as many at once as --jobs says, by
default as there are processors. New inputs go to build/fuzz/corpus/TARGET and are used again by the next run.

  --seed N      begin with these random numbers, instead of others each time, and with the kept corpus alone: as far as
                the time allows the same inputs are tried again, where the system lets a program have fixed addresses
  --keep        put the inputs that reach new code into tests/fuzz/corpus/TARGET, the smallest that do, up to 4 KiB each
  --build-only  build, run nothing
  --no-build    run what is built

An input that breaks something is left in build/fuzz/findings, with the command to repeat it. Exit code 77: this
machine has no libFuzzer.
TEXT
}

seconds=60
build=yes
run=yes
keep=""
parallel=""
seed=""
targets=()
while [ $# -gt 0 ]; do
  case "$1" in
  --seconds) [ $# -ge 2 ] || usage_error "--seconds needs a number"; seconds="$2"; shift ;;
  --seed) [ $# -ge 2 ] || usage_error "--seed needs a number"; seed="$2"; shift ;;
  --jobs) [ $# -ge 2 ] || usage_error "--jobs needs a number"; parallel="$2"; shift ;;
  --no-build) build="" ;;
  --build-only) run="" ;;
  --keep) keep=yes ;;
  -h | --help) usage && exit 0 ;;
  -*) usage >&2 && exit 2 ;;
  *) targets+=("$1") ;;
  esac
  shift
done

use_toolchain
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/targets/*.cc; do targets+=("$(basename "$source" .cc)"); done
fi
for target in "${targets[@]}"; do
  [ -f "tests/fuzz/targets/$target.cc" ] || usage_error "there is no target $target in tests/fuzz/targets"
done

has_libfuzzer() {
  local folder
  folder="$(mktemp -d)"
  echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' >"$folder/probe.cc"
  clang++ -fsanitize=fuzzer,address "$folder/probe.cc" -o "$folder/probe" >/dev/null 2>&1
  local status=$?
  rm -r "$folder"
  return "$status"
}

have clang clang++ || skip "clang is not installed; scripts/deps.sh --tests installs it"
has_libfuzzer || skip "clang has no libFuzzer here; scripts/deps.sh --tests installs it (libclang-rt-dev)"

: "${parallel:=$(jobs)}"
if [ -n "$build" ]; then
  mkdir -p build/fuzz
  # CC and CXX of the environment would win over the preset's.
  env -u CC -u CXX cmake --preset fuzz >build/fuzz/configure.log || {
    tail -n 20 build/fuzz/configure.log >&2
    die "cmake --preset fuzz failed; all of it is in build/fuzz/configure.log"
  }
  nice cmake --build build/fuzz --parallel "$parallel" --target fuzz >build/fuzz/build.log || {
    grep -B 2 -A 12 'error:' build/fuzz/build.log >&2 || tail -n 20 build/fuzz/build.log >&2
    die "the build failed; all of it is in build/fuzz/build.log"
  }
fi
[ -n "$run" ] || exit 0

# Any report ends the program. A hang is an input that takes half a minute; with --seed ten times as long, because there
# nothing but a hang may look like one, however busy the processors are.
# Leaks are looked for by the preset asan-ubsan: it takes a right that a container may not have.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=0 UBSAN_OPTIONS=print_stacktrace=1
hang=30
if [ -n "$seed" ]; then hang=300; fi
limits=(-max_len=4096 -timeout="$hang" -rss_limit_mb=1024 -dict=tests/fuzz/dictionary.txt -print_final_stats=1 -verbosity=1)

# fuzz_one TARGET
fuzz_one() {
  local target="$1" program="build/fuzz/tests/fuzz/fuzz_$1" log="build/fuzz/$1.log" known="build/fuzz/corpus/$1"
  local fresh="$known" begin=("tests/fuzz/corpus/$1") fixed=() status=0
  [ -x "$program" ] || die "$program is not built; run scripts/fuzz.sh --build-only"
  mkdir -p "$known" build/fuzz/findings
  if [ -n "$seed" ]; then
    fresh="build/fuzz/fresh/$target"
    rm -rf "$fresh"
    mkdir -p "$fresh"
    # Comparisons of addresses give the fuzzer ideas, those on the stack among them, which lies below the environment; so
    # does its folder when it looks into it from time to time.
    fixed=(env -i PATH=/usr/bin:/bin "ASAN_OPTIONS=$ASAN_OPTIONS" "UBSAN_OPTIONS=$UBSAN_OPTIONS")
    if setarch -R true 2>/dev/null; then fixed+=(setarch -R); fi
    # By name, because a folder lists its files in an order of its own.
    begin=("-seed=$seed" -reload=0 "-seed_inputs=$(find "tests/fuzz/corpus/$target" -type f | LC_ALL=C sort | paste -sd ,)")
  fi
  nice -n 19 "${fixed[@]}" "$program" "${limits[@]}" -max_total_time="$seconds" -artifact_prefix="build/fuzz/findings/$target-" "$fresh" \
    "${begin[@]}" >"$log" 2>&1 || status=$?
  if [ "$fresh" != "$known" ]; then
    find "$fresh" -type f -exec mv -t "$known" {} +
    rmdir "$fresh"
  fi
  if [ "$status" -eq 0 ]; then
    say "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs in $seconds s," \
      "$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1) edges reached"
  else
    tail -n 60 "$log" >&2
    say "error: $target broke; repeat it with: $program INPUT, where INPUT is in build/fuzz/findings"
    return 1
  fi
}

# keep_one TARGET: the smallest set of inputs that covers what all known ones do.
keep_one() {
  local target="$1" fresh
  fresh="$(mktemp -d)"
  "build/fuzz/tests/fuzz/fuzz_$target" -merge=1 -max_len=4096 -rss_limit_mb=1024 "$fresh" "tests/fuzz/corpus/$target" \
    "build/fuzz/corpus/$target" >"build/fuzz/$target.merge.log" 2>&1 || die "merging failed: build/fuzz/$target.merge.log"
  # Those with a name of their own are examples and regressions; the others are what a fuzzer found.
  find "tests/fuzz/corpus/$target" -type f -regextype posix-extended -regex '.*/[0-9a-f]{40}' -delete
  cp "$fresh"/* "tests/fuzz/corpus/$target/"
  rm -r "$fresh"
  say "$target: $(find "tests/fuzz/corpus/$target" -type f | wc -l) inputs kept"
}

if [ -n "$keep" ]; then
  for target in "${targets[@]}"; do keep_one "$target"; done
  exit 0
fi

failed=()
waiting=()
for target in "${targets[@]}"; do
  if [ ${#waiting[@]} -ge "$parallel" ]; then
    wait "${waiting[0]%%:*}" || failed+=("${waiting[0]#*:}")
    waiting=("${waiting[@]:1}")
  fi
  fuzz_one "$target" &
  waiting+=("$!:$target")
done
for entry in "${waiting[@]}"; do wait "${entry%%:*}" || failed+=("${entry#*:}"); done
[ ${#failed[@]} -eq 0 ] || die "broken: ${failed[*]}"
