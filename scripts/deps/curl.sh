# shellcheck shell=bash
# A minimal static libcurl from the distribution's curl source package: HTTP and HTTPS only, over OpenSSL, nghttp2,
# c-ares and zlib. The packaged libcurl.a cannot be linked statically (its GSS, SASL and LDAP libraries have no
# archives), and the resolver must not be getaddrinfo, which a static glibc cannot provide. No CA bundle is baked in:
# the program chooses one at run time. Sourced by scripts/deps.sh.

curl_inputs() {
  cat "$recipes/curl_features.c"
  (. /etc/os-release && printf '%s %s\n' "$ID" "${VERSION_ID:-}")
  # libcurl4-openssl-dev comes from the same source package, so an update of it means there is a new source.
  dpkg-query -W libcurl4-openssl-dev libssl-dev libnghttp2-dev libc-ares-dev zlib1g-dev 2>/dev/null || true
}

curl_build() {
  local out="$1" flags option disabled=()
  fetch_source_package curl
  flags="${harden_flags[*]} -ffile-prefix-map=$PWD=."
  for option in ALTSVC COOKIES DICT FILE FTP GOPHER HSTS IMAP LDAP LDAPS MQTT NETRC NTLM POP3 PROGRESS_METER RTSP \
    SMB SMTP TELNET TFTP IPFS WEBSOCKETS KERBEROS_AUTH NEGOTIATE_AUTH DIGEST_AUTH AWS SHUFFLE_DNS \
    OPENSSL_AUTO_LOAD_CONFIG; do
    disabled+=("-DCURL_DISABLE_$option=ON")
  done
  cmake -S curl -B build -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX="$out" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_C_COMPILER="$C_COMPILER" -DCMAKE_C_FLAGS="$flags" -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DBUILD_SHARED_LIBS=OFF -DBUILD_STATIC_LIBS=ON -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF \
    -DBUILD_LIBCURL_DOCS=OFF -DBUILD_MISC_DOCS=OFF -DENABLE_CURL_MANUAL=OFF -DENABLE_MANUAL=OFF \
    -DCMAKE_FIND_LIBRARY_SUFFIXES=.a -DOPENSSL_USE_STATIC_LIBS=ON \
    -DHTTP_ONLY=ON "${disabled[@]}" \
    -DCURL_USE_OPENSSL=ON -DCMAKE_USE_OPENSSL=ON -DUSE_NGHTTP2=ON -DENABLE_ARES=ON -DCURL_ZLIB=ON \
    -DENABLE_THREADED_RESOLVER=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF \
    -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBSSH=OFF -DCURL_USE_GSSAPI=OFF -DUSE_LIBRTMP=OFF -DENABLE_UNIX_SOCKETS=ON \
    -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none -DCURL_CA_FALLBACK=OFF
  cmake --build build
  cmake --install build
  # curl-config and its like name the build folder; CMake finds the archive by its path instead.
  rm -rf "${out:?}/bin" "$out/share" "$out/lib/cmake" "$out/lib/pkgconfig"
  mkdir -p "$out/share/licenses"
  cp curl/COPYING "$out/share/licenses/curl"
  verify_curl "$out"
}

# The archive must be what the comment above says, whatever a new version calls its options.
verify_curl() {
  "$C_COMPILER" -static -I"$1/include" -o features "$recipes/curl_features.c" "$1/lib/libcurl.a" \
    -lnghttp2 -lssl -lcrypto -lcares -lz
  ./features
}
