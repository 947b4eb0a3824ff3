#!/usr/bin/env bash
# From a fresh clone to a finished pipeline run: installs what the build needs, builds the program, and runs all three
# stages over config/instant-execution-pipeline.yaml and the manifests in config/baselines.
set -euo pipefail
CALLER_DIR="$PWD"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROGRAM=run-instant-execution
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/program.sh
source scripts/lib/program.sh

readonly CONFIG=config/instant-execution-pipeline.yaml

usage() {
  cat <<'TEXT'
Usage: scripts/run-instant-execution.sh [OPTION...] [-- ARGUMENT...]

  --namespace NS   where to deploy; default $SYNERGYMESH_NAMESPACE, else synergymesh-system. The manifests, which are
                   for that one, are copied for another one to build/baselines/NS
  --stage N        only these stages: 1, 2, 3, or several joined by commas; default all
  --dry-run        write nothing to the cluster; also SYNERGYMESH_DRY_RUN=true
  --output FILE    write the report of the run to FILE as JSON
  --yes            do not ask before deploying; and never simulate when a configured cluster does not answer

Arguments after -- go to `kubectl-instantexec run` unchanged. Progress is on stderr, the result on stdout.
SYNERGYMESH_LOG_LEVEL=DEBUG shows more. INSTANTEXEC_BINARY=PATH runs that program instead of building one.

The cluster is the one of the kubeconfig. Without one, the run is simulated: same stages, an in-memory cluster.
A configured cluster that does not answer is simulated too, but not in CI, not with --yes, and not if the arguments after
-- name it: a deployment that somebody relies on must not end well without having taken place.

The exit code is the program's; `kubectl-instantexec explain 5` tells what one means.
TEXT
}

# find_target ARGUMENT...: of those given to `run`, the ones that say which cluster, in `target`.
find_target() {
  local name
  while [ $# -gt 0 ]; do
    name="${1%%=*}"
    case "$name" in
    --simulate | --insecure-skip-tls-verify) target+=("$1") ;;
    --kubeconfig | --context | --cluster | --user | --server | -s | --token | --as | --as-group | --as-uid | \
      --certificate-authority | --client-certificate | --client-key | --tls-server-name | --kuberc)
      target+=("$1")
      if [ "$1" = "$name" ] && [ $# -ge 2 ]; then target+=("$2"); shift; fi
      relied_on=1
      ;;
    esac
    shift
  done
}

parse_arguments() {
  namespace="${SYNERGYMESH_NAMESPACE:-synergymesh-system}"
  arguments=()
  target=()
  relied_on="${CI:-}"
  while [ $# -gt 0 ]; do
    case "$1" in
    --namespace=* | --stage=* | --output=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    --namespace | -n) need "$1" $# "${2:-}"; namespace="$2"; shift 2 ;;
    --stage) need "$1" $# "${2:-}"; arguments+=(--stage "$2"); shift 2 ;;
    --output) need "$1" $# "${2:-}"; arguments+=(--output "$(absolute "$2")"); shift 2 ;;
    --dry-run | --dry-run=*) arguments+=("$1"); shift ;;
    --yes | -y) arguments+=(--yes); relied_on=1; shift ;;
    -h | --help) usage; exit 0 ;;
    --) shift; arguments+=("$@"); find_target "$@"; break ;;
    *) usage >&2; usage_error "unknown option $1" ;;
    esac
  done
}

# has_kubeconfig: somebody has configured a cluster.
has_kubeconfig() {
  [ ${#target[@]} -gt 0 ] || [ -n "${KUBECONFIG:-}" ] || [ -e "${HOME:-}/.kube/config" ] || [ -n "${KUBERNETES_SERVICE_HOST:-}" ]
}

# field NAME: a text field of the JSON on stdin, the first of that name.
field() { sed -n "s/^.*\"$1\": *\"\\([^\"]*\\)\".*\$/\\1/p" | head -n 1; }

# Asks the program, not kubectl, whether there is a cluster: `status` reads the release and nothing else. Only one that is
# not there, or does not answer, is simulated. Whatever else is wrong, credentials above all, `run` will say better.
look_for_cluster() {
  local answer context status=0
  # With a dry run it would look at no cluster.
  answer="$(env -u SYNERGYMESH_DRY_RUN -u INSTANTEXEC_DRY_RUN \
    "$BINARY" status --namespace "$namespace" "${target[@]}" -o json 2>/dev/null)" || status=$?
  case "$(field code <<<"$answer")" in
  kubeconfig.no-cluster | net.resolve | net.connect | net.timeout | net.connection-lost) ;;
  *)
    context="$(field context <<<"$answer")"
    if [ "$status" -eq 0 ]; then context="${context:-(in-cluster)}"; fi
    if [ -n "$context" ]; then say "cluster: context $context, namespace $namespace"; fi
    return
    ;;
  esac
  if has_kubeconfig && [ -n "$relied_on" ]; then
    say "error: the configured cluster cannot be used, and this run is not one to simulate:"
    "$BINARY" status --namespace "$namespace" "${target[@]}" >&2 || exit $?
  fi
  say "no cluster can be reached, so this run is simulated: nothing outside this machine is read or changed"
  arguments+=(--simulate)
}

parse_arguments "$@"
say "1/3 the program"
use_program
say "2/3 the cluster"
look_for_cluster
say "3/3 the pipeline"
folder="$(baselines_for "$namespace")"
if [ "$folder" != "$BASELINES" ]; then arguments=(-f "$folder" "${arguments[@]}"); fi
exec "$BINARY" run --config "$CONFIG" --namespace "$namespace" "${arguments[@]}"
