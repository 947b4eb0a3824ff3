#!/usr/bin/env python3
"""Helm, kubectl apply and this program, each killed (SIGKILL) at random moments of the same change.

    tests/peers/killed.py [--points 20] [--seed 1] [--at-once 4] [--tools ours,helm,kubectl]

The change updates eight ConfigMaps and two Deployments and adds a ConfigMap; each tool waits for the rollout. How long it
takes undisturbed is measured first, and the moments are spread over that. After each kill the objects are compared with
those before and after the change, then the same tool is asked to go on, with the command its documentation names, and they are
compared again. Prints one table in Markdown and, on stderr, a line for every kill.

Runs on the sandbox (scripts/sandbox), or on the cluster of INSTANTEXEC_SANDBOX_KUBECONFIG. Helm is taken from INSTANTEXEC_HELM,
else built by tests/support/helm/path; INSTANTEXEC_BINARY is this program.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support" / "py"))
import sandbox  # noqa: E402

CONFIGS = 8
IMAGE = "registry.example/web:"


def config(name, value):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}}


def deployment(name, tag):
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": IMAGE + tag}]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod}}  # fmt: skip


def objects(new):
    value, tag = ("new", "2") if new else ("old", "1")
    out = [config(f"config-{i}", value) for i in range(CONFIGS)] + [deployment("web", tag), deployment("api", tag)]
    return out + ([config("added", value)] if new else [])


def state(namespace):
    """What the objects of the change are: {name: "old", "new"}; an absent one is left out."""
    found = {}
    answer = sandbox.kubectl("get", "configmaps,deployments", "-n", namespace, "-o", "json").json()
    for item in answer["items"]:
        if item["kind"] == "ConfigMap" and "value" in item.get("data", {}):
            found[item["metadata"]["name"]] = item["data"]["value"]
        elif item["kind"] == "Deployment":
            image = item["spec"]["template"]["spec"]["containers"][0]["image"]
            found[item["metadata"]["name"]] = "new" if image.endswith(":2") else "old"
    return found


def word(found):
    """"old", "new" or "half"."""
    names = {"web", "api"} | {f"config-{i}" for i in range(CONFIGS)}
    if found == dict.fromkeys(names, "old"):
        return "old"
    return "new" if found == dict.fromkeys(names | {"added"}, "new") else "half"


class Tool:
    """One tool: how it installs, how it makes the change, and how it goes on after a kill."""

    def __init__(self, folder):
        self.folder = folder
        for name, new in (("old", False), ("new", True)):
            (folder / f"{name}.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects(new)}))

    def environment(self, namespace):
        home = self.folder / namespace
        home.mkdir(exist_ok=True)
        return sandbox.clean_environment(KUBECONFIG=sandbox.kubeconfig(), HOME=home, XDG_CACHE_HOME=home, XDG_CONFIG_HOME=home,
                                         XDG_DATA_HOME=home, HELM_NAMESPACE=namespace)

    def run(self, namespace, command, timeout=300):
        return sandbox.run(command, env=self.environment(namespace), timeout=timeout)

    def killed_after(self, namespace, seconds):
        """Starts the change and kills it then. False when it had ended by itself."""
        process = subprocess.Popen([str(w) for w in self.change(namespace)], env=self.environment(namespace), start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            process.wait(seconds)
            return False
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True


class Kubectl(Tool):
    name = "kubectl apply"
    goes_on = "the same `kubectl apply`"

    def apply(self, namespace, which):
        program = sandbox.kubectl_path()
        return ["sh", "-c", f"'{program}' apply -n {namespace} -f {self.folder}/{which}.json && "
                            f"'{program}' rollout status -n {namespace} deployment/web deployment/api --timeout=120s"]

    def install(self, namespace):
        return self.apply(namespace, "old")

    def change(self, namespace):
        return self.apply(namespace, "new")

    def go_on(self, namespace):
        return self.run(namespace, self.change(namespace))


class Helm(Tool):
    name = "helm upgrade"
    goes_on = "the same `helm upgrade`"

    def __init__(self, folder):
        super().__init__(folder)
        given = os.environ.get("INSTANTEXEC_HELM")
        self.program = given or subprocess.run([ROOT / "tests/support/helm/path"], check=True, capture_output=True, text=True).stdout.strip()
        for name, new in (("old", False), ("new", True)):
            chart = folder / f"chart-{name}"
            (chart / "templates").mkdir(parents=True)
            (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
            for item in objects(new):
                (chart / "templates" / f"{item['kind']}-{item['metadata']['name']}.yaml").write_text(json.dumps(item))

    def upgrade(self, namespace, which):
        return [self.program, "upgrade", "--install", "web", self.folder / f"chart-{which}", "-n", namespace, "--wait", "--timeout", "120s"]

    def install(self, namespace):
        return self.upgrade(namespace, "old")

    def change(self, namespace):
        return [*self.upgrade(namespace, "new"), "--rollback-on-failure"]

    def go_on(self, namespace):
        return self.run(namespace, self.change(namespace))


class Ours(Tool):
    name = "this program"
    goes_on = "`recover`"

    def deploy(self, namespace, which):
        return [sandbox.binary(), "deploy", "-n", namespace, "-f", self.folder / f"{which}.json", "--release", "web", "--no-git", "-y"]

    def install(self, namespace):
        return self.deploy(namespace, "old")

    def change(self, namespace):
        return self.deploy(namespace, "new")

    def go_on(self, namespace):
        return self.run(namespace, [sandbox.binary(), "recover", "-n", namespace, "--release", "web"])


TOOLS = {"kubectl": Kubectl, "helm": Helm, "ours": Ours}


def installed(tool):
    namespace = sandbox.create_namespace("peer")
    done = tool.run(namespace, tool.install(namespace))
    if done.code != 0 or word(state(namespace)) != "old":
        raise AssertionError(f"{tool.name}: the first release failed\n{done}")
    return namespace


def undisturbed(tool):
    namespace = installed(tool)
    begin = time.monotonic()
    done = tool.run(namespace, tool.change(namespace))
    seconds = time.monotonic() - begin
    if done.code != 0 or word(state(namespace)) != "new":
        raise AssertionError(f"{tool.name}: the change failed\n{done}")
    sandbox.delete_namespace(namespace)
    return seconds


def one(tool, moment):
    namespace = installed(tool)
    try:
        if not tool.killed_after(namespace, moment):
            return None
        time.sleep(2)  # what is under way in the API server
        left = word(state(namespace))
        done = tool.go_on(namespace)
        then = word(state(namespace))
        last = (done.stderr.strip().splitlines() or [""])[-1]
        print(f"{tool.name}: killed after {moment:.2f} s: {left}; then exit code {done.code}: {then} ({last[:160]})", file=sys.stderr, flush=True)
        return left, done.code == 0, then
    finally:
        sandbox.delete_namespace(namespace)


def measure(tool, points, at_once, seed):
    seconds = max(undisturbed(tool) for _ in range(2))
    chooser = random.Random(seed)
    results = []
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        while len(results) < points:
            moments = [chooser.uniform(0, seconds) for _ in range(points - len(results))]
            results += [result for result in pool.map(lambda moment: one(tool, moment), moments) if result]
    return seconds, results


def row(tool, seconds, results):
    left = collections.Counter(result[0] for result in results)
    clean = sum(1 for _, good, then in results if good and then in ("old", "new"))
    refused = sum(1 for _, good, then in results if not good)
    half = sum(1 for _, _, then in results if then == "half")
    return (f"| {tool.name} | {seconds:.1f} s | {left['old']} | {left['new']} | {left['half']} | {tool.goes_on} | {clean} | {refused} | {half} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--tools", default="kubectl,helm,ours")
    options = parser.parse_args()
    try:
        sandbox.kubeconfig()
    except sandbox.Unavailable as reason:
        print(f"skipped: {reason}", file=sys.stderr)
        return sandbox.EXIT_SKIP
    print("| tool | undisturbed | left old | left new | left half applied | asked to go on by | ends old or new | refuses | still half applied |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in options.tools.split(","):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="peers-"))
        try:
            tool = TOOLS[name](folder)
            print(row(tool, *measure(tool, options.points, options.at_once, options.seed)), flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
