#!/usr/bin/env python3
"""Records rollouts on the sandbox as golden folders: what watches told, in the order in which they told it.

    python3 tests/support/record_health.py [NAME...]        into tests/golden/health/NAME/

A folder holds
  stream.jsonl  one watch event a line: {"at", "uid", "rv", "patch"}, `at` seconds after the rollout was asked for, `patch` being the merge patch (RFC 7386) from the state before
                of this object, or {"at", "uid", "rv", "deleted": true}
  case.json     {"applied", "now", "subject", "status", "reason"}: when the rollout was asked for, when the verdict is asked for,
                on the cluster's clock, the UID it is about, and what has to come out

What a kubelet says in an Event and kwok does not is added (kubelet_event). Only fields that health depends on are kept; UIDs and versions are numbered anew and times moved to 2026-01-01, so that a
recording says nothing of the machine it was made on. What has to come out stands in the table below, and was not computed.
"""

import argparse
import copy
import dataclasses
import datetime
import http.client
import json
import pathlib
import re
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support" / "py"))
import api  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402
import verdicts  # noqa: E402
from verdicts import workload  # noqa: E402

WATCHED = ("deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "controllerrevisions.apps",
           "jobs.batch", "pods", "events")  # fmt: skip
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    status: str
    reason: str
    after: object  # the manifests whose rollout is judged; the first one is the subject
    before: tuple = ()  # those it replaces, and how long they get
    prepare: object = None
    meanwhile: object = None
    wait: float = 10.0  # seconds of recording
    later: float = 0.0  # seconds after the recording at which the verdict is asked for


def as_kind(kind, manifest, **spec):
    made = copy.deepcopy(manifest)
    made["kind"] = kind
    if kind == "DaemonSet":
        del made["spec"]["replicas"]
    if kind == "StatefulSet":
        made["spec"]["serviceName"] = "web"
    made["spec"].update(spec)
    return made


def job(fault=None, **spec):
    made = workload(fault)
    template = made["spec"]["template"]
    template["spec"]["restartPolicy"] = "Never"
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "web"}, "spec": {"template": template, **spec}}


def with_spec(manifest, **spec):
    made = copy.deepcopy(manifest)
    made["spec"].update(spec)
    return made


def with_init(fault):
    return workload(fault, spec={"initContainers": [{"name": "setup", "image": release.IMAGE}]})


GOOD = (workload(replicas=2),)
SCENARIOS = (
    Scenario("create", "Current", "RolloutComplete", GOOD, wait=5),
    Scenario("rolling-update", "Current", "RolloutComplete", (workload(image=release.NEXT_IMAGE, replicas=2),), GOOD, wait=8),
    Scenario("recreate", "Current", "RolloutComplete",
             (with_spec(workload(image=release.NEXT_IMAGE, replicas=2), strategy={"type": "Recreate"}),),
             (with_spec(workload(replicas=2), strategy={"type": "Recreate"}),), wait=8),
    Scenario("scale-to-zero", "Current", "RolloutComplete", (workload(replicas=0),), GOOD, wait=5),
    Scenario("slow-start", "Current", "RolloutComplete", (workload("slow-start", replicas=2, ready_after="6s"),), wait=12),
    Scenario("slow-pull", "Current", "RolloutComplete", (workload("pull-backoff", recover_after="5s"),), wait=12),
    Scenario("fix-of-broken", "Current", "RolloutComplete", (workload(image=release.NEXT_IMAGE),),
             (workload(image=release.BROKEN_IMAGE),), wait=8),
    Scenario("stateful-update", "Current", "RolloutComplete",
             (as_kind("StatefulSet", workload(image=release.NEXT_IMAGE, replicas=2)),),
             (as_kind("StatefulSet", workload(replicas=2)),), wait=12),
    Scenario("daemon-set", "Current", "RolloutComplete", (as_kind("DaemonSet", workload(image=release.NEXT_IMAGE)),),
             (as_kind("DaemonSet", workload()),), wait=15),
    Scenario("job", "Current", "Complete", (job(),), wait=6),
    Scenario("autoscaler", "Current", "RolloutComplete", verdicts.in_pool, meanwhile=verdicts.autoscaler, wait=verdicts.WAIT_FOR_NODE + 10),
    Scenario("crash-once", "InProgress", "WaitingForReady", (workload("never-ready"),), wait=6),
    Scenario("image-not-found", "Failed", "ImageNotFound", (workload(image=release.BROKEN_IMAGE, replicas=2),), GOOD, wait=6),
    Scenario("config-error", "Failed", "ContainerConfig", (workload("config-error"),), wait=5),
    Scenario("crash-loop", "Failed", "CrashLoop", (workload("crash-loop", exit_code="3"),), wait=10),
    Scenario("out-of-memory", "Failed", "OutOfMemory", (workload("oom"),), wait=10),
    Scenario("init-failure", "Failed", "CrashLoop", (with_init("init-failure"),), wait=10),
    Scenario("quota", "Failed", "FailedCreate", (workload(),), prepare=verdicts.no_pods, wait=8),
    Scenario("no-service-account", "Failed", "FailedCreate", (workload(spec={"serviceAccountName": "nobody"}),), wait=8),
    Scenario("dead-webhook", "Failed", "FailedCreate", (workload(),), prepare=verdicts.dead_webhook, wait=8),
    Scenario("unschedulable", "Failed", "Unschedulable", verdicts.in_pool, wait=6, later=40),
    Scenario("progress-deadline", "Failed", "ProgressDeadlineExceeded",
             (with_spec(workload("never-ready"), progressDeadlineSeconds=5),), wait=12),
    Scenario("stateful-crash", "Failed", "CrashLoop", (as_kind("StatefulSet", workload(image="registry.example/app:crash", replicas=2)),),
             (as_kind("StatefulSet", workload(replicas=2)),), wait=15),
    Scenario("job-failed", "Failed", "BackoffLimitExceeded", (job("crash-loop", backoffLimit=0),), wait=8),
)  # fmt: skip


