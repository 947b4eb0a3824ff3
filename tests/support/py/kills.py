"""The kill harness: one run of the tool is stopped at a request, killed, and somebody else recovers.

A scenario brings a namespace into a state, then changes it by one command. `Harness.kill` does both in a fresh namespace,
kills the command at one boundary (request number and whether it was not yet sent, committed, or answered), recovers, and
compares: the namespace has to be exactly what it was before, or what an undisturbed run makes of it.
"""

import copy
import dataclasses
import json
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile

import api
import faults
import release
import sandbox

BOUNDARIES = ("stop-before", "stop-after", "stop-answered")
RELEASE = ("--release", "demo")
DEFINITIONS = api.collection("customresourcedefinitions.apiextensions.k8s.io")


@dataclasses.dataclass(frozen=True)
class Scenario:
    """`before` and `after` make the manifests out of a name that is unique in the cluster."""

    name: str
    before: object  # None: nothing was there
    after: object
    arguments: tuple = ()
    verb: str = "deploy"
    ends_as: str = "after"  # what an undisturbed run leads to
    custom: bool = False  # whether it brings a kind of its own


def base(_):
    return release.small_release()


def changed(_, image=release.NEXT_IMAGE):
    manifests = release.small_release(image, "bye")
    manifests[0]["metadata"]["labels"] = {"tier": "web"}
    return [*manifests, release.config_map("extra", k="1")]


def pruned(_):
    return [*release.small_release()[:1], *release.small_release()[2:]]


def stateful_set(image):
    item = release.deployment("db", image, 2)
    item["kind"] = "StatefulSet"
    item["spec"]["serviceName"] = "db"
    return item


def stateful(image):
    return lambda _: [release.service("db"), stateful_set(image)]


def custom(unique):
    group = f"{unique}.example.org"
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }  # fmt: skip
    return [definition, {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 1}}]


SCENARIOS = (
    Scenario("create", None, base),
    Scenario("update", base, changed),
    Scenario("prune", base, pruned, ("--prune",)),
    Scenario("crd", None, custom, custom=True),
    Scenario("statefulset", stateful(release.IMAGE), stateful(release.NEXT_IMAGE)),
    Scenario("failing", base, lambda u: changed(u, release.BROKEN_IMAGE), ends_as="before"),
    Scenario("rollback", base, changed, verb="rollback"),
    Scenario("recover", base, changed, verb="recover", ends_as="before"),
)


@dataclasses.dataclass
class Outcome:
    """What became of one kill. `end` is before, after, or the differences to both."""

    scenario: str
    boundary: str
    number: int
    at: str = ""  # the request, or "" when the run ended first
    end: str = ""
    problem: str = ""

    def __str__(self):
        where = f"{self.scenario} {self.boundary} {self.number} ({self.at or 'ended before'})"
        return f"{where}: {self.end}" + (f"\n{self.problem}" if self.problem else "")


