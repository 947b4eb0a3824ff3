#!/usr/bin/env bash
# Formatting, clang-tidy, shellcheck and the layer check, on what differs from the main branch or on everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROGRAM=lint
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/toolchain.sh
source scripts/lib/toolchain.sh

usage() {
  cat <<'TEXT'
Usage: scripts/lint.sh [--all | --fix | FILE...]

Without arguments: the files that differ from the main branch, committed or not.
  --all  every file
  --fix  format the files that differ instead of complaining
The tools come with: scripts/deps.sh --lint. clang-tidy reads the compile commands of build/dev.
TEXT
}

# The files to look at, one per line: those given, all, or those that differ from the main branch.
list_files() {
  local base
  if [ "$mode" = all ]; then
    git ls-files --cached --others --exclude-standard
  elif [ ${#given[@]} -gt 0 ]; then
    printf '%s\n' "${given[@]}"
  else
    base="$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || echo HEAD)"
    git diff --name-only --diff-filter=d "$base"
    git ls-files --others --exclude-standard
  fi
}

# is_shell FILE: by its first line, so that scripts without an extension count.
is_shell() { head -c 64 "$1" | head -n 1 | grep -qE '^#!.*\b(ba)?sh\b'; }

check_format() {
  [ ${#cxx[@]} -gt 0 ] || return 0
  if [ "$mode" = fix ]; then
    clang-format -i "${cxx[@]}"
  else
    clang-format --dry-run -Werror "${cxx[@]}" || {
      say "formatting differs; scripts/lint.sh --fix corrects it"
      return 1
    }
  fi
}

check_tidy() {
  local source sources=()
  for source in "${cxx[@]}"; do
    [[ "$source" != *.cc ]] || ! grep -qF "$PWD/$source\"" build/dev/compile_commands.json || sources+=("$source")
  done
  [ ${#sources[@]} -gt 0 ] || return 0
  say "clang-tidy: ${#sources[@]} files"
  # GCC's command lines without its precompiled headers, which clang cannot read; the sources include what they need.
  # Other options that clang does not know are warned of, not refused.
  mkdir -p build/lint
  sed -E 's/ -fpch-preprocess//; s/ -Winvalid-pch -include [^ ]+//' build/dev/compile_commands.json \
    >build/lint/compile_commands.json
  printf '%s\0' "${sources[@]}" |
    xargs -0 -n 1 -P "$(jobs)" clang-tidy -p build/lint --quiet --extra-arg=-Wno-unknown-warning-option 2>/dev/null
}

check_shell() {
  [ ${#shell[@]} -gt 0 ] || return 0
  shellcheck --external-sources "${shell[@]}"
}

mode=changed
given=()
for argument in "$@"; do
  case "$argument" in
  --all) mode=all ;;
  --fix) mode=fix ;;
  -h | --help) usage && exit 0 ;;
  -*) usage >&2 && exit 2 ;;
  *) given+=("$argument") ;;
  esac
done

have clang-format clang-tidy shellcheck || die "clang-format, clang-tidy and shellcheck are needed: scripts/deps.sh --lint"
use_toolchain
cmake --preset dev >build/lint-configure.log 2>&1 || die "cmake --preset dev failed: see build/lint-configure.log"

cxx=()
shell=()
while IFS= read -r file; do
  [ -f "$file" ] || continue
  case "$file" in
  *.cc | *.h) cxx+=("$file") ;;
  *) ! is_shell "$file" || shell+=("$file") ;;
  esac
done < <(list_files | sort -u)

failed=()
check_format || failed+=(formatting)
check_tidy || failed+=(clang-tidy)
check_shell || failed+=(shellcheck)
scripts/check_layers.py || failed+=(layers)
[ ${#failed[@]} -eq 0 ] || die "complaints from: ${failed[*]}"
say "clean: ${#cxx[@]} C++ and ${#shell[@]} shell files"
