"""Rollouts that cannot succeed and rollouts that only look like it, on the fake nodes of the sandbox.

Each case prepares its namespace, gives the manifests of a release, and says what has to come out: for the doomed ones what
the cause is called and when the evidence for it exists in the cluster.
"""

import contextlib
import dataclasses
import json
import re
import subprocess
import threading
import time

import release
import sandbox

NOTE = "instantexec.dev/"


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    manifests: tuple
    # Doomed: what the first line of the cause must say. Empty: it becomes ready, and nobody may call it doomed.
    cause: str = ""
    # A pod or an Event whose text matches this is the evidence.
    evidence: str = ""
    prepare: object = None  # called with the namespace, before the deploy
    meanwhile: object = None  # called with the namespace, while the deploy runs; ends by itself
    before: tuple = ()  # a release that was deployed before with the same tool, and failed


def workload(fault=None, image=release.IMAGE, replicas=1, spec=None, **notes):
    """A Deployment "web" whose pods have a fault of tests/support/sandbox/kwok_config.py."""
    made = release.deployment("web", image, replicas)
    template = made["spec"]["template"]
    if fault:
        template["metadata"]["labels"][f"{NOTE}fault"] = fault
    template["metadata"]["annotations"] = {NOTE + name.replace("_", "-"): value for name, value in notes.items()}
    template["spec"].update(spec or {})
    return made


# --- what a case needs in its cluster -----------------------------------------------------------------------------------


def create(namespace, *objects):
    sandbox.kubectl("create", "-n", namespace, "-f", "-", stdin=release.stream(objects))


def no_pods(namespace):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    create(namespace, quota)

    def enforced():
        live = sandbox.kubectl("get", "resourcequota", "none", "-n", namespace, "-o", "json").json()
        return "used" in live.get("status", {})

    sandbox.wait_for("the quota to be counted", enforced)


def dead_webhook(namespace):
    """Every pod of the namespace has to be shown to a server that does not exist."""
    hook = {
        "name": "pods.example.com",
        "clientConfig": {"url": "https://127.0.0.1:1/check"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 2,
    }
    kind = "ValidatingWebhookConfiguration"
    meta = {"name": f"dead-{namespace}"}
    webhook = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": meta, "webhooks": [hook]}
    sandbox.kubectl("create", "-f", "-", stdin=json.dumps(webhook))
    # The API server takes new webhooks in within a second or so.
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"},
           "spec": {"containers": [{"name": "app", "image": release.IMAGE}]}}  # fmt: skip

    def in_force():
        answer = sandbox.kubectl("create", "-n", namespace, "--dry-run=server", "-f", "-", stdin=json.dumps(pod), check=False)
        return "failed calling webhook" in answer.stderr

    sandbox.wait_for("the webhook to be called", in_force)


def remove_webhook(namespace):
    sandbox.kubectl("delete", "validatingwebhookconfiguration", f"dead-{namespace}", "--ignore-not-found")


def pods(namespace):
    return sandbox.kubectl("get", "pods", "-n", namespace, "-o", "json").stdout


WAIT_FOR_NODE = 36  # longer than a pod that no node fits is waited for without an autoscaler


def autoscaler(namespace):
    """Answers an unschedulable pod as cluster-autoscaler does, and has a node for it after a while."""

    def unschedulable():
        found = json.loads(pods(namespace))["items"]
        return [pod for pod in found if "Unschedulable" in json.dumps(pod.get("status", {}))]

    pod = sandbox.wait_for("an unschedulable pod", unschedulable)[0]["metadata"]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    create(namespace, {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{pod['name']}.scale"}, "type": "Normal", "reason": "TriggeredScaleUp",
        "message": "pod triggered scale-up: [{pool 1->2 (max: 9)}]", "firstTimestamp": now, "lastTimestamp": now, "count": 1,
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": pod["name"], "uid": pod["uid"]},
        "source": {"component": "cluster-autoscaler"},
    })  # fmt: skip
    time.sleep(WAIT_FOR_NODE)
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"late-{namespace}", "labels": {"pool": namespace}},
            "status": {name: {"cpu": "8", "memory": "32Gi", "pods": "110"} for name in ("allocatable", "capacity")}}  # fmt: skip
    sandbox.kubectl("create", "-f", "-", stdin=json.dumps(node))


def remove_node(namespace):
    sandbox.kubectl("delete", "node", f"late-{namespace}", "--ignore-not-found")


def in_pool(namespace):
    return workload(spec={"nodeSelector": {"pool": namespace}})


REFUSED = r'"reason": ?"FailedCreate"'
DOOMED = (
    Case("image not found", (workload(image=release.BROKEN_IMAGE),), r"was not found", r"ErrImagePull"),
    Case("bad config key", (workload("config-error"),), r"configmap .?\"sandbox-missing.?\" not found", r"CreateContainerConfigError"),
    Case("crash loop", (workload("crash-loop", exit_code="3"),), r"exited with 3", r'"restartCount": ?2'),
    Case("quota", (workload(),), r"exceeded quota: none", REFUSED, no_pods),
    Case("missing ServiceAccount", (workload(spec={"serviceAccountName": "nobody"}),), r"serviceaccount .*nobody.* not found", REFUSED),
    Case("failing webhook", (workload(),), r"failed calling webhook", REFUSED, dead_webhook),
)  # fmt: skip
HOPEFUL = (
    Case("slow start", (workload("slow-start", ready_after="25s"),)),
    Case("transient pull errors", (workload("pull-backoff", recover_after="25s"),)),
    Case("autoscaler", in_pool, meanwhile=autoscaler),
    Case("fix of a broken one", (workload(image=release.NEXT_IMAGE),), before=(workload(image=release.BROKEN_IMAGE),)),
)


@contextlib.contextmanager
def prepared(case):
    """A namespace as the case needs it."""
    namespace = sandbox.create_namespace("verdict")
    try:
        if case.prepare:
            case.prepare(namespace)
        yield namespace
    finally:
        sandbox.delete_namespace(namespace)
        if case.prepare is dead_webhook:
            remove_webhook(namespace)
        if case.meanwhile is autoscaler:
            remove_node(namespace)


def manifests(case, namespace):
    return [case.manifests(namespace)] if callable(case.manifests) else list(case.manifests)


class Evidence:
    """Watches a namespace for the first object that matches; `at` is when it was seen, on time.monotonic."""

    def __init__(self, namespace, pattern, kinds=("pods", "events")):
        self.at = None
        self._pattern = re.compile(pattern)
        self._commands = [
            subprocess.Popen(
                [sandbox.kubectl_path(), "get", kind, "-n", namespace, "--watch", "-o", "jsonpath={@}{\"\\n\"}"],
                env=sandbox.clean_environment(KUBECONFIG=sandbox.kubeconfig()), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True,
            )
            for kind in kinds
        ]  # fmt: skip
        self._threads = [threading.Thread(target=self._read, args=(command,), daemon=True) for command in self._commands]
        for thread in self._threads:
            thread.start()

    def _read(self, command):
        for line in command.stdout:
            if self.at is None and self._pattern.search(line):
                self.at = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for command in self._commands:
            command.kill()
            command.wait()
            command.stdout.close()
        for thread in self._threads:
            thread.join(timeout=10)
