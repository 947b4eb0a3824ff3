# shellcheck shell=bash
# What the dependency recipes share: messages, the cache folder, its lock, and content-addressed prefixes.
# Sourced, never run. A recipe is one file beside this one; it defines <name>_inputs and <name>_build.

repo_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
recipes="$repo_root/scripts/deps"
PROGRAM=deps
# shellcheck source=scripts/lib/common.sh
source "$repo_root/scripts/lib/common.sh"
lock_file="$repo_root/scripts/deps.lock"
deps_dir="${INSTANTEXEC_DEPS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/instantexec/deps}"
# The system's compiler, not $CC: objects of GCC and clang link with one another, so one result serves every build.
C_COMPILER="${INSTANTEXEC_DEPS_CC:-cc}"

# The list of security.md's hardening options that apply to C we compile ourselves. -fcf-protection exists on x86 only.
harden_flags=(
  -O2 -fPIE -g0 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection
  -ffunction-sections -fdata-sections)
if [ "$(uname -m)" = x86_64 ]; then harden_flags+=(-fcf-protection=full); fi

# fail WHAT NEXT: one line about what failed, one about what to do.
fail() {
  say "error: $1"
  say "next: $2"
  exit 1
}

# as_root COMMAND...: directly when root, else through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    fail "not root and sudo is not installed; this needs root: $*" "run the command above as root, then run scripts/deps.sh again"
  fi
}

# prefix_of NAME: the folder NAME is (or will be) installed to. Its last part is a digest of everything the result
# depends on, so an old result is never mistaken for a new one and branches with different locks do not disturb
# each other.
prefix_of() {
  local key
  key="$({
    "${1//-/_}_inputs"
    cat "$recipes/$1.sh"
    "$C_COMPILER" --version | head -n 1
    uname -sm
    printf '%s\n' "${harden_flags[@]}"
  } | sha256sum | cut -c 1-16)"
  printf '%s/%s-%s\n' "$deps_dir" "$1" "$key"
}

# ensure NAME: builds NAME unless its prefix exists. Concurrent callers wait for the first one.
ensure() {
  local name="$1" prefix work started=$SECONDS
  prefix="$(prefix_of "$name")"
  [ -e "$prefix/.complete" ] && { say "$name: ready in $prefix"; return; }
  mkdir -p "$deps_dir"
  (
    flock 9
    [ -e "$prefix/.complete" ] && exit 0
    say "$name: building (log: $deps_dir/$name.log)"
    work="$(mktemp -d "$deps_dir/.work-$name.XXXXXX")"
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    mkdir "$work/out" "$work/tmp"
    # A process of its own: inside an if, `set -e` would have no effect on the recipe.
    if ! (cd "$work/tmp" && exec bash "$repo_root/scripts/deps.sh" --recipe "$name" "$work/out") \
      >"$deps_dir/$name.log" 2>&1; then
      tail -n 30 "$deps_dir/$name.log" >&2
      fail "$name: the build failed; its last lines are above" "read $deps_dir/$name.log"
    fi
    touch "$work/out/.complete"
    rm -rf "$prefix"
    mv "$work/out" "$prefix"
  ) 9>"$deps_dir/.lock-$name" || exit 1
  say "$name: ready in $prefix ($((SECONDS - started)) s)"
}
