# shellcheck shell=bash
# System packages, and source packages of the distribution. Sourced by scripts/deps.sh.

build_packages=(
  ca-certificates ccache cmake g++ git libcli11-dev libcurl4-openssl-dev libexpected-dev libfmt-dev libspdlog-dev
  libssl-dev libyaml-cpp-dev libzstd-dev ninja-build nlohmann-json3-dev)
static_packages=(dpkg-dev libc-ares-dev libnghttp2-dev zlib1g-dev)
test_packages=(curl libgmock-dev libgtest-dev openssl python3 python3-yaml util-linux)
# libFuzzer comes with clang on some releases and in a package of its own on others.
fuzz_packages=(clang libclang-rt-dev)
lint_packages=(clang-format clang-tidy gcovr shellcheck)

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

have_apt() { have apt-get dpkg-query; }

# install_packages NAME...: installs those which are missing; with none missing it does not touch apt.
install_packages() {
  local missing=() package
  if ! have_apt; then
    say "this is not Debian or Ubuntu: install the equivalents of these packages yourself, and Node's npm:"
    say "  $*"
    return
  fi
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  # npm may come from elsewhere than the distribution, so the program counts rather than the package.
  have npm || missing+=(npm)
  needs_newer_compiler && missing+=(g++-12)
  if [ ${#missing[@]} -eq 0 ]; then
    say "system packages: all present"
    return
  fi
  [ -z "${INSTANTEXEC_NO_APT:-}" ] || fail "missing system packages: ${missing[*]}" "install them, or run without --no-apt"
  say "system packages: installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
    fail "apt-get update failed" "check the network and the apt sources"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
    fail "apt-get could not install: ${missing[*]}" "on Ubuntu enable the universe component, then run scripts/deps.sh again"
}

# install_optional_packages NAME...: those of the missing ones that the release has. What needs them is skipped without.
install_optional_packages() {
  local wanted=() package
  have_apt || return 0
  for package in "$@"; do
    is_installed "$package" || ! apt-cache show "$package" >/dev/null 2>&1 || wanted+=("$package")
  done
  if [ ${#wanted[@]} -eq 0 ] || [ -n "${INSTANTEXEC_NO_APT:-}" ]; then return 0; fi
  say "system packages: installing ${wanted[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >&2 ||
    say "could not install ${wanted[*]}; what needs them is skipped"
}

# Ubuntu 22.04's default compiler is GCC 11, which lacks parts of C++20; GCC 12 is there beside it.
needs_newer_compiler() {
  local major
  ! have g++-12 || return 1
  major="$(apt-cache depends g++ 2>/dev/null | sed -n 's/.*Depends: g++-\([0-9][0-9]*\).*/\1/p' | head -n 1)"
  [ -n "$major" ] && [ "$major" -lt 12 ]
}

# one_line_sources RELEASE FILE: `deb` lines of the classic format as `deb-src`, for the distribution's own main archive.
one_line_sources() {
  local blank='[[:space:]]+'
  sed -n -E "s,^deb($blank(\[[^]]*\]$blank)?[^[:space:]]+$blank$1$blank(.*$blank)?main($blank.*)?)\$,deb-src\1,p" "$2"
}

# deb822_sources RELEASE FILE: stanzas of the newer format, likewise, one stanza per output paragraph.
deb822_sources() {
  awk -v release="$1" '
    function flush() {
      if (stanza != "" && types ~ /(^| )deb( |$)/ && components ~ /(^| )main( |$)/ && suites != "" && !disabled)
        printf "Types: deb-src\nSuites:%s\n%s\n", suites, stanza
      stanza = types = suites = components = field = ""; disabled = 0
    }
    /^#/ { next }
    /^[[:space:]]*$/ { flush(); next }
    {
      value = $0
      if ($0 !~ /^[[:space:]]/) { field = tolower($0); sub(/:.*/, "", field); sub(/^[^:]*:/, "", value) }
      if (field == "types") { types = types " " value; next }
      if (field == "suites") {
        count = split(value, words, /[[:space:]]+/)
        for (i = 1; i <= count; i++) if (words[i] ~ ("^" release "$")) suites = suites " " words[i]
        next
      }
      if (field == "enabled" && value ~ /no/) disabled = 1
      if (field == "components") components = components " " value
      stanza = stanza $0 "\n"
    }
    END { flush() }' "$2"
}

# write_source_lists FOLDER: the machine's own archives as source entries, in a folder apt is pointed to. The machine's
# configuration is only read.
write_source_lists() {
  local folder="$1" codename suite file number=0
  codename="$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")"
  [ -n "$codename" ] || fail "/etc/os-release names no release" "use a Debian or Ubuntu release"
  # Not -backports or -proposed: only what the machine would install by itself.
  suite="$codename(-updates|-security|/updates)?"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    number=$((number + 1))
    case "$file" in
    *.sources) deb822_sources "$suite" "$file" >"$folder/$number.sources" ;;
    *) one_line_sources "$suite" "$file" >"$folder/$number.list" ;;
    esac
  done
  find "$folder" -empty -type f -delete
  [ -n "$(ls -A "$folder")" ] || fail "no apt source for $codename/main was found in /etc/apt" "add the distribution's archive to the apt sources"
}

# fetch_source_package NAME: unpacks the distribution's source package, its patches applied, into ./NAME. apt verifies
# the signature of the archive's index and by it the digest of every file. The version is whatever the release offers
# today: a security update is picked up by building again.
fetch_source_package() {
  local name="$1" options
  have_apt || fail "the source package of $name needs apt" \
    "build the static release on Debian or Ubuntu; scripts/build.sh dev works here"
  mkdir -p apt/parts apt/lists/partial apt/cache/archives/partial apt/download
  write_source_lists apt/parts
  options=(-o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$PWD/apt/parts"
    -o "Dir::State::Lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt/cache" -o APT::Sandbox::User=
    -o APT::Get::List-Cleanup=0 -o Acquire::Retries=3)
  apt-get "${options[@]}" -qq update ||
    fail "apt-get could not read the source index" "check the network and the apt sources"
  (cd apt/download && apt-get "${options[@]}" -qq source --download-only "$name") ||
    fail "apt-get could not fetch the source package of $name" "check that the mirror carries source packages"
  dpkg-source --no-check -x apt/download/"$name"_*.dsc "$name" ||
    fail "the source package of $name could not be unpacked" "check the free space in $deps_dir"
}
