# shellcheck shell=bash
# How each program of the sandbox is started. Needs common.sh, process.sh, and DIR and BIN; ports come from DIR/ports.

readonly COMPONENTS=(etcd kube-apiserver kube-controller-manager kube-scheduler kwok)

# free_ports N: N different TCP ports of 127.0.0.1 nobody listens on, outside the range the kernel hands to outgoing
# connections, so that nothing takes them by chance before their server starts.
free_ports() {
  python3 - "$1" <<'EOF'
import random, socket, sys

ports, held = random.sample(range(20000, 32000), 400), []
for port in ports:
    if len(held) == int(sys.argv[1]):
        break
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", port))
        held.append((s, port))
    except OSError:
        s.close()
if len(held) < int(sys.argv[1]):
    sys.exit("no free ports between 20000 and 32000")
print(*(port for _, port in held))
EOF
}

# write_kubeconfig FILE USER: a kubeconfig with everything inline, so that it can be copied away.
write_kubeconfig() {
  local p=$DIR/pki
  cat >"$1" <<EOF
apiVersion: v1
kind: Config
current-context: sandbox
contexts:
- name: sandbox
  context: {cluster: sandbox, user: $2, namespace: default}
clusters:
- name: sandbox
  cluster:
    server: https://127.0.0.1:$APISERVER_PORT
    certificate-authority-data: $(base64 -w 0 "$p/ca.crt")
users:
- name: $2
  user:
    client-certificate-data: $(base64 -w 0 "$p/$2.crt")
    client-key-data: $(base64 -w 0 "$p/$2.key")
EOF
}

# The client-side limits of the controllers are lifted: with their defaults (20 requests a second) they, not the client
# under test, would set every time. Nothing alpha is on.
start_component() {
  local c=$1 p=$DIR/pki arguments=()
  case $c in
    etcd)
      # One member, plain HTTP on loopback, no fsync: what it holds need not survive a power cut.
      arguments=(--name=sandbox --data-dir="$DIR/etcd" --unsafe-no-fsync --quota-backend-bytes=4294967296
        --listen-client-urls="http://127.0.0.1:$ETCD_PORT" --advertise-client-urls="http://127.0.0.1:$ETCD_PORT"
        --listen-peer-urls="http://127.0.0.1:$PEER_PORT" --initial-advertise-peer-urls="http://127.0.0.1:$PEER_PORT"
        --initial-cluster="sandbox=http://127.0.0.1:$PEER_PORT" --log-level=warn)
      ;;
    kube-apiserver)
      # The advertised address is one reserved for documentation and is never written anywhere: the endpoint reconciler
      # is off because Endpoints may not hold a loopback address. kwok plays the kubelets; its certificate is not checked.
      arguments=(--etcd-servers="http://127.0.0.1:$ETCD_PORT" --secure-port="$APISERVER_PORT" --bind-address=127.0.0.1
        --advertise-address=192.0.2.1 --endpoint-reconciler-type=none
        --tls-cert-file="$p/apiserver.crt" --tls-private-key-file="$p/apiserver.key" --client-ca-file="$p/ca.crt"
        --service-account-key-file="$p/sa.pub" --service-account-signing-key-file="$p/sa.key"
        --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range=10.0.0.0/16
        --kubelet-client-certificate="$p/admin.crt" --kubelet-client-key="$p/admin.key"
        --kubelet-preferred-address-types=InternalIP
        --authorization-mode=RBAC --allow-privileged --event-ttl=1h --profiling=false
        --max-requests-inflight=3000 --max-mutating-requests-inflight=2000)
      ;;
    kube-controller-manager)
      # The default set of controllers, without those that need a cloud or give out node address ranges.
      arguments=(--kubeconfig="$DIR/kubeconfig" --service-account-private-key-file="$p/sa.key" --root-ca-file="$p/ca.crt"
        --leader-elect=false --secure-port=0 --profiling=false --kube-api-qps=2000 --kube-api-burst=4000
        --controllers='*,-nodeipam,-cloud-node-lifecycle-controller,-node-route-controller'
        --concurrent-deployment-syncs=20 --concurrent-replicaset-syncs=20 --concurrent-statefulset-syncs=20
        --concurrent-job-syncs=20 --concurrent-namespace-syncs=30 --concurrent-service-endpoint-syncs=20)
      ;;
    kube-scheduler)
      arguments=(--kubeconfig="$DIR/kubeconfig" --leader-elect=false --secure-port=0 --profiling=false
        --kube-api-qps=2000 --kube-api-burst=4000)
      ;;
    kwok)
      arguments=(--kubeconfig="$DIR/kubeconfig" --config="$DIR/kwok.yaml" --manage-all-nodes=true --node-ip=127.0.0.1
        --node-port="$KUBELET_PORT" --server-address="127.0.0.1:$KUBELET_PORT" --node-lease-duration-seconds=40
        --tls-cert-file="$p/apiserver.crt" --tls-private-key-file="$p/apiserver.key")
      ;;
  esac
  detach "$DIR/pids/$c" "$DIR/logs/$c.log" "$BIN/$c" "${arguments[@]}"
}

# api PATH CURL-OPTION...: one request as admin; the body on stdout, nothing else. Neither the caller's .curlrc nor a
# proxy has a say in it.
api() {
  local path=$1 p=$DIR/pki
  shift
  curl --disable --noproxy '*' --silent --fail --max-time 5 --cacert "$p/ca.crt" --cert "$p/admin.crt" --key "$p/admin.key" "$@" \
    "https://127.0.0.1:$APISERVER_PORT$path"
}

apiserver_ready() { [ "$(api /readyz)" = ok ]; }

default_account_exists() { api /api/v1/namespaces/default/serviceaccounts/default >/dev/null; }

# The three nodes are Ready and the node controller has taken its not-ready taint away, so pods can be scheduled.
nodes_ready() {
  api /api/v1/nodes | python3 -c '
import json, sys
nodes = json.load(sys.stdin)["items"]
ready = [n for n in nodes if not n["spec"].get("taints") and any(
    c["type"] == "Ready" and c["status"] == "True" for c in n.get("status", {}).get("conditions", []))]
sys.exit(len(ready) < 3)' 2>/dev/null
}

# await WHAT SECONDS COMMAND: polls until COMMAND succeeds. Fails at once when a started program has ended.
await() {
  local what=$1 deadline=$((SECONDS + $2)) c
  shift 2
  until "$@" 2>/dev/null; do
    for c in "${COMPONENTS[@]}"; do
      if [ -f "$DIR/pids/$c" ] && ! is_running "$DIR/pids/$c" "$c"; then
        start_failed "$c" "$c ended while waiting for $what"
        return 1
      fi
    done
    if [ "$SECONDS" -ge "$deadline" ]; then
      start_failed "${CULPRIT:-kube-apiserver}" "gave up waiting for $what"
      return 1
    fi
    sleep 0.05
  done
}

# start_failed COMPONENT REASON
start_failed() {
  say "error: $2; the end of $1's log:"
  tail -n 20 "$DIR/logs/$1.log" >&2 || true
}
