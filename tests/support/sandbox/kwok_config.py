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
                    growing restartCount; with restartPolicy Never the
                    pod is Failed after its first exit
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

PREFIX = "instantexec.dev/"

# Faults that leave a container waiting from the start: reason and message (printf with the image).
WAITING = {
    "image-not-found": ("ErrImagePull", 'failed to pull and unpack image "%[1]s": failed to resolve reference "%[1]s": %[1]s: not found'),
    "pull-backoff": ("ErrImagePull", 'failed to pull and unpack image "%[1]s": failed to do request: Head "https://registry.example/v2/": dial tcp 192.0.2.10:443: i/o timeout'),
    "config-error": ("CreateContainerConfigError", 'configmap "sandbox-missing" not found'),
}
# Faults whose containers run without being ready.
UNREADY = ["crash-loop", "oom", "never-ready", "slow-start"]
CRASHING = ["crash-loop", "oom"]

# --- jq expressions that select pods ---------------------------------------------------------------------------------

# The pod's faults, one output each. An absent label gives "", which no stage asks for.
FAULTS = (
    f'(.metadata.labels["{PREFIX}fault"] // ""), '
    '(.spec.containers[].image | if test("registry[.]invalid/|:does-not-exist$") then "image-not-found" '
    'elif endswith(":crash") then "crash-loop" else empty end)'
)
READY = '.status.conditions[]? | select(.type == "Ready") | .status'


def is_in(expression, *values):
    return {"jq": {"key": expression, "operator": "In", "values": list(values)}}


def exists(expression):
    return {"jq": {"key": expression, "operator": "Exists"}}


def absent(expression):
    return {"jq": {"key": expression, "operator": "DoesNotExist"}}


LIVING = absent(".metadata.deletionTimestamp")


def phase(value):
    return is_in(".status.phase", value)


def ready(value):
    return is_in(READY, value)


def fault(*names):
    return is_in(FAULTS, *names)


def annotation(name):
    return f'.metadata.annotations["{PREFIX}{name}"]'


def delay(milliseconds, expression=None):
    """A fixed delay, or one the jq expression gives as a Go duration with the fixed one as its default."""
    result = {"durationMilliseconds": milliseconds}
    if expression:
        result["durationFrom"] = {"jq": {"expression": expression}}
    return result


# --- pieces of the Go templates (functions: sprig's, and kwok's Quote, Now, NodeIPsWith, PodIPsWith) -------------------

# Every template starts with these. Statuses are built as dictionaries and printed as JSON, so that no value can break
# the YAML around it. Lists of container statuses are atomic in the API: a stage prints all of one list or none of it.
PRELUDE = f"""
{{{{ $now := Now }}}}
{{{{ $meta := .metadata }}}}
{{{{ $never := eq .spec.restartPolicy "Never" }}}}
{{{{ $notes := default dict .metadata.annotations }}}}
{{{{ $label := get (default dict .metadata.labels) "{PREFIX}fault" }}}}
{{{{ $only := get $notes "{PREFIX}fault-container" }}}}
{{{{ $unready := list }}}}
{{{{ $statuses := list }}}}
"""

# Sets $fault for the container (or container status) $c. Keep in step with FAULTS.
FAULT_OF_C = """
{{ $fault := "" }}
{{ if and $label (or (not $only) (eq $only $c.name)) }}{{ $fault = $label }}
{{ else if or (contains "registry.invalid/" $c.image) (hasSuffix ":does-not-exist" $c.image) }}{{ $fault = "image-not-found" }}
{{ else if hasSuffix ":crash" $c.image }}{{ $fault = "crash-loop" }}
{{ end }}
"""

# Makes the status $s of a container a running one; $restarts counts its earlier runs.
RUN_S = """
{{ $_ := set $s "started" true }}
{{ $_ := set $s "restartCount" $restarts }}
{{ $_ := set $s "imageID" (printf "%s@sha256:%s" (regexReplaceAll "(@sha256:.*|:[^:/]*)$" $s.image "") (sha256sum $s.image)) }}
{{ $_ := set $s "containerID" (printf "containerd://%s" (sha256sum (printf "%s/%s/%d" $meta.uid $s.name $restarts))) }}
{{ $_ := set $s "state" (dict "running" (dict "startedAt" $now)) }}
"""