# --- recording ----------------------------------------------------------------------------------------------------------


class Recorder:
    def __init__(self, namespace):
        self.events = []
        self._lock = threading.Lock()
        self._connections = []
        self._threads = []
        for resource in WATCHED:
            host, port, context = api._endpoint()
            connection = http.client.HTTPSConnection(host, port, context=context, timeout=600)
            connection.request("GET", "/" + api.collection(resource, namespace) + "?watch=1")
            self._connections.append(connection)
            thread = threading.Thread(target=self._read, args=(connection.getresponse(),), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _read(self, response):
        try:
            for line in response:
                event = json.loads(line)
                if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                    event["at"] = time.time()
                    with self._lock:
                        self.events.append(event)
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # closed below

    def stop(self):
        with self._lock:
            result = list(self.events)
        for connection in self._connections:
            connection.sock.close()
        return result


def apply(namespace, manifests):
    sandbox.kubectl("apply", "--server-side", "--force-conflicts", "-n", namespace, "-f", "-", stdin=release.stream(manifests))


def server_time():
    host, port, context = api._endpoint()
    connection = http.client.HTTPSConnection(host, port, context=context, timeout=60)
    connection.request("HEAD", "/readyz")
    date = connection.getresponse().getheader("Date")
    connection.close()
    return datetime.datetime.strptime(date, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=datetime.timezone.utc)


def record(scenario):
    case = verdicts.Case(scenario.name, (), prepare=scenario.prepare, meanwhile=scenario.meanwhile)
    with verdicts.prepared(case) as namespace:
        manifests = scenario.after(namespace) if callable(scenario.after) else scenario.after
        manifests = [manifests] if isinstance(manifests, dict) else list(manifests)
        if scenario.before:
            apply(namespace, list(scenario.before))
            time.sleep(6)
        recorder = Recorder(namespace)
        time.sleep(0.5)
        applied = server_time()
        apply(namespace, manifests)
        if scenario.meanwhile:
            scenario.meanwhile(namespace)
            time.sleep(10)
        else:
            time.sleep(scenario.wait)
        now = server_time() + datetime.timedelta(seconds=scenario.later)
        events = recorder.stop()
    kind, name = manifests[0]["kind"], manifests[0]["metadata"]["name"]
    subject = next(e["object"] for e in events if e["object"]["kind"] == kind and e["object"]["metadata"]["name"] == name)
    return namespace, applied, now, subject["metadata"]["uid"], events


# --- making it small ------------------------------------------------------------------------------------------------------

METADATA = ("name", "namespace", "uid", "generation", "creationTimestamp", "deletionTimestamp", "ownerReferences", "resourceVersion")
SPEC = {
    "Deployment": ("replicas", "progressDeadlineSeconds", "strategy", "paused", "minReadySeconds"),
    "ReplicaSet": ("replicas",),
    "StatefulSet": ("replicas", "updateStrategy", "minReadySeconds"),
    "DaemonSet": ("updateStrategy",),
    "Job": ("backoffLimit", "completions", "parallelism", "suspend"),
    "Pod": ("containers", "initContainers", "restartPolicy", "nodeName"),
}
CONTAINER = ("name", "image", "readinessProbe", "startupProbe", "livenessProbe", "resources", "restartPolicy")
EVENT = ("involvedObject", "reason", "message", "type", "firstTimestamp", "lastTimestamp", "eventTime", "count", "series")


def pick(value, names):
    return {name: value[name] for name in names if name in value and value[name] not in (None, {}, [])}


def reduced(item):
    metadata = pick(item["metadata"], METADATA)
    for owner in metadata.get("ownerReferences", []):
        owner.pop("blockOwnerDeletion", None)
    revision = item["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision")
    if revision:
        metadata["annotations"] = {"deployment.kubernetes.io/revision": revision}
    labels = pick(item["metadata"].get("labels", {}), ("controller-revision-hash",))
    if labels:
        metadata["labels"] = labels
    result = {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata}
    if item["kind"] == "Event":
        return {**result, **pick(item, EVENT)}
    if item["kind"] == "ControllerRevision":
        return {**result, "revision": item["revision"]}
    spec = pick(item.get("spec", {}), SPEC[item["kind"]])
    for name in ("containers", "initContainers"):
        if name in spec:
            spec[name] = [pick(container, CONTAINER) for container in spec[name]]
    status = {name: value for name, value in item.get("status", {}).items() if name not in ("hostIP", "hostIPs", "podIP", "podIPs", "qosClass")}
    for name in ("containerStatuses", "initContainerStatuses"):
        for container in status.get(name, []):
            for noise in ("imageID", "volumeMounts", "allocatedResources", "resources", "user"):
                container.pop(noise, None)
    return {**result, "spec": spec, "status": status}


def merge_patch(old, new):
    """RFC 7386; lists are replaced as a whole."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    patch = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old:
            patch[key] = value
        elif old[key] != value:
            patch[key] = merge_patch(old[key], value)
    return patch


def normalised(text, namespace, shift):
    """UIDs, names of the namespace and times, made independent of the run."""
    uids, containers = {}, {}
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                  lambda match: uids.setdefault(match[0], f"u{len(uids) + 1}"), text)  # fmt: skip
    text = re.sub(r"containerd://[0-9a-f]{64}", lambda match: containers.setdefault(match[0], f"c{len(containers) + 1}"), text)
    text = text.replace(namespace, "demo")

    def moved(match):
        old = datetime.datetime.fromisoformat(match[1] + "+00:00") + shift
        return old.strftime("%Y-%m-%dT%H:%M:%S") + (match[2] or "") + "Z"

    return re.sub(r"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", moved, text)


def kubelet_event(pod, at, known):
    """The Event in which a kubelet repeats what a registry answered. kwok sends none, and the status forgets it."""
    lines = []
    for container in pod.get("status", {}).get("containerStatuses", []) if pod["kind"] == "Pod" else []:
        waiting = container.get("state", {}).get("waiting", {})
        uid = f"event-{pod['metadata']['uid']}-{container['name']}"
        if waiting.get("reason") != "ErrImagePull" or uid in known:
            continue
        seen = next(one["lastTransitionTime"] for one in pod["status"]["conditions"] if one["type"] == "Ready")
        known[uid] = {
            "apiVersion": "v1", "kind": "Event", "reason": "Failed", "type": "Warning", "count": 1,
            "metadata": {"name": "pull", "namespace": pod["metadata"]["namespace"], "uid": uid},
            "involvedObject": {"kind": "Pod", "uid": pod["metadata"]["uid"], "fieldPath": f"spec.containers{{{container['name']}}}"},
            "message": f"Failed to pull image \"{container['image']}\": {waiting['message']}",
            "firstTimestamp": seen, "lastTimestamp": seen,
        }  # fmt: skip
        lines.append({"at": at, "uid": uid, "rv": "1", "patch": known[uid]})
    return lines


def write(scenario, folder):
    namespace, applied, now, subject, events = record(scenario)
    known, lines = {}, []
    versions = {}
    for event in sorted(events, key=lambda one: int(one["object"]["metadata"]["resourceVersion"])):
        versions.setdefault(event["object"]["metadata"]["resourceVersion"], str(90 + len(versions)))
    for event in events:
        item = reduced(event["object"])
        at = round(max(0.0, event["at"] - applied.timestamp()), 1)
        uid, rv = item["metadata"]["uid"], versions[item["metadata"].pop("resourceVersion")]
        if event["type"] == "DELETED":
            lines.append({"at": at, "uid": uid, "rv": rv, "deleted": True})
            continue
        if uid in known and known[uid] == item:
            continue  # nothing that is kept has changed
        lines.append({"at": at, "uid": uid, "rv": rv, "patch": merge_patch(known.get(uid, {}), item)})
        lines += kubelet_event(item, at, known)
        known[uid] = item
    zone = "%Y-%m-%dT%H:%M:%SZ"
    case = {"applied": applied.strftime(zone), "now": now.strftime(zone), "subject": subject, "status": scenario.status, "reason": scenario.reason}
    text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
    text = normalised(text + "\n\0" + json.dumps(case, indent=2) + "\n", namespace, BEGIN - applied)
    stream, _, case_text = text.partition("\0")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stream.jsonl").write_text(stream)
    (folder / "case.json").write_text(case_text)
    print(f"{scenario.name}: {len(lines)} events, {len(stream)} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which scenarios; default all")
    parser.add_argument("--into", type=pathlib.Path, default=ROOT / "tests" / "golden" / "health")
    arguments = parser.parse_args()
    threads = []
    for scenario in SCENARIOS:
        if not arguments.names or scenario.name in arguments.names:
            threads.append(threading.Thread(target=write, args=(scenario, arguments.into / scenario.name)))
    for thread in threads:
        thread.start()
        time.sleep(0.3)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
