# shellcheck shell=bash
# The tree-sitter core and the grammars, from their npm packages, as one static library. The packages are pinned by
# name, version and digest in scripts/deps.lock. Most of a grammar is two tables; they are stored compressed, see
# grammar.c. Sourced by scripts/deps.sh.

tree_sitter_inputs() {
  sed 's/#.*//; /^[[:space:]]*$/d' "$lock_file"
  cat "$recipes/grammar.c" "$recipes/grammar_pack.c"
}

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

# compile SOURCE OBJECT [OPTION...]
compile() {
  local source="$1" object="$2"
  shift 2
  # shellcheck disable=SC2086  # a list of flags without spaces inside
  "$C_COMPILER" $tree_sitter_flags "$@" -c "$source" -o "$object"
}

# compile_grammar FOLDER NAME: the sources in FOLDER to objects of a grammar named NAME.
compile_grammar() {
  local folder="$1" name="$2" skeleton="$1/skeleton.c" pack="$2-pack" scanner=()
  if [ -e "$folder/scanner.c" ]; then
    scanner=("$name-scanner.o")
    compile "$folder/scanner.c" "${scanner[0]}" "-I$folder"
  fi
  "$C_COMPILER" -O0 -std=c11 "-I$folder" "-DPARSER=\"$folder/parser.c\"" "$recipes/grammar_pack.c" "${scanner[@]}" \
    -lzstd -o "$pack"
  "./$pack" >"$name-tables.h"
  sed -E "s/^.*[ *]tree_sitter_$name\(void\) \{\$/static const TSLanguage *skeleton(void) {/
    /^ *\.(small_)?parse_table = /d" "$folder/parser.c" >"$skeleton"
  # Without this, tables under another name would be linked twice, unnoticed.
  [ "$(diff "$folder/parser.c" "$skeleton" | grep -c '^<')" -eq 3 ] ||
    fail "the parser of $name does not look as expected" "compare it with what scripts/deps/tree-sitter.sh takes out"
  compile "$recipes/grammar.c" "$name-parser.o" "-I$folder" "-I." "-DFUNCTION=tree_sitter_$name" \
    "-DSKELETON=\"$skeleton\"" "-DTABLES=\"$name-tables.h\""
}

# queue_grammar FOLDER NAME: notes both for compile_queue, and NAME for languages.h.
queue_grammar() {
  printf '%s\0' "$PWD/$1" "$2" >>queue
  printf '%s\n' "$2" >>languages
}

# A process per grammar, because the large ones take a while.
compile_queue() {
  export C_COMPILER tree_sitter_flags recipes PROGRAM
  export -f compile compile_grammar fail say
  xargs -0 -n 2 -P "$(nproc)" bash -euc 'compile_grammar "$@"' _ <queue
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
  tree_sitter_flags="${harden_flags[*]} -std=c11 -fvisibility=hidden -ffile-prefix-map=$PWD=. -ffile-prefix-map=$recipes=."
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
  compile "$core/src/lib.c" core.o "-I$core/include" "-I$core/src"
  ar rcs "$out/lib/libtree-sitter-all.a" ./*.o
  cp "$core/include/tree_sitter/api.h" "$out/include/tree_sitter/"
  write_languages_header >"$out/include/tree_sitter/languages.h"
}