COLLECT_S = """
{{ if not $s.ready }}{{ $unready = append $unready $s.name }}{{ end }}
{{ $statuses = append $statuses $s }}
"""

# Ready and ContainersReady from $unready. The nulls clear what an earlier, unready state left in a merged condition.
READINESS = """
{{ range $type := list "ContainersReady" "Ready" }}
{{ if $unready }}
- {type: {{ $type }}, status: "False", lastTransitionTime: {{ $now | Quote }}, reason: ContainersNotReady, message: {{ printf "containers with unready status: %v" $unready | Quote }}}
{{ else }}
- {type: {{ $type }}, status: "True", lastTransitionTime: {{ $now | Quote }}, reason: null, message: null}
{{ end }}
{{ end }}
"""

# Both conditions of a pod whose containers have all ended.
ENDED = """
{{ range $type := list "ContainersReady" "Ready" }}
- {type: {{ $type }}, status: "False", lastTransitionTime: {{ $now | Quote }}, reason: REASON, message: null}
{{ end }}
"""


def start_template():
    """Pending to whatever the containers come to at once: running and ready, running, or waiting."""
    waiting = "".join(
        f"""
{{{{ else if eq $fault "{name}" }}}}
{{{{ $pending = true }}}}
{{{{ $_ := set $s "state" (dict "waiting" (dict "reason" "{reason}" "message" (printf {json.dumps(message) if "%[" not in message else json.dumps(message) + " $c.image"}))) }}}}"""
        for name, (reason, message) in WAITING.items()
    )
    return f"""{PRELUDE}
{{{{ $restarts := 0 }}}}
{{{{ $pending := false }}}}
{{{{ $initFails := eq $label "init-failure" }}}}
{{{{ $inits := list }}}}
{{{{ $incomplete := list }}}}
{{{{ range $c := .spec.initContainers }}}}
{{{{ $s := dict "name" $c.name "image" $c.image "imageID" "" "ready" false "started" false "restartCount" 0 "lastState" dict }}}}
{{{{ if and $initFails $incomplete }}}}
{{{{ $_ := set $s "state" (dict "waiting" (dict "reason" "PodInitializing")) }}}}
{{{{ else }}}}
{RUN_S}
{{{{ if eq (default "" $c.restartPolicy) "Always" }}}}
{{{{ $_ := set $s "ready" true }}}}
{{{{ else if $initFails }}}}
{{{{ $_ := set $s "started" false }}}}
{{{{ else }}}}
{{{{ $_ := set $s "started" false }}}}
{{{{ $_ := set $s "ready" true }}}}
{{{{ $_ := set $s "state" (dict "terminated" (dict "exitCode" 0 "reason" "Completed" "startedAt" $now "finishedAt" $now "containerID" $s.containerID)) }}}}
{{{{ end }}}}
{{{{ end }}}}
{{{{ if not $s.ready }}}}{{{{ $incomplete = append $incomplete $c.name }}}}{{{{ end }}}}
{{{{ $inits = append $inits $s }}}}
{{{{ end }}}}
{{{{ range $c := .spec.containers }}}}
{FAULT_OF_C}
{{{{ $s := dict "name" $c.name "image" $c.image "imageID" "" "ready" false "started" false "restartCount" 0 "lastState" dict }}}}
{{{{ if $initFails }}}}
{{{{ $pending = true }}}}
{{{{ $_ := set $s "state" (dict "waiting" (dict "reason" (ternary "PodInitializing" "ContainerCreating" (not (empty $inits))))) }}}}{waiting}
{{{{ else }}}}
{RUN_S}
{{{{ $_ := set $s "ready" (not (has $fault (list {" ".join(json.dumps(name) for name in UNREADY)}))) }}}}
{{{{ end }}}}
{COLLECT_S}
{{{{ end }}}}
phase: {{{{ ternary "Pending" "Running" $pending }}}}
startTime: {{{{ $now | Quote }}}}
{{{{ with NodeIPsWith .spec.nodeName }}}}
hostIP: {{{{ index . 0 | Quote }}}}
hostIPs: [{{{{ range . }}}}{{{{ dict "ip" . | toJson }}}},{{{{ end }}}}]
{{{{ end }}}}
{{{{ with PodIPsWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}}}
podIP: {{{{ index . 0 | Quote }}}}
podIPs: [{{{{ range . }}}}{{{{ dict "ip" . | toJson }}}},{{{{ end }}}}]
{{{{ end }}}}
{{{{ if $inits }}}}
initContainerStatuses: {{{{ toJson $inits }}}}
{{{{ end }}}}
containerStatuses: {{{{ toJson $statuses }}}}
conditions:
- {{type: PodReadyToStartContainers, status: "True", lastTransitionTime: {{{{ $now | Quote }}}}}}
{{{{ if $incomplete }}}}
- {{type: Initialized, status: "False", lastTransitionTime: {{{{ $now | Quote }}}}, reason: ContainersNotInitialized, message: {{{{ printf "containers with incomplete status: %v" $incomplete | Quote }}}}}}
{{{{ else }}}}
- {{type: Initialized, status: "True", lastTransitionTime: {{{{ $now | Quote }}}}}}
{{{{ end }}}}
{{{{ range .spec.readinessGates }}}}
- {{type: {{{{ .conditionType | Quote }}}}, status: "True", lastTransitionTime: {{{{ $now | Quote }}}}}}
{{{{ end }}}}
{READINESS}"""


