#!/usr/bin/env bash
# Deploys the baseline manifests, config/baselines, without the analysis and validation stages.
set -euo pipefail
CALLER_DIR="$PWD"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PROGRAM=deploy-baselines
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/program.sh
source scripts/lib/program.sh

usage() {
  cat <<'TEXT'
Usage: scripts/k8s/deploy-baselines.sh [--namespace NS] [--dry-run] [ARGUMENT...]

  --namespace NS   where to deploy; default $SYNERGYMESH_NAMESPACE, else synergymesh-system. The manifests, which are
                   for that one, are copied for another one to build/baselines/NS
  --dry-run        write nothing to the cluster; also SYNERGYMESH_DRY_RUN=true

Other arguments go to `kubectl-instantexec deploy`, whose exit code is that of this script.
TEXT
}

namespace="${SYNERGYMESH_NAMESPACE:-synergymesh-system}"
arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
  --namespace=* | --output=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
  --namespace | -n) need "$1" $# "${2:-}"; namespace="$2"; shift 2 ;;
  --output) need "$1" $# "${2:-}"; arguments+=(--output "$(absolute "$2")"); shift 2 ;;
  -h | --help) usage; exit 0 ;;
  *) arguments+=("$1"); shift ;;
  esac
done

use_program
folder="$(baselines_for "$namespace")"
exec "$BINARY" deploy --namespace "$namespace" -f "$folder" "${arguments[@]}"
