"""The Go templates by which kwok's stages patch a status: what a fake kubelet writes.

Each public name returns the text of one template. It sees the whole object and has sprig's functions and kwok's Quote,
Now, NodeIPsWith and PodIPsWith. Container statuses are built as dictionaries and printed as JSON, so that no value can
break the YAML around it. Lists of container statuses are atomic in the API: a template prints all of one list or none
of it. Conditions are merged by type.

Here `<<NAME>>` is a placeholder that `fill` replaces; double braces are Go's.
"""

import json

PREFIX = "instantexec.dev/"

# Faults that leave a container waiting from the start: reason and message (printf with the image).
WAITING = {
    "image-not-found": (
        "ErrImagePull",
        'failed to pull and unpack image "%[1]s": failed to resolve reference "%[1]s": %[1]s: not found',
    ),
    "pull-backoff": (
        "ErrImagePull",
        'failed to pull and unpack image "%[1]s": failed to do request: Head "https://%[1]s": '
        "dial tcp 192.0.2.10:443: i/o timeout",
    ),
    "config-error": ("CreateContainerConfigError", 'configmap "sandbox-missing" not found (image %[1]s)'),
}
# Faults whose containers run without being ready.
CRASHING = ("crash-loop", "oom")
UNREADY = (*CRASHING, "never-ready", "slow-start")


def fill(text, **parts):
    """Replaces every <<NAME>>; a name that does not occur, or is left over, is a mistake in this file."""
    for name, part in parts.items():
        marker = f"<<{name}>>"
        assert marker in text, marker
        text = text.replace(marker, part)
    assert "<<" not in text, text
    return text


def go_list(names):
    return f"(list {' '.join(json.dumps(name) for name in names)})"


# --- pieces -----------------------------------------------------------------------------------------------------------

PRELUDE = fill(
    """
{{ $now := Now }}
{{ $meta := .metadata }}
{{ $never := eq .spec.restartPolicy "Never" }}
{{ $notes := default dict .metadata.annotations }}
{{ $label := get (default dict .metadata.labels) "<<PREFIX>>fault" }}
{{ $only := get $notes "<<PREFIX>>fault-container" }}
{{ $unready := list }}
{{ $statuses := list }}
""",
    PREFIX=PREFIX,
)

# Sets $fault for the container (or container status) $c. Keep in step with FAULTS of kwok_config.py.
FAULT_OF_C = """
{{ $fault := "" }}
{{ if and $label (or (not $only) (eq $only $c.name)) }}{{ $fault = $label }}
{{ else if or (contains "registry.invalid/" $c.image) (hasSuffix ":does-not-exist" $c.image) }}{{ $fault = "image-not-found" }}
{{ else if hasSuffix ":crash" $c.image }}{{ $fault = "crash-loop" }}
{{ end }}
"""

NEW_S = """
{{ $s := dict "name" $c.name "image" $c.image "imageID" "" "ready" false "started" false "restartCount" 0 "lastState" dict }}
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
- {type: {{ $type }}, status: "False", lastTransitionTime: {{ $now | Quote }}, reason: <<REASON>>, message: null}
{{ end }}
"""


def each_container(body, statuses="containerStatuses"):
    """Runs `body` for every status $s of the list, then prints the list."""
    return fill(
        """
{{ range $s := .status.<<LIST>> }}
{{ $c := $s }}
<<FAULT>>
{{ $restarts := int $s.restartCount }}
{{ $state := default dict $s.state }}
{{ $waiting := get (default dict $state.waiting) "reason" }}
<<BODY>>
<<COLLECT>>
{{ end }}
<<LIST>>: {{ toJson $statuses }}
""",
        FAULT=FAULT_OF_C,
        BODY=body,
        COLLECT=COLLECT_S,
        LIST=statuses,
    )


# --- templates --------------------------------------------------------------------------------------------------------


def start():
    """A scheduled pod to whatever it comes to at once: running and ready, running, or waiting."""
    waiting = "".join(
        f'{{{{ else if eq $fault "{name}" }}}}{{{{ $pending = true }}}}'
        f'{{{{ $_ := set $s "state" (dict "waiting" (dict "reason" "{reason}" "message" (printf {json.dumps(message)} $c.image))) }}}}\n'
        for name, (reason, message) in WAITING.items()
    )
    return PRELUDE + fill(
        """
{{ $restarts := 0 }}
{{ $pending := false }}
{{ $initFails := eq $label "init-failure" }}
{{ $inits := list }}
{{ $incomplete := list }}
{{ range $c := .spec.initContainers }}
<<NEW>>
{{ if and $initFails $incomplete }}
{{ $_ := set $s "state" (dict "waiting" (dict "reason" "PodInitializing")) }}
{{ else }}
<<RUN>>
{{ if eq (default "" $c.restartPolicy) "Always" }}
{{ $_ := set $s "ready" true }}
{{ else if $initFails }}
{{ $_ := set $s "started" false }}
{{ else }}
{{ $_ := set $s "started" false }}
{{ $_ := set $s "ready" true }}
{{ $_ := set $s "state" (dict "terminated" (dict "exitCode" 0 "reason" "Completed" "startedAt" $now "finishedAt" $now "containerID" $s.containerID)) }}
{{ end }}
{{ end }}
{{ if not $s.ready }}{{ $incomplete = append $incomplete $c.name }}{{ end }}
{{ $inits = append $inits $s }}
{{ end }}
{{ range $c := .spec.containers }}
<<FAULT>>
<<NEW>>
{{ if $initFails }}
{{ $pending = true }}
{{ $_ := set $s "state" (dict "waiting" (dict "reason" (ternary "PodInitializing" "ContainerCreating" (not (empty $inits))))) }}
<<WAITING>>
{{ else }}
<<RUN>>
{{ $_ := set $s "ready" (not (has $fault <<UNREADY>>)) }}
{{ end }}
<<COLLECT>>
{{ end }}
phase: {{ ternary "Pending" "Running" $pending }}
startTime: {{ $now | Quote }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs: [{{ range . }}{{ dict "ip" . | toJson }},{{ end }}]
{{ end }}
{{ with PodIPsWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
podIP: {{ index . 0 | Quote }}
podIPs: [{{ range . }}{{ dict "ip" . | toJson }},{{ end }}]
{{ end }}
{{ if $inits }}
initContainerStatuses: {{ toJson $inits }}
{{ end }}
containerStatuses: {{ toJson $statuses }}
conditions:
- {type: PodReadyToStartContainers, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ if $incomplete }}
- {type: Initialized, status: "False", lastTransitionTime: {{ $now | Quote }}, reason: ContainersNotInitialized, message: {{ printf "containers with incomplete status: %v" $incomplete | Quote }}}
{{ else }}
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
<<READINESS>>
""",
        NEW=NEW_S,
        RUN=RUN_S,
        FAULT=FAULT_OF_C,
        WAITING=waiting,
        UNREADY=go_list(UNREADY),
        COLLECT=COLLECT_S,
        READINESS=READINESS,
    )


