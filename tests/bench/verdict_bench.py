#!/usr/bin/env python3
"""How long it takes to say that a rollout cannot succeed, from the moment the evidence exists in the cluster.

See scripts/bench.sh health. The cases are those of the test e2e.health. Each tool deploys each case into a namespace of its
own, all cases at once, one tool after the other, and is stopped by its own timeout. It never asserts anything.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402
import verdicts  # noqa: E402


@dataclasses.dataclass
class Outcome:
    ok: bool  # the tool says that the rollout has succeeded
    seconds: float  # from the start of the command, or from the evidence where there is any
    gave_up: bool  # by its timeout
    first_line: str
    named: bool  # the cause is in the first line of what the tool says about the failure


class Tool:
    def __init__(self, folder, limit):
        self.folder = folder
        self.limit = limit
        self.env = sandbox.clean_environment(KUBECONFIG=sandbox.kubeconfig(), KUBECACHEDIR=folder / "cache", HOME=folder, NO_COLOR="1")

    def run(self, *command):
        return sandbox.run(command, env=self.env, timeout=self.limit + 120)

    def file(self, namespace, manifests):
        path = self.folder / f"{namespace}.yaml"
        path.write_text(release.stream(manifests))
        return path


class Ours(Tool):
    name = "instantexec"

    def deploy(self, namespace, manifests):
        arguments = ["--release", "bench", "-n", namespace, "-f", self.file(namespace, manifests), "--timeout", f"{self.limit}s"]
        result = self.run(sandbox.binary(), "deploy", *arguments, "--no-rollback")
        return result, (result.stdout.splitlines() or [""])[0], "not ready after" in result.stdout


class Kubectl(Tool):
    name = "kubectl rollout status"

    def deploy(self, namespace, manifests):
        apply = self.run(sandbox.kubectl_path(), "apply", "--server-side", "-n", namespace, "-f", self.file(namespace, manifests))
        if apply.code != 0:
            return apply, apply.stderr, False
        status = ["rollout", "status", "deployment/web", "-n", namespace, f"--timeout={self.limit}s"]
        result = self.run(sandbox.kubectl_path(), *status)
        last = (result.stderr.splitlines() or [""])[-1]
        return result, last, "timed out" in result.stderr


class Helm(Tool):
    name = "helm --wait"

    def __init__(self, folder, limit):
        super().__init__(folder, limit)
        self.helm = subprocess.run([ROOT / "tests/support/helm/path"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()

    def deploy(self, namespace, manifests):
        chart = self.folder / f"chart-{namespace}"
        shutil.rmtree(chart, ignore_errors=True)
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: bench\nversion: 0.1.0\n")
        (chart / "templates" / "all.yaml").write_text(release.stream(manifests))
        command = ["upgrade", "--install", "bench", chart, "-n", namespace, "--wait", "--timeout", f"{self.limit}s"]
        result = self.run(self.helm, *command)
        return result, (result.stderr.splitlines() or [""])[-1], result.seconds >= self.limit


def play(tool, case):
    with verdicts.prepared(case) as namespace:
        if case.before:
            tool.deploy(namespace, case.before)
        with verdicts.Evidence(namespace, case.evidence or "$^") as evidence, concurrent.futures.ThreadPoolExecutor(1) as pool:
            helper = pool.submit(case.meanwhile, namespace) if case.meanwhile else None
            begin = time.monotonic()
            result, line, gave_up = tool.deploy(namespace, verdicts.manifests(case, namespace))
            end = time.monotonic()
            if helper:
                helper.result()
            since = evidence.at if case.cause and evidence.at else begin
        named = bool(case.cause) and re.search(case.cause, line) is not None
        return Outcome(result.code == 0, end - since, gave_up, line, named)


def cell(case, outcomes):
    """One figure and whether it is right."""
    seconds = statistics.median(outcome.seconds for outcome in outcomes)
    if not case.cause:
        wrong = [outcome for outcome in outcomes if not outcome.ok]
        return f"FAILED: {wrong[0].first_line[:60]}" if wrong else f"ready {seconds:.1f} s"
    if any(outcome.ok for outcome in outcomes):
        return "FALSE READY"
    if all(outcome.gave_up for outcome in outcomes):
        return f"timeout {seconds:.0f} s"
    return f"{seconds:.1f} s{'' if all(outcome.named for outcome in outcomes) else ', cause not named'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--limit", type=int, default=90, help="seconds after which each tool is told to give up")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--ours-only", action="store_true")
    arguments = parser.parse_args()
    cases = verdicts.DOOMED + verdicts.HOPEFUL
    found = {}
    with tempfile.TemporaryDirectory(prefix="instantexec-bench-") as name:
        kinds = (Ours,) if arguments.ours_only else (Ours, Kubectl, Helm)
        tools = [kind(pathlib.Path(name), arguments.limit) for kind in kinds]
        for number in range(arguments.repeats):
            for tool in tools:
                with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
                    for case, outcome in zip(cases, pool.map(lambda case, tool=tool: play(tool, case), cases)):
                        found.setdefault((case.name, tool.name), []).append(outcome)
                print(f"bench: {tool.name}: run {number + 1} done", file=sys.stderr, flush=True)
    print(f"{'seconds from the evidence to the verdict':42}" + "".join(f"{tool.name:>28}" for tool in tools))
    for case in cases:
        cells = [cell(case, found[case.name, tool.name]) for tool in tools]
        print(f"{case.name + ('' if case.cause else ' (from the start)'):42}" + "".join(f"{text:>28}" for text in cells))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        rows = [{"case": case, "tool": tool, "runs": [dataclasses.asdict(one) for one in runs]} for (case, tool), runs in found.items()]
        arguments.json.write_text(json.dumps({"limit": arguments.limit, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