class Harness:
    """One proxy, used for one kill after the other. Not for two threads at once. What it is given is the proxy's."""

    def __init__(self, *arguments, **options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="instantexec-kill-"))
        self.proxy = faults.Proxy(self.folder, *arguments, **options)

    def close(self):
        self.proxy.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tool(self, *arguments, config=None, stdin=None, timeout=120):
        return sandbox.run([sandbox.binary(), *arguments], stdin=stdin, env=self.environment(config), timeout=timeout)

    def environment(self, config=None):
        return sandbox.clean_environment(
            KUBECONFIG=config or sandbox.kubeconfig(), KUBECACHEDIR=self.folder / "cache", NO_COLOR="1"
        )

    # --- states ---

    def prepare(self, scenario):
        """A namespace in the state before, the command that changes it, and the manifests it is given."""
        unique = f"k{secrets.token_hex(4)}"
        namespace = api.create_namespace(f"kill-{unique}")
        where = ["-n", namespace]
        if scenario.before:
            self.must(self.tool("deploy", *RELEASE, *where, "-f", "-", stdin=release.stream(scenario.before(unique))))
        stdin = release.stream(scenario.after(unique))
        if scenario.verb == "rollback":
            self.must(self.tool("deploy", *RELEASE, *where, "-f", "-", stdin=stdin))
            return namespace, unique, ["rollback", *RELEASE, *where], ""
        return namespace, unique, ["deploy", *RELEASE, *where, "-f", "-", *scenario.arguments], stdin

    def disturbed(self, scenario, namespace, command, stdin):
        """What a kill hits, once the state before is known: the command, or the recovery from one that was interrupted."""
        if scenario.verb != "recover":
            return command, stdin
        self.interrupt(command, stdin)
        return ["recover", *RELEASE, "-n", namespace], ""

    @staticmethod
    def must(result):
        if result.code != 0:
            raise AssertionError(str(result))
        return result

    @staticmethod
    def state(scenario, namespace, unique):
        """Every object in the namespace, and those of the cluster that the scenario touches, as sandbox.snapshot."""
        paths = [api.collection(kind, namespace) for kind in sandbox.KINDS]
        result = api.snapshot(paths, release.is_record)
        if scenario.custom:
            result.update(api.snapshot([f"apis/{unique}.example.org/v1/namespaces/{namespace}/widgets"]))
            result.update(api.snapshot([DEFINITIONS], lambda key, _: unique not in key))
        return result

    @staticmethod
    def cleanup(scenario, namespace, unique):
        if scenario.custom:
            api.delete(f"{DEFINITIONS}/widgets.{unique}.example.org")
        api.delete(f"api/v1/namespaces/{namespace}")

    # --- runs ---

    def undisturbed(self, scenario):
        """(number of requests, state after) of a run that nothing happens to."""
        namespace, unique, command, stdin = self.prepare(scenario)
        try:
            command, stdin = self.disturbed(scenario, namespace, command, stdin)
            self.proxy.rules()
            begun = len(self.proxy.requests())
            result = self.tool(*command, config=self.proxy.kubeconfig, stdin=stdin)
            expected = 0 if scenario.ends_as == "after" or scenario.verb == "recover" else 5
            if result.code != expected:
                raise AssertionError(str(result))
            requests = [r for r in self.proxy.requests()[begun:] if r["method"] != "WATCH"]
            return len(requests), anonymous(self.state(scenario, namespace, unique), namespace, unique)
        finally:
            self.cleanup(scenario, namespace, unique)

    def start(self, command, stdin):
        """Starts the tool through the proxy and hands it its input."""
        process = subprocess.Popen(
            [sandbox.binary(), *command], env=self.environment(self.proxy.kubeconfig), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        process.stdin.write(stdin)
        process.stdin.close()
        return process

    def run_until(self, command, stdin, boundary, number):
        """Runs the command up to the boundary and kills it there. The request, or None when it ended before."""
        self.proxy.rules({"methods": ["GET", "POST", "PUT", "PATCH", "DELETE"], "from": number, "action": boundary})
        process = self.start(command, stdin)
        stopped = None
        while stopped is None and process.poll() is None:
            stopped = self.proxy.event("stopped", 0.25)
        process.kill()
        process.wait()
        if stopped is None:
            stopped = self.proxy.event("stopped", 0.01)  # at its last request
        self.proxy.abort()
        self.proxy.rules()
        return f"{stopped['method']} {stopped['uri']}" if stopped else None

    def interrupt(self, command, stdin):
        """Runs the command up to the answer to its write of a Deployment and interrupts it there, as Ctrl-C does."""
        self.proxy.rules({"methods": ["PATCH"], "path": "/deployments/", "not": "dryRun", "action": "stop-answered"})
        process = self.start(command, stdin)
        try:
            if self.proxy.event("stopped", 90) is None:
                raise AssertionError("it came to no write")
            process.send_signal(signal.SIGINT)
            sandbox.wait_for("the signal to be seen", lambda: is_taken(process.pid, signal.SIGINT))
            self.proxy.go_on()
            code = process.wait(timeout=90)
            if code != 9:
                raise AssertionError(f"an interrupted run ended with {code}")
        finally:
            process.kill()
            process.wait()
            self.proxy.rules()

    def kill(self, scenario, boundary, number, after, again=()):
        """One kill and the recovery from it. `again`: (boundary, number) of kills of the recovery itself."""
        outcome = Outcome(scenario.name, boundary, number)
        namespace, unique, command, stdin = self.prepare(scenario)
        try:
            before = self.state(scenario, namespace, unique)
            command, stdin = self.disturbed(scenario, namespace, command, stdin)
            outcome.at = self.run_until(command, stdin, boundary, number) or ""
            recover = ["recover", *RELEASE, "-n", namespace, "--lock-timeout", "90s"]
            for second, k in again:
                self.run_until(recover, "", second, k)
            done = self.tool(*recover, timeout=150)
            if done.code not in (0, 5):
                outcome.problem = str(done)
            outcome.end = self.verdict(scenario, (namespace, unique), before, after, outcome)
            second = self.tool(*recover, timeout=150)
            if not outcome.problem and (second.code != 0 or "nothing" not in (second.stdout + second.stderr).lower()):
                outcome.problem = f"a second recover found more to do: {second}"
            if outcome.problem:
                outcome.problem += f"\n--- recover said\n{done}"
            return outcome
        finally:
            self.cleanup(scenario, namespace, unique)

    def fault(self, scenario, rule, codes, after, recovery=False, left=False):
        """One run with a rule in the proxy; what is wrong with its end, or "". `codes`: exit codes that are right.

        With `recovery` the rule disturbs the recovery from a run that was interrupted. With `left` the run has to leave
        something to the next one, to say so, and the same command has to finish it.
        """
        namespace, unique, command, stdin = self.prepare(scenario)
        try:
            before = self.state(scenario, namespace, unique)
            if recovery:
                self.interrupt(command, stdin)
                command, stdin = ["recover", *RELEASE, "-n", namespace], ""
            shutil.rmtree(self.folder / "cache", ignore_errors=True)  # so that discovery is asked for
            self.proxy.rules(rule)
            begun = len(self.proxy.requests())
            done = self.tool(*command, config=self.proxy.kubeconfig, stdin=stdin, timeout=400)
            if not any("action" in request for request in self.proxy.requests()[begun:]):
                return f"the rule met no request: {done}"
            self.proxy.rules()
            if left:
                if done.code != 0 or " skipped: " not in done.stdout:
                    return f"it does not say what it leaves: {done}"
                # Without a number a second rollback would go on to another revision.
                done = self.tool(*command, *(["1"] if scenario.verb == "rollback" else []), stdin=stdin)
            recovered = "not run"
            if done.code != 0:
                recovered = self.tool("recover", *RELEASE, "-n", namespace, "--lock-timeout", "90s", timeout=150)
                if recovered.code not in (0, 5):
                    return f"{done}\n--- recover\n{recovered}"
            outcome = Outcome(scenario.name, "fault", 0)
            end = self.verdict(scenario, (namespace, unique), before, after, outcome)
            finished, undone = ("before",) if recovery else ("after",), ("before",)
            wanted = finished if done.code == 0 else finished + undone if done.code == 9 else undone
            if done.code not in codes or end not in wanted:
                return f"ended as {end}\n{done}\n--- recover\n{recovered}\n{outcome.problem}"
            return ""
        finally:
            self.proxy.rules()
            self.cleanup(scenario, namespace, unique)

    def verdict(self, scenario, place, before, after, outcome):
        now = self.state(scenario, *place)
        if now == before:
            return "before"
        if scenario.ends_as == "after" and anonymous(now, *place) == after:
            return "after"
        lines = ["neither before:", *sandbox.differences(before, now)]
        lines += ["nor after:", *sandbox.differences(after, anonymous(now, *place))]
        outcome.problem = outcome.problem or "\n".join(lines)
        return "half"


def is_taken(pid, number):
    """Whether the process has seen the signal that was sent to it."""
    masks = [line.split()[1] for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if "Pnd:" in line]
    return not any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def anonymous(state, namespace, unique):
    """The state without what differs from one namespace to the next: names, identities, addresses, times."""
    text = json.dumps(state).replace(namespace, "NAMESPACE").replace(unique, "UNIQUE")
    result = copy.deepcopy(json.loads(text))
    for item in result.values():
        for field in ("uid", "creationTimestamp"):
            item["metadata"].pop(field, None)
        item["metadata"].get("annotations", {}).pop("instantexec.dev/created-by", None)
        for field in ("clusterIP", "clusterIPs"):
            item.get("spec", {}).pop(field, None)
        if item["kind"] == "ConfigMap" and item["metadata"]["name"] == "kube-root-ca.crt":
            item.pop("data", None)
    return result
