#!/usr/bin/env python3
"""What it costs to watch thousands of objects, and how soon after the last event the verdict is there.

See scripts/bench.sh watch. A namespace holds Deployments with their ReplicaSets and pods, all ready but one, and
`health --watch` follows them: processor time and memory while nothing happens, then the time from the moment the last
Deployment reports that it is available to the end of the command. It never asserts anything.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support" / "py"))
import api  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402
import verdicts  # noqa: E402

PER_DEPLOYMENT = 3  # with its ReplicaSet and its pod


def create(namespace, manifest):
    status, answer = api.request("POST", api.collection("deployments.apps", namespace), manifest)
    if status != 201:
        raise AssertionError(f"{status} {answer.get('message')}")


def unready(namespace):
    return [
        item["metadata"]["name"]
        for item in api.items(api.collection("deployments.apps", namespace))
        if item.get("status", {}).get("availableReplicas", 0) < 1
    ]


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid, what):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure(namespace, idle, folder):
    env = sandbox.clean_environment(KUBECONFIG=sandbox.kubeconfig(), KUBECACHEDIR=folder / "cache", HOME=folder, NO_COLOR="1")
    command = [sandbox.binary(), "health", "-n", namespace, "--watch", "--timeout", "60m"]
    with open(folder / "out", "w") as out, open(folder / "err", "w") as err:
        begin = time.monotonic()
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    # It has told the state of every object once it has told that of the one that is not ready.
    sandbox.wait_for("the first verdicts", lambda: "deployment.apps/web" in (folder / "err").read_text(), timeout=600)
    first = time.monotonic() - begin
    time.sleep(5)
    used, since = processor_seconds(process.pid), time.monotonic()
    time.sleep(idle)
    share = (processor_seconds(process.pid) - used) / (time.monotonic() - since)
    peak, now = memory_mib(process.pid, "VmHWM"), memory_mib(process.pid, "VmRSS")
    with verdicts.Evidence(namespace, r'"availableReplicas": ?1', ("deployment/web",)) as last:
        # The label is the manager's who created it: an apply by another one would leave it.
        healed = {"spec": {"template": {"metadata": {"labels": {"instantexec.dev/fault": None}}}}}
        sandbox.kubectl("patch", "deployment", "web", "-n", namespace, "--type=merge", "-p", json.dumps(healed))
        process.wait(timeout=600)
        end = time.monotonic()
        sandbox.wait_for("the last event", lambda: last.at, timeout=60)
    return {"objects_first_verdict_s": first, "idle_core_percent": 100 * share, "rss_mib": now, "peak_mib": peak,
            "verdict_after_last_event_s": end - last.at, "exit": process.returncode}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=5000)
    parser.add_argument("--idle", type=int, default=60, help="seconds")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    count = (arguments.objects + PER_DEPLOYMENT - 1) // PER_DEPLOYMENT
    namespace = sandbox.create_namespace("watch")
    try:
        begin = time.monotonic()
        manifests = [release.deployment(f"app-{number:05}") for number in range(count - 1)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda manifest: create(namespace, manifest), manifests))
        create(namespace, verdicts.workload("never-ready"))
        sandbox.wait_for("the Deployments", lambda: unready(namespace) == ["web"], timeout=1800)
        print(f"bench: {count} Deployments are ready after {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="instantexec-bench-") as folder:
            figures = measure(namespace, arguments.idle, pathlib.Path(folder))
    finally:
        sandbox.delete_namespace(namespace)
    print(f"{count * PER_DEPLOYMENT} watched objects (and their Events)")
    print(f"  idle           {figures['idle_core_percent']:.2f} % of one core over {arguments.idle} s")
    print(f"  memory         {figures['rss_mib']:.0f} MiB, peak {figures['peak_mib']:.0f} MiB")
    print(f"  first verdicts {figures['objects_first_verdict_s']:.1f} s after the start")
    print(f"  last verdict   {figures['verdict_after_last_event_s']:.2f} s after the last event, exit code {figures['exit']}")
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
