# shellcheck shell=bash
# Where the control plane's programs come from: KUBEBUILDER_ASSETS, the cache, or a build from pinned Go modules.
# Needs common.sh and ROOT (the top of the source tree).
#
# The cache key is a hash of the wrapper modules (pins, checksums and build recipe), so a changed pin or flag never
# meets an old binary.

readonly MODULES="$ROOT/tests/support/sandbox/modules"
readonly PROGRAMS=(etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kwok)
readonly CACHE_ROOT="${XDG_CACHE_HOME:-$HOME/.cache}/instantexec/sandbox"

build_key() {
  (
    cd "$MODULES" || exit
    uname -sm
    sha256sum build-program ./*/go.mod ./*/go.sum
  ) | sha256sum | cut -c 1-16
}

# assets_usable: true if KUBEBUILDER_ASSETS names a folder with at least etcd and kube-apiserver.
assets_usable() {
  [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/etcd" ] && [ -x "$KUBEBUILDER_ASSETS/kube-apiserver" ]
}

# require_go: returns if `go` can build the wrapper modules, else ends with the skip code.
require_go() {
  local need found reason
  need=$(awk '$1 == "go" { print $2 }' "$MODULES"/*/go.mod | sort -V | tail -n 1)
  if have go; then
    found=$(GOTOOLCHAIN=local go env GOVERSION)
    if version_at_least "${found#go}" "$need"; then return; fi
    reason="Go is ${found#go} where Go >= $need is needed"
  else
    reason="Go >= $need is not installed"
  fi
  skip "no control plane: KUBEBUILDER_ASSETS is not set to a folder with etcd and kube-apiserver, and $reason"
}

# ensure_binaries: sets BIN to a folder of programs, building it first where there is none. Two callers at once build
# once. Not every program need be there when KUBEBUILDER_ASSETS is used: test with `[ -x "$BIN/kwok" ]`.
ensure_binaries() {
  if assets_usable; then
    BIN=$KUBEBUILDER_ASSETS
    return
  fi
  local entry program partial lock
  entry=$CACHE_ROOT/$(build_key)
  BIN=$entry/bin
  if [ -d "$BIN" ]; then return; fi
  require_go
  mkdir -p "$entry"
  exec {lock}>"$entry/lock"
  flock -n "$lock" || { say "waiting for another build of the control plane"; flock "$lock"; }
  if [ ! -d "$BIN" ]; then
    say "building the control plane once (about 6 minutes on two cores), cached in $entry"
    partial=$entry/partial
    mkdir -p "$partial"
    for program in "${PROGRAMS[@]}"; do
      [ -x "$partial/$program" ] && continue
      say "building $program"
      "$MODULES/build-program" "$program" "$partial/$program.tmp" >&2 ||
        die "the build of $program failed; the lines above are Go's"
      mv "$partial/$program.tmp" "$partial/$program"
    done
    mv "$partial" "$BIN" # the folder appears whole or not at all
  fi
  exec {lock}>&-
}

# versions: one "name version" line per pinned component, or what KUBEBUILDER_ASSETS reports.
versions() {
  if assets_usable; then
    { "$BIN/kube-apiserver" --version || echo "kubernetes unknown"; } | sed 's/^Kubernetes /kubernetes /'
    { "$BIN/etcd" --version || echo unknown; } | awk 'NR == 1 { print "etcd v" $NF }'
    return
  fi
  local component
  for component in kubernetes etcd kwok; do
    echo "$component $("$MODULES/build-program" --version "$component")"
  done
}
