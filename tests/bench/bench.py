#!/usr/bin/env python3
"""Measures the program beside kubectl on the control plane of scripts/sandbox. It never asserts anything.

See scripts/bench.sh. Both tools get the same manifests, a fresh namespace per run, and take turns, so that whatever
else the machine does falls on both.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402

from meter import Run, measure  # noqa: E402

RTT_MS = 40
LABEL = {"bench": "yes"}


def objects(count):
    """`count` objects, a quarter of each kind."""
    manifests = []
    for number in range(count // 4):
        name = f"app-{number:04}"
        manifests += [release.config_map(name, key="value"), release.service_account(name), release.service(name),
                      release.deployment(name)]  # fmt: skip
    for manifest in manifests:
        manifest["metadata"]["labels"] = LABEL
    return manifests


@contextlib.contextmanager
def fresh_namespace():
    name = sandbox.create_namespace("bench")
    try:
        yield name
    finally:
        # Its pods are gone before the next run begins, so that no run pays for another.
        sandbox.kubectl("delete", "namespace", name, "--wait=true", timeout=600)


@contextlib.contextmanager
def route(rtt_ms, folder):
    """A kubeconfig that reaches the control plane directly, or over a line with this round-trip time."""
    direct = sandbox.kubeconfig()
    if not rtt_ms:
        yield direct
        return
    text = direct.read_text()
    target = re.search(r"server: https://([0-9.]+:\d+)", text)[1]
    proxy = subprocess.Popen([ROOT / "tests" / "support" / "delayproxy" / "delayproxy", "--listen", "127.0.0.1:0",
                              "--target", target, "--rtt-ms", str(rtt_ms)],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    try:
        far = folder / f"kubeconfig-{rtt_ms}ms"
        far.write_text(text.replace(target, f"127.0.0.1:{proxy.stdout.readline().strip()}"))
        yield far
    finally:
        proxy.terminate()
        proxy.wait()


class Tool:
    def __init__(self, kubeconfig, folder):
        self.env = sandbox.clean_environment(KUBECONFIG=kubeconfig, KUBECACHEDIR=folder / "cache", HOME=folder, NO_COLOR="1")


class Ours(Tool):
    name = "instantexec"

    def deploy(self, namespace, file):
        return measure([sandbox.binary(), "deploy", "--release", "bench", "-n", namespace, "-f", file], self.env)


class Kubectl(Tool):
    """apply, then one invocation that waits for every Deployment."""

    name = "kubectl"

    def deploy(self, namespace, file):
        kubectl = [sandbox.kubectl_path(), "-n", namespace]
        apply = measure([*kubectl, "apply", "--server-side", "-f", file], self.env)
        wait = measure([*kubectl, "rollout", "status", "deployment", "--selector=bench=yes", "--timeout=10m"], self.env)
        return Run(apply.seconds + wait.seconds, max(apply.peak_mib, wait.peak_mib))


def medians(runs):
    return {
        "seconds": round(statistics.median(run.seconds for run in runs), 4),
        "peak_mib": round(statistics.median(run.peak_mib for run in runs), 1),
        "runs": [round(run.seconds, 4) for run in runs],
    }


def bench_objects(count, repeats, rtt_ms, folder):
    """Rows for a first deployment and for the same one again."""
    file = folder / f"{count}.yaml"
    file.write_text(release.stream(objects(count)))
    with route(rtt_ms, folder) as kubeconfig:
        tools = [Ours(kubeconfig, folder), Kubectl(kubeconfig, folder)]
        first = {tool.name: [] for tool in tools}
        again = {tool.name: [] for tool in tools}
        for number in range(repeats):
            for tool in tools if number % 2 == 0 else tools[::-1]:
                with fresh_namespace() as namespace:
                    first[tool.name].append(tool.deploy(namespace, file))
                    again[tool.name].append(tool.deploy(namespace, file))
                progress(f"{count} objects, {rtt_ms} ms, {tool.name}: {first[tool.name][-1].seconds:.2f} s")
    return [row(f"{count} objects, {what}", rtt_ms, figures) for what, figures in (("new", first), ("unchanged", again))]


def row(what, rtt_ms, figures):
    result = {"what": what, "rtt_ms": rtt_ms, **{name: medians(runs) for name, runs in figures.items()}}
    result["ratio"] = round(result["instantexec"]["seconds"] / result["kubectl"]["seconds"], 2)
    return result


def bench_start(repeats):
    """Time and memory of printing a version, without a cluster."""
    env = sandbox.clean_environment(KUBECONFIG="/dev/null")
    commands = {
        "instantexec": [sandbox.binary(), "version"],
        "kubectl": [sandbox.kubectl_path(), "version", "--client"],
    }
    figures = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            figures[name].append(measure(command, env))
    result = row("version", 0, figures)
    for name, command in commands.items():
        result[name]["bytes"] = pathlib.Path(command[0]).stat().st_size
    return result


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def table(rows):
    lines = [f"{'':34} {'RTT':>6} {'instantexec':>12} {'kubectl':>12} {'ratio':>6}  memory, MiB"]
    for entry in rows:
        ours, theirs = entry["instantexec"], entry["kubectl"]
        lines.append(f"{entry['what']:34} {entry['rtt_ms']:>3} ms {ours['seconds']:>10.4f} s {theirs['seconds']:>10.4f} s"
                     f" {entry['ratio']:>6.2f}  {ours['peak_mib']:.1f} / {theirs['peak_mib']:.1f}")  # fmt: skip
        if "bytes" in ours:
            lines.append(f"{'size of the program':41} {ours['bytes']:>10} B {theirs['bytes']:>10} B"
                         f" {ours['bytes'] / theirs['bytes']:>6.2f}")  # fmt: skip
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, action="append", help="how many, a multiple of four; repeatable")
    parser.add_argument("--start", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path, help="where to write all figures")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="instantexec-bench-") as name:
        folder = pathlib.Path(name)
        if arguments.start:
            rows.append(bench_start(4 * arguments.repeats))
        for count in arguments.objects or []:
            for rtt_ms in (0, RTT_MS):
                rows += bench_objects(count, arguments.repeats, rtt_ms, folder)
    print(table(rows))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps({"repeats": arguments.repeats, "rows": rows}, indent=2) + "\n")
        progress(f"all figures are in {arguments.json}")


if __name__ == "__main__":
    main()