def each_container(body, statuses="containerStatuses"):
    """Runs `body` for every status $s of the list, then prints the list. Containers not touched keep theirs."""
    return f"""
{{{{ range $s := .status.{statuses} }}}}
{{{{ $c := $s }}}}
{FAULT_OF_C}
{{{{ $restarts := int $s.restartCount }}}}
{body}
{COLLECT_S}
{{{{ end }}}}
{statuses}: {{{{ toJson $statuses }}}}
"""


def crash_template(statuses, chosen):
    """Running to terminated (first run, or last one under restartPolicy Never) or to CrashLoopBackOff."""
    body = f"""
{{{{ if and $s.state.running {chosen} }}}}
{{{{ $code := int (default "1" (get $notes "{PREFIX}exit-code")) }}}}
{{{{ $reason := "Error" }}}}
{{{{ if eq $fault "oom" }}}}{{{{ $code = 137 }}}}{{{{ $reason = "OOMKilled" }}}}{{{{ end }}}}
{{{{ $end := dict "terminated" (dict "exitCode" $code "reason" $reason "startedAt" $s.state.running.startedAt "finishedAt" $now "containerID" $s.containerID) }}}}
{{{{ $_ := set $s "started" false }}}}
{{{{ if or $never (eq $restarts 0) }}}}
{{{{ $_ := set $s "state" $end }}}}
{{{{ else }}}}
{{{{ $_ := set $s "lastState" $end }}}}
{{{{ $wait := printf "back-off 10s restarting failed container=%s pod=%s_%s(%s)" $s.name $meta.name $meta.namespace $meta.uid }}}}
{{{{ $_ := set $s "state" (dict "waiting" (dict "reason" "CrashLoopBackOff" "message" $wait)) }}}}
{{{{ end }}}}
{{{{ end }}}}"""
    return (
        PRELUDE
        + each_container(body, statuses)
        + "{{ if $never }}\nphase: Failed\nconditions:"
        + ENDED.replace("REASON", "PodFailed")
        + "{{ end }}\n"
    )


