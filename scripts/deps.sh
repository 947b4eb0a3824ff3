#!/usr/bin/env bash
# Installs what building and testing need: system packages with apt on Debian and Ubuntu, and the libraries which the
# distribution does not offer in a usable form, built once into a cache folder.
set -euo pipefail
# shellcheck source=scripts/deps/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/deps/common.sh"
# shellcheck source=scripts/deps/apt.sh
source "$recipes/apt.sh"
# shellcheck source=scripts/deps/tree-sitter.sh
source "$recipes/tree-sitter.sh"
# shellcheck source=scripts/deps/curl.sh
source "$recipes/curl.sh"
# shellcheck source=scripts/deps/yaml-cpp.sh
source "$recipes/yaml-cpp.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/deps.sh [--dev] [--static] [--tests] [--lint] [--tree-sitter] [--no-apt]
       scripts/deps.sh --where NAME

  --dev          what every build needs: compiler, libraries, tree-sitter
  --static       what the static release needs besides: a minimal static libcurl
  --tests        what the tests need besides
  --lint         what scripts/lint.sh and scripts/coverage.sh need besides
  --tree-sitter  only the tree-sitter library; needs npm, a C compiler and libzstd, works on any distribution
  --no-apt       install no system packages; say which are missing and stop
  --where NAME   print the folder of tree-sitter, curl or yaml-cpp; fails when it has not been built

Without options: --dev --static. Built libraries go to $INSTANTEXEC_DEPS_DIR, by default
${XDG_CACHE_HOME:-~/.cache}/instantexec/deps.
TEXT
}

where() {
  local prefix
  case "$1" in
  tree-sitter | curl | yaml-cpp) ;;
  *) fail "there is no dependency named $1" "use tree-sitter, curl or yaml-cpp" ;;
  esac
  prefix="$(prefix_of "$1")"
  [ -e "$prefix/.complete" ] || fail "$1 has not been built for this machine" "run scripts/deps.sh"
  printf '%s\n' "$prefix"
}

main() {
  local want_dev="" want_static="" want_tests="" want_lint="" want_tree_sitter="" packages=()
  while [ $# -gt 0 ]; do
    case "$1" in
    --dev) want_dev=1 ;;
    --static) want_dev=1 want_static=1 ;;
    --tests) want_tests=1 ;;
    --lint) want_lint=1 ;;
    --tree-sitter) want_tree_sitter=1 ;;
    --no-apt) export INSTANTEXEC_NO_APT=1 ;;
    --where)
      where "${2:-}"
      exit
      ;;
    --recipe) # see ensure in deps/common.sh; not in a list with &&, where `set -e` would be off
      "${2//-/_}_build" "$3"
      exit
      ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
  done
  if [ -z "$want_dev$want_static$want_tests$want_lint$want_tree_sitter" ]; then want_dev=1 want_static=1; fi

  if [ -n "$want_dev" ]; then packages+=("${build_packages[@]}"); fi
  if [ -n "$want_static" ]; then packages+=("${static_packages[@]}"); fi
  if [ -n "$want_tests" ]; then packages+=("${test_packages[@]}"); fi
  if [ -n "$want_lint" ]; then packages+=("${lint_packages[@]}"); fi
  [ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
  [ -z "$want_tests" ] || install_optional_packages "${fuzz_packages[@]}"

  if [ -n "$want_dev$want_tree_sitter" ]; then ensure tree-sitter; fi
  if [ -n "$want_static" ]; then
    ensure curl
    yaml_cpp_archive_exists || ensure yaml-cpp
  fi
}

main "$@"
