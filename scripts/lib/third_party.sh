# shellcheck shell=bash
# The licences of what the static program contains. Source it after common.sh, in the repository's root; it runs nothing
# by itself.

# Debian packages whose code is linked in, as docs/dependencies.md lists them.
readonly THIRD_PARTY_PACKAGES=(
  libc-ares-dev libc6-dev libcli11-dev libexpected-dev libfmt-dev libnghttp2-dev libspdlog-dev libssl-dev
  libstdc++-12-dev libyaml-cpp-dev libzstd-dev nlohmann-json3-dev zlib1g-dev)

# third_party_licenses: all texts one after the other, each under the name of its part. A text that is not on this
# machine is named on stderr.
third_party_licenses() {
  local package file folder name
  echo "kubectl-instantexec contains the following works. Their licences and notices follow."
  for package in "${THIRD_PARTY_PACKAGES[@]}"; do
    file="/usr/share/doc/$package/copyright"
    if [ -r "$file" ]; then license_text "$package" "$file"; else say "no licence text of $package here"; fi
  done
  for name in curl tree-sitter; do
    if ! folder="$(scripts/deps.sh --where "$name" 2>/dev/null)"; then
      say "no licence text of $name here"
      continue
    fi
    while read -r file; do
      license_text "${file##*/}" "$file"
    done < <(find "$folder/share/licenses" -type f | LC_ALL=C sort)
  done
}

license_text() { printf '\n=== %s ===\n\n' "$1" && cat "$2"; }
