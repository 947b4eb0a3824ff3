# shellcheck shell=bash
# The tree-sitter core and the grammars, from their npm packages, as one static library. The packages are pinned by
# name, version and digest in scripts/deps.lock. Sourced by scripts/deps.sh.

tree_sitter_inputs() { sed 's/#.*//; /^[[:space:]]*$/d' "$lock_file"; }

# fetch_npm PACKAGE@VERSION SHA256: downloads, verifies and unpacks one package; prints its folder.
fetch_npm() {
  local package="$1" digest="$2" tarball actual folder
  tarball="$(npm pack --loglevel=error "$package" 2>npm.log)" || {
    cat npm.log >&2
    fail "npm could not fetch $package" "check the network and the npm configuration, then run scripts/deps.sh --tree-sitter"
  }
  actual="$(sha256sum "$tarball" | cut -d ' ' -f 1)"
  [ "$actual" = "$digest" ] ||
    fail "$package has the digest $actual, but scripts/deps.lock pins $digest" "do not use it; compare the package with its upstream release"
  folder="${package%@*}"
  folder="${folder##*/}"
  mkdir "$folder"
  tar -xzf "$tarball" -C "$folder" --strip-components=1
  printf '%s\n' "$folder"
}

# compile SOURCE OBJECT INCLUDE_FOLDER...
compile() {
  local source="$1" object="$2"
  shift 2
  # shellcheck disable=SC2086  # a list of flags without spaces inside
  "$C_COMPILER" $tree_sitter_flags "${@/#/-I}" -c "$source" -o "$object"
}

# queue_grammar FOLDER NAME: notes the sources in FOLDER for compile_queue and NAME for languages.h.
queue_grammar() {
  local part
  for part in parser scanner; do
    [ ! -e "$1/$part.c" ] || printf '%s\0' "$1/$part.c" "$2-$part.o" "$1" >>queue
  done
  printf '%s\n' "$2" >>languages
}

compile_queue() {
  export C_COMPILER tree_sitter_flags
  export -f compile
  xargs -0 -n 3 -P "$(nproc)" bash -euc 'compile "$@"' _ <queue
}

# The packages bring no common header: each grammar is one function.
write_languages_header() {
  local name
  printf '%s\n' '#pragma once' '' '#include <tree_sitter/api.h>' '' '#ifdef __cplusplus' 'extern "C" {' '#endif' ''
  while read -r name; do printf 'const TSLanguage *tree_sitter_%s(void);\n' "$name"; done <languages
  printf '%s\n' '' '#ifdef __cplusplus' '}' '#endif'
}

tree_sitter_build() {
  local out="$1" kind package digest folder core=""
  tree_sitter_flags="${harden_flags[*]} -std=c11 -fvisibility=hidden -ffile-prefix-map=$PWD=."
  have npm || fail "npm is not installed" "install npm with the system's package manager, then run scripts/deps.sh --tree-sitter"
  mkdir -p "$out/lib" "$out/include/tree_sitter" "$out/share/licenses"
  : >queue
  : >languages
  while read -r kind package digest; do
    [ "$kind" = npm ] || continue
    folder="$(fetch_npm "$package" "$digest")"
    cp "$folder/LICENSE" "$out/share/licenses/$folder"
    case "$folder" in
    tree-sitter)
      core="$folder/vendor/tree-sitter/lib"
      cp "$core/src/unicode/LICENSE" "$out/share/licenses/tree-sitter-unicode"
      ;;
    tree-sitter-typescript)
      queue_grammar "$folder/typescript/src" typescript
      queue_grammar "$folder/tsx/src" tsx
      ;;
    *) queue_grammar "$folder/src" "${folder#tree-sitter-}" ;;
    esac
  done < <(tree_sitter_inputs)
  [ -n "$core" ] || fail "scripts/deps.lock names no tree-sitter core" "restore scripts/deps.lock from version control"

  compile_queue
  tree_sitter_flags+=" -D_POSIX_C_SOURCE=200112L -D_DEFAULT_SOURCE"
  compile "$core/src/lib.c" core.o "$core/include" "$core/src"
  ar rcs "$out/lib/libtree-sitter-all.a" ./*.o
  cp "$core/include/tree_sitter/api.h" "$out/include/tree_sitter/"
  write_languages_header >"$out/include/tree_sitter/languages.h"
}