def restart_template(statuses, init=False):
    """Terminated or CrashLoopBackOff to running, one restart later."""
    body = f"""
{{{{ if or $s.state.terminated $s.state.waiting }}}}
{{{{ if and (not $s.ready) (or (get $s.state "terminated") (eq (get (default dict $s.state.waiting) "reason") "CrashLoopBackOff")) }}}}
{{{{ if $s.state.terminated }}}}{{{{ $_ := set $s "lastState" $s.state }}}}{{{{ end }}}}
{{{{ $restarts = add1 $restarts | int }}}}
{RUN_S}
{{{{ $_ := set $s "started" {"false" if init else "true"} }}}}
{{{{ end }}}}
{{{{ end }}}}"""
    return PRELUDE + each_container(body, statuses)


def pull_backoff_template():
    body = """
{{ if eq (get (default dict $s.state.waiting) "reason") "ErrImagePull" }}
{{ $_ := set $s "state" (dict "waiting" (dict "reason" "ImagePullBackOff" "message" (printf "Back-off pulling image %q" $s.image))) }}
{{ end }}"""
    return PRELUDE + each_container(body)


def pulled_template():
    body = f"""
{{{{ if eq (get (default dict $s.state.waiting) "reason") "ImagePullBackOff" }}}}
{RUN_S}
{{{{ $_ := set $s "ready" true }}}}
{{{{ end }}}}"""
    return PRELUDE + each_container(body) + "phase: Running\nconditions:" + READINESS


def readiness_template(name, value):
    body = f'{{{{ if eq $fault "{name}" }}}}{{{{ $_ := set $s "ready" {value} }}}}{{{{ end }}}}'
    return PRELUDE + each_container(body) + "conditions:" + READINESS


def complete_template():
    body = """
{{ if $s.state.running }}
{{ $_ := set $s "ready" false }}
{{ $_ := set $s "started" false }}
{{ $_ := set $s "state" (dict "terminated" (dict "exitCode" 0 "reason" "Completed" "startedAt" $s.state.running.startedAt "finishedAt" $now "containerID" $s.containerID)) }}
{{ end }}"""
    return PRELUDE + each_container(body) + "phase: Succeeded\nconditions:" + ENDED.replace("REASON", "PodCompleted")


NODE_TEMPLATE = """
{{ $now := Now }}
phase: Running
conditions:
{{ range NodeConditions }}
- {type: {{ .type }}, status: {{ .status | Quote }}, reason: {{ .reason }}, message: {{ .message | Quote }}, lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $now | Quote }}}
{{ end }}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ .metadata.name | Quote }}}
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}
nodeInfo:
  architecture: amd64
  bootID: ""
  containerRuntimeVersion: kwok-{{ Version }}
  kernelVersion: kwok-{{ Version }}
  kubeProxyVersion: kwok-{{ Version }}
  kubeletVersion: kwok-{{ Version }}
  machineID: ""
  operatingSystem: linux
  osImage: kwok
  systemUUID: ""
"""

# --- the stages ------------------------------------------------------------------------------------------------------


def event(reason, message):
    return {"event": {"type": "Warning", "reason": reason, "message": message}}


def status(template):
    # kwok renders, then parses: blank lines left by template actions would only make its logs longer.
    lines = [line for line in template.splitlines() if line.strip()]
    return {"patch": {"subresource": "status", "root": "status", "template": "\n".join(lines) + "\n"}}


def stage(name, when, steps, wait=None, kind="Pod"):
    spec = {"resourceRef": {"apiGroup": "v1", "kind": kind}, "selector": {"matchExpressions": when}, "steps": steps}
    if wait:
        spec["delay"] = wait
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def restart_delay(statuses):
    return (
        f"([.status.{statuses}[].restartCount] | max) as $n | "
        'if $n == 0 then "100ms" elif $n < 5 then "\\(pow(2; $n - 1))s" else "10s" end'
    )


def ended(statuses):
    """The reasons why containers that are to be restarted do not run."""
    return is_in(
        f".status.{statuses}[]? | select(.ready | not) | .state | (.terminated.reason // .waiting.reason)",
        "Error", "OOMKilled", "CrashLoopBackOff",
    )


