#!/usr/bin/env python3
"""Writes kwok's configuration: how fake nodes and pods behave, including on demand faults.

    kwok_config.py --container-log FILE > kwok.yaml

The output is a stream of JSON documents (JSON is YAML): one KwokConfiguration, one ClusterLogs and the Stage objects.
A Stage is "when a pod looks like this, wait, then patch its status like that"; the stages below form the state machine
of a kubelet, shortened in time.

A healthy pod runs and is ready with one status write. A faulty pod is asked for in one of two ways:

  label `instantexec.dev/fault: NAME`   every container of the pod misbehaves, or only the one named by the annotation
                                        `instantexec.dev/fault-container`
  image of a container                  `registry.invalid/…` or `…:does-not-exist` is image-not-found, `…:crash` is
                                        crash-loop; for that container alone

  NAME              what a client sees                                     annotations (with defaults)
  image-not-found   ErrImagePull "not found", after 1 s ImagePullBackOff
  pull-backoff      ErrImagePull "i/o timeout", then ImagePullBackOff      recover-after (never): pulled then, and ready
  config-error      CreateContainerConfigError, for good
  crash-loop        runs, exits, CrashLoopBackOff with lastState and a     exit-code (1), crash-after (300ms)
                    growing restartCount, never ready in between; with
                    restartPolicy Never the pod is Failed instead
  oom               the same with OOMKilled and exit code 137              crash-after (300ms)
  never-ready       Running, never Ready, event Unhealthy
  slow-start        Running, Ready after a while                           ready-after (8s)
  ready-then-lost   Ready, then not any more, for good                     ready-for (3s)
  init-failure      the first init container crash-loops; with             exit-code (1), crash-after (300ms)
                    restartPolicy Never the pod is Failed. A pod without
                    init containers stays in ContainerCreating

Annotation names carry the prefix `instantexec.dev/`; durations are Go durations. Back-off between restarts is 0.1 s,
then 1, 2, 4, 8 and at most 10 s, where a kubelet takes 0, 10, 20 … 300 s. Pods with a restartPolicy other than Always
that do not fail complete after `run-for` (300ms).
"""

import argparse
import json
import sys

import kwok_templates as templates
from kwok_templates import CRASHING, PREFIX

# --- jq expressions that select objects -------------------------------------------------------------------------------

# The pod's faults, one output each. An absent label gives "", which no stage asks for.
FAULTS = (
    f'(.metadata.labels["{PREFIX}fault"] // ""), '
    '(.spec.containers[].image | if test("registry[.]invalid/|:does-not-exist$") then "image-not-found" '
    'elif endswith(":crash") then "crash-loop" else empty end)'
)
READY = '.status.conditions[]? | select(.type == "Ready") | .status'
WAITING_REASON = ".status.containerStatuses[]?.state.waiting.reason"


def is_in(expression, *values):
    return {"jq": {"key": expression, "operator": "In", "values": list(values)}}


def not_in(expression, *values):
    return {"jq": {"key": expression, "operator": "NotIn", "values": list(values)}}


def exists(expression):
    return {"jq": {"key": expression, "operator": "Exists"}}


def absent(expression):
    return {"jq": {"key": expression, "operator": "DoesNotExist"}}


LIVING = absent(".metadata.deletionTimestamp")
RESTARTS = is_in(".spec.restartPolicy", "Always", "OnFailure")
ENDS = is_in(".spec.restartPolicy", "Never", "OnFailure")
NEVER = is_in(".spec.restartPolicy", "Never")


def phase(value):
    return is_in(".status.phase", value)


def ready(value):
    return is_in(READY, value)


def fault(*names):
    return is_in(FAULTS, *names)


def running_unready(statuses):
    return exists(f".status.{statuses}[]? | select(.ready | not) | .state.running.startedAt")


def down(statuses):
    """Some container has ended and is to be restarted."""
    reason = f".status.{statuses}[]? | select(.ready | not) | .state | (.terminated.reason // .waiting.reason)"
    return is_in(reason, "Error", "OOMKilled", "CrashLoopBackOff")


# --- delays -----------------------------------------------------------------------------------------------------------


def annotation(name):
    return f'.metadata.annotations["{PREFIX}{name}"]'


def delay(milliseconds, expression=None):
    """A fixed delay, or one the jq expression gives as a Go duration with the fixed one as its default."""
    result = {"durationMilliseconds": milliseconds}
    if expression:
        result["durationFrom"] = {"jq": {"expression": expression}}
    return result


def backoff_delay(statuses):
    return delay(
        100,
        f"([.status.{statuses}[].restartCount] | max) as $n | "
        'if $n == 0 then "100ms" elif $n < 5 then "\\(pow(2; $n - 1))s" else "10s" end',
    )


# --- the stages -------------------------------------------------------------------------------------------------------


