#!/usr/bin/env bash
# with_sandbox.sh DIR COMMAND...: runs an end-to-end test against the control plane in DIR. Without one, the test asks
# scripts/sandbox itself and learns why there is none (tests/support/py/sandbox.py).
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

if [ $# -lt 2 ]; then
  echo "with_sandbox.sh: usage: with_sandbox.sh DIR COMMAND..." >&2
  exit 2
fi
dir="$1"
shift
if "$root/scripts/sandbox" status --dir "$dir" >/dev/null 2>&1; then
  export INSTANTEXEC_SANDBOX_KUBECONFIG="$dir/kubeconfig"
fi
exec "$@"