def crash(init=False):
    """Running to terminated (the first run, and any under restartPolicy Never) or to CrashLoopBackOff.

    Under Never the pod has failed once nothing runs any more; a failed init container ends it at once.
    """
    body = fill(
        """
{{ if and $state.running <<CHOSEN>> }}
{{ $code := int (default "1" (get $notes "<<PREFIX>>exit-code")) }}
{{ $reason := "Error" }}
{{ if eq $fault "oom" }}{{ $code = 137 }}{{ $reason = "OOMKilled" }}{{ end }}
{{ $end := dict "terminated" (dict "exitCode" $code "reason" $reason "startedAt" $state.running.startedAt "finishedAt" $now "containerID" $s.containerID) }}
{{ $_ := set $s "started" false }}
{{ if or $never (eq $restarts 0) }}
{{ $_ := set $s "state" $end }}
{{ else }}
{{ $_ := set $s "lastState" $end }}
{{ $wait := printf "back-off 10s restarting failed container=%s pod=%s_%s(%s)" $s.name $meta.name $meta.namespace $meta.uid }}
{{ $_ := set $s "state" (dict "waiting" (dict "reason" "CrashLoopBackOff" "message" $wait)) }}
{{ end }}
{{ else if $state.running }}
{{ $alive = <<ALIVE>> }}
{{ end }}
""",
        CHOSEN="(not $s.ready)" if init else f"(has $fault {go_list(CRASHING)})",
        ALIVE="false" if init else "true",
        PREFIX=PREFIX,
    )
    end = "{{ if and $never (not $alive) }}\nphase: Failed\nconditions:" + fill(ENDED, REASON="PodFailed") + "{{ end }}\n"
    return PRELUDE + "{{ $alive := false }}\n" + each_container(body, _statuses(init)) + end


def restart(init=False):
    """Terminated or CrashLoopBackOff to running, one restart later."""
    body = fill(
        """
{{ if and (not $s.ready) (or $state.terminated (eq $waiting "CrashLoopBackOff")) }}
{{ if $state.terminated }}{{ $_ := set $s "lastState" $state }}{{ end }}
{{ $restarts = add1 $restarts | int }}
<<RUN>>
{{ $_ := set $s "started" <<STARTED>> }}
{{ end }}
""",
        RUN=RUN_S,
        STARTED="false" if init else "true",
    )
    return PRELUDE + each_container(body, _statuses(init))


def pull_backoff():
    body = """
{{ if eq $waiting "ErrImagePull" }}
{{ $_ := set $s "state" (dict "waiting" (dict "reason" "ImagePullBackOff" "message" (printf "Back-off pulling image %q" $s.image))) }}
{{ end }}
"""
    return PRELUDE + each_container(body)


def pulled():
    body = fill(
        """
{{ if eq $waiting "ImagePullBackOff" }}
<<RUN>>
{{ $_ := set $s "ready" true }}
{{ end }}
""",
        RUN=RUN_S,
    )
    return PRELUDE + each_container(body) + "phase: Running\nconditions:" + READINESS


def readiness(fault, ready):
    """Sets `ready` on the containers with that fault, and the pod's conditions with them."""
    value = "true" if ready else "false"
    body = f'{{{{ if eq $fault "{fault}" }}}}{{{{ $_ := set $s "ready" {value} }}}}{{{{ end }}}}'
    return PRELUDE + each_container(body) + "conditions:" + READINESS


def complete():
    body = """
{{ if $state.running }}
{{ $_ := set $s "ready" false }}
{{ $_ := set $s "started" false }}
{{ $_ := set $s "state" (dict "terminated" (dict "exitCode" 0 "reason" "Completed" "startedAt" $state.running.startedAt "finishedAt" $now "containerID" $s.containerID)) }}
{{ end }}
"""
    return PRELUDE + each_container(body) + "phase: Succeeded\nconditions:" + fill(ENDED, REASON="PodCompleted")


def node():
    return """
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


def _statuses(init):
    return "initContainerStatuses" if init else "containerStatuses"