def pod_stages():
    crash_after = delay(300, annotation("crash-after"))
    backoff = event("BackOff", "Back-off restarting failed container")
    waiting = ".status.containerStatuses[]?.state.waiting.reason"
    running_unready = exists(".status.containerStatuses[]? | select(.ready | not) | .state.running.startedAt")
    init_running = exists(".status.initContainerStatuses[]? | select(.ready | not) | .state.running.startedAt")
    restarts = is_in(".spec.restartPolicy", "Always", "OnFailure")
    # A finalizer keeps a pod that the kubelet has let go: deleting it again and again would change nothing.
    let_go = "select(.metadata.deletionGracePeriodSeconds == 0) | .metadata.finalizers[]?"
    return [
        stage("pod-start", [phase("Pending"), absent(".status.startTime"), LIVING], [status(start_template())]),
        stage("pod-delete", [exists(".metadata.deletionTimestamp"), absent(let_go)], [{"delete": True}]),
        stage("pod-complete", [phase("Running"), restarts_not_always(), ready("True"), LIVING],
              [status(complete_template())], delay(300, annotation("run-for"))),
        stage("pod-pull-backoff", [phase("Pending"), is_in(waiting, "ErrImagePull"), LIVING],
              [event("Failed", "Error: ErrImagePull"), status(pull_backoff_template())], delay(1000)),
        stage("pod-pulled", [phase("Pending"), is_in(waiting, "ImagePullBackOff"), fault("pull-backoff"),
                             exists(annotation("recover-after")), LIVING],
              [status(pulled_template())], delay(0, annotation("recover-after"))),
        stage("pod-crash", [phase("Running"), ready("False"), running_unready, fault(*CRASHING), LIVING],
              [backoff, status(crash_template("containerStatuses", '(has $fault (list "crash-loop" "oom"))'))], crash_after),
        stage("pod-restart", [phase("Running"), ready("False"), ended("containerStatuses"), fault(*CRASHING), restarts, LIVING],
              [status(restart_template("containerStatuses"))], delay(100, restart_delay("containerStatuses"))),
        stage("pod-init-crash", [phase("Pending"), init_running, fault("init-failure"), LIVING],
              [backoff, status(crash_template("initContainerStatuses", "(not $s.ready)"))], crash_after),
        stage("pod-init-restart", [phase("Pending"), ended("initContainerStatuses"), fault("init-failure"), restarts, LIVING],
              [status(restart_template("initContainerStatuses", init=True))], delay(100, restart_delay("initContainerStatuses"))),
        stage("pod-turn-ready", [phase("Running"), ready("False"), fault("slow-start"), LIVING],
              [status(readiness_template("slow-start", "true"))], delay(8000, annotation("ready-after"))),
        stage("pod-lose-ready", [phase("Running"), ready("True"), fault("ready-then-lost"), LIVING],
              [event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
               status(readiness_template("ready-then-lost", "false"))], delay(3000, annotation("ready-for"))),
        stage("pod-never-ready", [phase("Running"), ready("False"), fault("never-ready"), LIVING],
              [event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")], delay(1000)),
    ]


def restarts_not_always():
    return is_in(".spec.restartPolicy", "Never", "OnFailure")


def node_stages():
    return [stage("node-ready", [{"jq": {"key": READY, "operator": "NotIn", "values": ["True"]}}],
                  [status(NODE_TEMPLATE)], kind="Node")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--container-log", required=True, help="file that every fake container's log is read from")
    arguments = parser.parse_args()
    documents = [
        {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration",
         # kwok fills in no defaults once there is a configuration: all three are needed.
         "options": {"podPlayStageParallelism": 16, "nodePlayStageParallelism": 4, "nodeLeaseParallelism": 4,
                     "enableDebuggingHandlers": True}},
        {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterLogs", "metadata": {"name": "all"},
         "spec": {"logs": [{"logsFile": arguments.container_log}]}},
        *node_stages(),
        *pod_stages(),
    ]
    sys.stdout.write("\n---\n".join(json.dumps(document, indent=1) for document in documents) + "\n")


if __name__ == "__main__":
    main()
