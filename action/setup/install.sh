#!/usr/bin/env bash
# Downloads the archive at ARCHIVE_URL, checks it against SHA256, and adds its program to the PATH of later steps.
set -euo pipefail
: "${ARCHIVE_URL:?}" "${SHA256:?}" "${GITHUB_PATH:?}"
folder="${RUNNER_TOOL_CACHE:-$HOME}/kubectl-instantexec/$SHA256"
mkdir -p "$folder/bin"
archive="$folder/archive.tar.gz"
curl --fail --silent --show-error --location --proto '=https,file' --proto-redir '=https' --retry 3 \
  --output "$archive" -- "$ARCHIVE_URL"
if ! printf '%s  %s\n' "$SHA256" "$archive" | sha256sum --check --status; then
  rm -f "$archive"
  echo "error: $ARCHIVE_URL does not have the digest $SHA256" >&2
  exit 1
fi
tar --extract --gzip --file "$archive" --directory "$folder/bin" kubectl-instantexec
printf '%s\n' "$folder/bin" >>"$GITHUB_PATH"
