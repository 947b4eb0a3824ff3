# shellcheck shell=bash
# A static yaml-cpp from the distribution's source package, for releases whose libyaml-cpp-dev brings no archive.
# Sourced by scripts/deps.sh.

yaml_cpp_archive_exists() {
  [ -e "/usr/lib/$("$C_COMPILER" -print-multiarch)/libyaml-cpp.a" ]
}

yaml_cpp_inputs() {
  (. /etc/os-release && printf '%s %s\n' "$ID" "${VERSION_ID:-}")
  c++ --version | head -n 1
  dpkg-query -W libyaml-cpp-dev 2>/dev/null || true
}

yaml_cpp_build() {
  local out="$1"
  fetch_source_package yaml-cpp
  cmake -S yaml-cpp -B build -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX="$out" \
    -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_CXX_FLAGS="${harden_flags[*]} -ffile-prefix-map=$PWD=." \
    -DYAML_BUILD_SHARED_LIBS=OFF -DYAML_CPP_BUILD_TESTS=OFF -DYAML_CPP_BUILD_TOOLS=OFF -DYAML_CPP_BUILD_CONTRIB=OFF
  cmake --build build
  cmake --install build
  mkdir -p "$out/share/licenses"
  cp yaml-cpp/LICENSE "$out/share/licenses/yaml-cpp"
}