def event(reason, message):
    return {"event": {"type": "Warning", "reason": reason, "message": message}}


def status(template):
    # The lines that hold template actions only would leave nothing but blank ones behind.
    lines = [line for line in template.splitlines() if line.strip()]
    return {"patch": {"subresource": "status", "root": "status", "template": "\n".join(lines) + "\n"}}


def stage(name, when, steps, wait=None, kind="Pod"):
    spec = {"resourceRef": {"apiGroup": "v1", "kind": kind}, "selector": {"matchExpressions": when}, "steps": steps}
    if wait:
        spec["delay"] = wait
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def life_stages():
    """Healthy pods and nodes."""
    # A finalizer keeps a pod that its kubelet has let go: deleting it again and again would change nothing.
    let_go = "select(.metadata.deletionGracePeriodSeconds == 0) | .metadata.finalizers[]?"
    return [
        stage("node-ready", [not_in(READY, "True")], [status(templates.node())], kind="Node"),
        stage(
            "pod-start",
            [phase("Pending"), absent(".status.startTime"), LIVING],
            [status(templates.start())],
        ),
        stage(
            "pod-complete",
            [phase("Running"), ENDS, ready("True"), LIVING],
            [status(templates.complete())],
            delay(300, annotation("run-for")),
        ),
        stage("pod-delete", [exists(".metadata.deletionTimestamp"), absent(let_go)], [{"delete": True}]),
    ]


def image_stages():
    return [
        stage(
            "pod-pull-backoff",
            [phase("Pending"), is_in(WAITING_REASON, "ErrImagePull"), LIVING],
            [event("Failed", "Error: ErrImagePull"), status(templates.pull_backoff())],
            delay(1000),
        ),
        stage(
            "pod-pulled",
            [
                phase("Pending"),
                is_in(WAITING_REASON, "ImagePullBackOff"),
                fault("pull-backoff"),
                exists(annotation("recover-after")),
                LIVING,
            ],
            [status(templates.pulled())],
            delay(0, annotation("recover-after")),
        ),
    ]


def crash_stages():
    """Crashes of containers and of init containers: three stages each."""
    after = delay(300, annotation("crash-after"))
    backoff = event("BackOff", "Back-off restarting failed container")
    result = []
    for init, when in (
        (False, [phase("Running"), ready("False"), fault(*CRASHING), LIVING]),
        (True, [phase("Pending"), fault("init-failure"), LIVING]),
    ):
        statuses = "initContainerStatuses" if init else "containerStatuses"
        prefix = "pod-init-" if init else "pod-"
        running = running_unready(statuses)
        crash = status(templates.crash(init))
        result += [
            stage(prefix + "crash", [*when, running, RESTARTS], [backoff, crash], after),
            stage(prefix + "fail", [*when, running, NEVER], [crash], after),
            stage(
                prefix + "restart",
                [*when, down(statuses), RESTARTS],
                [status(templates.restart(init))],
                backoff_delay(statuses),
            ),
        ]
    return result


def readiness_stages():
    unhealthy = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    return [
        stage(
            "pod-turn-ready",
            [phase("Running"), ready("False"), fault("slow-start"), LIVING],
            [status(templates.readiness("slow-start", ready=True))],
            delay(8000, annotation("ready-after")),
        ),
        stage(
            "pod-lose-ready",
            [phase("Running"), ready("True"), fault("ready-then-lost"), LIVING],
            [unhealthy, status(templates.readiness("ready-then-lost", ready=False))],
            delay(3000, annotation("ready-for")),
        ),
        stage(
            "pod-never-ready",
            [phase("Running"), ready("False"), fault("never-ready"), LIVING],
            [unhealthy],
            delay(1000),
        ),
    ]


def main():
    parser = argparse.ArgumentParser(description="Write kwok's configuration to standard output.")
    parser.add_argument("--container-log", required=True, help="file that every fake container's log is read from")
    arguments = parser.parse_args()
    documents = [
        {
            "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
            "kind": "KwokConfiguration",
            # kwok fills in no defaults once there is a configuration: each of these is needed.
            "options": {
                "podPlayStageParallelism": 16,
                "nodePlayStageParallelism": 4,
                "nodeLeaseParallelism": 4,
                "podsOnNodeSyncParallelism": 2,
                "enablePodsOnNodeSyncListPager": False,
                "enablePodsOnNodeSyncStreamWatch": True,
                "enableDebuggingHandlers": True,
            },
        },
        {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterLogs",
            "metadata": {"name": "all"},
            "spec": {"logs": [{"logsFile": arguments.container_log}]},
        },
        *life_stages(),
        *image_stages(),
        *crash_stages(),
        *readiness_stages(),
    ]
    sys.stdout.write("\n---\n".join(json.dumps(document, indent=1) for document in documents) + "\n")


if __name__ == "__main__":
    main()
