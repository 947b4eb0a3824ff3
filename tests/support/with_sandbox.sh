#!/usr/bin/env bash
# with_sandbox.sh DIR COMMAND...: runs an end-to-end test against the control plane in DIR. It adds to the environment:
#   INSTANTEXEC_BINARY       the program under test, dist/kubectl-instantexec unless set
#   INSTANTEXEC_SANDBOX_DIR  DIR, which holds kubeconfig, kubeconfig-viewer, kubeconfig-expired
#   KUBECONFIG               an administrator of the control plane
#   INSTANTEXEC_KUBECTL      the kubectl that belongs to it
# Exit code 77 with a reason when the program or the control plane is not there.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
PROGRAM=with_sandbox
# shellcheck source=scripts/lib/common.sh
source "$root/scripts/lib/common.sh"

[ $# -ge 2 ] || usage_error "usage: with_sandbox.sh DIR COMMAND..."
dir="$1"
shift
export INSTANTEXEC_BINARY="${INSTANTEXEC_BINARY:-$root/dist/kubectl-instantexec}"
[ -x "$INSTANTEXEC_BINARY" ] || skip "$INSTANTEXEC_BINARY does not exist; build it with scripts/build.sh"
"$root/scripts/sandbox" status --dir "$dir" >/dev/null 2>&1 ||
  skip "no control plane in $dir; see the output of e2e.sandbox_up"
export INSTANTEXEC_SANDBOX_DIR="$dir" KUBECONFIG="$dir/kubeconfig"
INSTANTEXEC_KUBECTL="$("$root/scripts/sandbox" kubectl-path --dir "$dir" 2>/dev/null)" || unset INSTANTEXEC_KUBECTL
export INSTANTEXEC_KUBECTL
exec "$@"
