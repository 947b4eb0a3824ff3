# shellcheck shell=bash
# Where the control plane's programs come from: KUBEBUILDER_ASSETS, the cache, or a build from pinned Go modules.
# Needs common.sh and ROOT (the top of the source tree).
#
# The wrapper modules under tests/support/sandbox/modules pin every version (go.mod) and every byte (go.sum); Go checks
# both. The cache key is a hash of those files and of this one, so a changed pin or flag never meets an old binary.

readonly MODULES="$ROOT/tests/support/sandbox/modules"
readonly PROGRAMS=(etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kwok)
readonly CACHE_ROOT="${XDG_CACHE_HOME:-$HOME/.cache}/instantexec/sandbox"

# package_of PROGRAM: "module-folder import-path" of its main package.
package_of() {
  case $1 in
    etcd) echo "etcd go.etcd.io/etcd/server/v3" ;;
    kwok) echo "kwok sigs.k8s.io/kwok/cmd/kwok" ;;
    *) echo "kubernetes k8s.io/kubernetes/cmd/$1" ;;
  esac
}

# pinned_version MODULE-FOLDER IMPORT-PREFIX: the version go.mod requires of that module, such as v1.36.3.
pinned_version() {
  awk -v m="$2" '{ for (i = 1; i < NF; i++) if ($i == m && $(i + 1) ~ /^v[0-9]/) { print $(i + 1); exit } }' "$MODULES/$1/go.mod"
}

build_key() {
  (
    cd "$ROOT" || exit
    uname -sm
    sha256sum tests/support/sandbox/modules/*/go.mod tests/support/sandbox/modules/*/go.sum scripts/lib/sandbox_build.sh
  ) | sha256sum | cut -c 1-16
}

# assets_usable: true if KUBEBUILDER_ASSETS names a folder with at least etcd and kube-apiserver.
assets_usable() {
  [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/etcd" ] && [ -x "$KUBEBUILDER_ASSETS/kube-apiserver" ]
}

# require_go: returns if `go` can build the wrapper modules, else ends with the skip code.
# GOTOOLCHAIN=local: the Go that is installed, never one fetched on the side.
require_go() {
  local need have_version
  need=$(awk '$1 == "go" { print $2 }' "$MODULES"/*/go.mod | sort -V | tail -n 1)
  have go || skip "no control plane: KUBEBUILDER_ASSETS is not set to a folder with etcd and kube-apiserver, and Go >= $need is not installed"
  have_version=$(GOTOOLCHAIN=local go env GOVERSION)
  version_at_least "${have_version#go}" "$need" ||
    skip "no control plane: KUBEBUILDER_ASSETS is not set to a folder with etcd and kube-apiserver, and Go is ${have_version#go} where >= $need is needed"
}

# build_program PROGRAM OUTFILE
build_program() {
  local folder package version minor ldflags="-s -w" v=k8s.io/component-base/version
  read -r folder package <<<"$(package_of "$1")"
  if [ "$folder" = kubernetes ]; then
    # Without these the server reports v0.0.0 and clients cannot tell its minor.
    version=$(pinned_version kubernetes k8s.io/kubernetes)
    minor=${version#v1.}
    ldflags+=" -X $v.gitVersion=$version -X $v.gitMajor=1 -X $v.gitMinor=${minor%%.*}"
  fi
  (
    cd "$MODULES/$folder" || exit
    CGO_ENABLED=0 GOFLAGS=-mod=readonly GOWORK=off GOTOOLCHAIN=local \
      nice -n 10 go build -trimpath -buildvcs=false -ldflags "$ldflags" -o "$2" "$package"
  ) >&2
}

# ensure_binaries: sets BIN to a folder of programs, building it first where there is none. Two callers at once build
# once. Not every program need be there when KUBEBUILDER_ASSETS is used: test with `[ -x "$BIN/kwok" ]`.
ensure_binaries() {
  if assets_usable; then
    BIN=$KUBEBUILDER_ASSETS
    return
  fi
  local key program partial
  key=$(build_key)
  BIN=$CACHE_ROOT/$key/bin
  [ -d "$BIN" ] && return
  require_go
  mkdir -p "$CACHE_ROOT/$key"
  local lock
  exec {lock}>"$CACHE_ROOT/$key/lock"
  flock -n "$lock" || { say "waiting for another build of the control plane"; flock "$lock"; }
  if [ ! -d "$BIN" ]; then
    say "building the control plane once (about 6 minutes on two cores), cached in $CACHE_ROOT/$key"
    partial=$CACHE_ROOT/$key/partial
    mkdir -p "$partial"
    for program in "${PROGRAMS[@]}"; do
      [ -x "$partial/$program" ] && continue
      say "building $program"
      build_program "$program" "$partial/$program.tmp" || die "the build of $program failed; the lines above are Go's"
      mv "$partial/$program.tmp" "$partial/$program"
    done
    mv "$partial" "$BIN" # the folder appears whole or not at all
  fi
  exec {lock}>&-
}

# versions: one "name version" line per pinned component, or what KUBEBUILDER_ASSETS reports.
versions() {
  if assets_usable; then
    "$BIN/kube-apiserver" --version | sed 's/^Kubernetes /kubernetes /'
    "$BIN/etcd" --version | awk 'NR == 1 { print "etcd v" $NF }'
  else
    echo "kubernetes $(pinned_version kubernetes k8s.io/kubernetes)"
    echo "etcd $(pinned_version etcd go.etcd.io/etcd/server/v3)"
    echo "kwok $(pinned_version kwok sigs.k8s.io/kwok)"
  fi
}
