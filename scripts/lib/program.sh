# shellcheck shell=bash
# The program this repository builds, for scripts that run it. Source it after common.sh, in the repository's root; it
# runs nothing by itself.

# use_program: sets BINARY. INSTANTEXEC_BINARY names one to use as it is; otherwise it is dist/kubectl-instantexec,
# built first when it is missing or older than its sources.
use_program() {
  BINARY="${INSTANTEXEC_BINARY:-}"
  if [ -n "$BINARY" ]; then
    [ -x "$BINARY" ] || usage_error "INSTANTEXEC_BINARY names $BINARY, which is not a program"
    BINARY="$(realpath "$BINARY")"
    return
  fi
  BINARY="$PWD/dist/kubectl-instantexec"
  if [ -x "$BINARY" ] && [ -z "$(find CMakeLists.txt CMakePresets.json cmd lib scripts/cmake scripts/deps.lock \
    -newer "$BINARY" -type f -print -quit)" ]; then
    return
  fi
  say "building $BINARY (the first time this takes some minutes)"
  # Only the exit code is of interest: everything it has to say goes to stderr.
  scripts/build.sh release-static >&2
}

readonly BASELINES=config/baselines
readonly BASELINES_NAMESPACE=synergymesh-system

# baselines_for NAMESPACE: the folder with the baseline manifests for it; a copy, unless it is the one they are for.
baselines_for() {
  local file folder="build/baselines/$1"
  if [ "$1" = "$BASELINES_NAMESPACE" ]; then
    echo "$BASELINES"
    return
  fi
  [[ "$1" =~ ^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$ ]] || usage_error "\"$1\" is no name of a namespace"
  rm -rf "$folder"
  mkdir -p "$folder"
  for file in "$BASELINES"/*.yaml; do sed "s/$BASELINES_NAMESPACE/$1/g" "$file" >"$folder/${file##*/}"; done
  echo "$folder"
}

# absolute PATH: PATH as seen from the folder the caller was in, kept in CALLER_DIR.
absolute() {
  case "$1" in
  /* | -) printf '%s\n' "$1" ;;
  *) printf '%s\n' "$CALLER_DIR/$1" ;;
  esac
}
