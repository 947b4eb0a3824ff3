#!/usr/bin/env bash
# Packs dist/kubectl-instantexec for release. The same binary gives the same bytes, whoever packs it and when.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROGRAM=package
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/third_party.sh
source scripts/lib/third_party.sh

usage() {
  cat <<'TEXT'
Usage: scripts/package.sh [--binary FILE] [--to DIR] [--homepage URL] [--image]

Writes to DIR (default dist):
  kubectl-instantexec_vX.Y.Z_linux_ARCH.tar.gz  the program, its licence and those of the libraries in it
  instantexec.yaml                              the krew manifest with the digest of that archive
  SHA256SUMS
and with --image:
  action/rootfs/                                what action/Dockerfile copies into the container image

  --binary FILE    pack this program; default dist/kubectl-instantexec, see scripts/build.sh
  --homepage URL   where the releases are; default $INSTANTEXEC_HOMEPAGE, else the remote "origin" of this clone

Times in the archive are SOURCE_DATE_EPOCH, 0 if unset. The archive's name is printed on stdout.
TEXT
}

# homepage_of_origin: the web page of the remote "origin" when that is an https or ssh URL of a forge.
homepage_of_origin() {
  git remote get-url origin 2>/dev/null |
    sed -nE -e 's,\.git$,,' -e 's,^https://([^@/]*@)?([^/]+\.[^/]+/.+)$,https://\2,p' \
      -e 's,^(ssh://)?git@([^:/]+)[:/](.+)$,https://\2/\3,p'
}

binary=dist/kubectl-instantexec
to=dist
homepage="${INSTANTEXEC_HOMEPAGE:-}"
image=""
while [ $# -gt 0 ]; do
  case "$1" in
  --binary | --to | --homepage)
    [ $# -ge 2 ] || usage_error "$1 needs a value"
    case "$1" in --binary) binary="$2" ;; --to) to="$2" ;; --homepage) homepage="$2" ;; esac
    shift 2
    ;;
  --image) image=yes; shift ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; usage_error "unknown option $1" ;;
  esac
done
[ -x "$binary" ] || die "$binary does not exist; build it with scripts/build.sh"
homepage="${homepage:-$(homepage_of_origin)}"
[ -n "$homepage" ] || die "the manifest says where releases are, and this clone has no forge as its origin: pass --homepage URL"
homepage="${homepage%/}"

version="v$(sed -nE 's/^ *VERSION ([0-9]+\.[0-9]+\.[0-9]+)$/\1/p' CMakeLists.txt)"
[ "$version" != v ] || die "CMakeLists.txt names no version"
case "$(uname -m)" in
x86_64) arch=amd64 ;;
aarch64) arch=arm64 ;;
*) die "no release is made for $(uname -m)" ;;
esac

stage="$(mktemp -d)"
trap 'rm -rf "$stage"' EXIT

# install_as MODE FROM TO: a copy with the permissions MODE; folders are made 0755.
install_as() { install -D -m "$1" "$2" "$3"; }

# reproducible_tar FROM TO: everything in the folder FROM, sorted, with fixed times, owners and compression.
reproducible_tar() {
  (cd "$1" && LC_ALL=C tar --create --format=ustar --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" \
    --owner=0 --group=0 --numeric-owner -- *) | gzip -n -9 >"$2"
}

make_archive() {
  install_as 0755 "$binary" "$stage/archive/kubectl-instantexec"
  install_as 0644 LICENSE "$stage/archive/LICENSE"
  third_party_licenses >"$stage/THIRD_PARTY_LICENSES"
  install_as 0644 "$stage/THIRD_PARTY_LICENSES" "$stage/archive/THIRD_PARTY_LICENSES"
  reproducible_tar "$stage/archive" "$to/$archive"
}

make_manifest() {
  local sum
  sum="$(sha256sum "$to/$archive")"
  sed -e '/^#/d' -e "s,@VERSION@,$version,g" -e "s,@HOMEPAGE@,$homepage,g" -e "s,@ARCHIVE@,$archive,g" \
    -e "s,@SHA256@,${sum%% *},g" -e "s,@OS@,linux,g" -e "s,@ARCH@,$arch,g" krew/instantexec.yaml.tmpl >"$to/instantexec.yaml"
}

# install_program NAME: a program of this machine and the shared libraries it needs, at the same paths.
install_program() {
  local path library
  path="$(command -v "$1")" || die "$1 is needed in the image and not installed here"
  install_as 0755 "$(realpath "$path")" "$rootfs$path"
  while read -r library; do
    install_as 0755 "$(realpath "$library")" "$rootfs$library"
  done < <(ldd "$(realpath "$path")" | grep -oE '/[^ ]+')
}

# What the action needs beside the binary: certificates to check other servers than the cluster's by, and git, which
# tells what changed. The workspace belongs to another user than the container's, which git takes for a trap unless told
# otherwise; only that one folder is trusted.
make_image() {
  rootfs=action/rootfs
  rm -rf "$rootfs"
  install_as 0755 "$binary" "$rootfs/usr/local/bin/kubectl-instantexec"
  ln -s kubectl-instantexec "$rootfs/usr/local/bin/instantexec-action"
  install_as 0644 LICENSE "$rootfs/usr/share/doc/kubectl-instantexec/LICENSE"
  install_as 0644 "$stage/THIRD_PARTY_LICENSES" "$rootfs/usr/share/doc/kubectl-instantexec/THIRD_PARTY_LICENSES"
  install_as 0644 /usr/share/doc/git/copyright "$rootfs/usr/share/doc/git/copyright"
  install_as 0644 /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/ca-certificates.crt"
  install_program git
  printf '[safe]\n\tdirectory = /github/workspace\n' >"$rootfs/etc/gitconfig"
  printf 'root:x:0:0:root:/root:/bin/false\n' >"$rootfs/etc/passwd"
  install -d -m 0700 "$rootfs/root"
  install -d -m 1777 "$rootfs/tmp"
  say "$rootfs: $(du -sh "$rootfs" | cut -f 1)"
}

archive="kubectl-instantexec_${version}_linux_$arch.tar.gz"
mkdir -p "$to"
make_archive
make_manifest
(cd "$to" && sha256sum "$archive" instantexec.yaml >SHA256SUMS)
say "$to/$archive: $(stat -c %s "$to/$archive") bytes"
if [ -n "$image" ]; then make_image; fi
printf '%s\n' "$to/$archive"
