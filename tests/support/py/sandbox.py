"""What end-to-end tests share: a control plane, namespaces of their own, kubectl, the binary under test, snapshots.

    import sandbox

    class DeployTest(sandbox.ClusterTestCase):
        def test_something(self):
            result = self.tool("deploy", "-f", "-", stdin=MANIFEST)
            self.assertEqual(result.code, 0, result)

    if __name__ == "__main__":
        sandbox.main()

Environment:
  INSTANTEXEC_SANDBOX_KUBECONFIG  use this cluster; without it `scripts/sandbox up` is asked for one, which is left
                                  running for the next test program (`scripts/sandbox down` ends it)
  INSTANTEXEC_BINARY              the binary under test; default dist/kubectl-instantexec
  INSTANTEXEC_KUBECTL             kubectl; default the sandbox's own, else the one on PATH

Where no control plane can be had, `main` exits with 77 and says why. Standard library only.
"""

import atexit
import copy
import dataclasses
import functools
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts" / "sandbox"
EXIT_SKIP = 77

# What a release can hold in a namespace. Pods, ReplicaSets, EndpointSlices, Events and the like are left out: the
# cluster makes and renames them by itself.
KINDS = (
    "configmaps", "secrets", "services", "serviceaccounts", "persistentvolumeclaims", "resourcequotas", "limitranges",
    "deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch",
    "horizontalpodautoscalers.autoscaling", "poddisruptionbudgets.policy", "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io", "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io",
    "leases.coordination.k8s.io",
)  # fmt: skip


class Unavailable(Exception):
    """No control plane can be had on this machine; the text is the reason."""


@dataclasses.dataclass(frozen=True)
class Result:
    """One finished command. Its text form is what a failed assertion should show."""

    command: tuple
    code: int
    stdout: str
    stderr: str
    seconds: float

    def json(self):
        return json.loads(self.stdout)

    def __str__(self):
        return (
            f"{' '.join(self.command)}\nexit code {self.code} after {self.seconds:.1f} s"
            f"\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"
        )


def run(command, *, stdin=None, env=None, cwd=None, timeout=120):
    """Runs a command to its end. A command that takes longer than `timeout` seconds raises TimeoutExpired."""
    command = tuple(str(word) for word in command)
    begin = time.monotonic()
    done = subprocess.run(
        command, input=stdin if stdin is not None else "", env=env, cwd=cwd, timeout=timeout, text=True,
        encoding="utf-8", errors="replace", stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    return Result(command, done.returncode, done.stdout, done.stderr, time.monotonic() - begin)


def once(function):
    """A function without arguments that runs once, also when several threads ask at the same time."""
    lock, answer = threading.Lock(), functools.lru_cache(maxsize=None)(function)

    @functools.wraps(function)
    def ask():
        with lock:
            return answer()

    return ask


@once
def kubeconfig():
    """The path of the administrator's kubeconfig; starts the sandbox if need be."""
    given = os.environ.get("INSTANTEXEC_SANDBOX_KUBECONFIG")
    if given:
        return pathlib.Path(given)
    last = ""
    with subprocess.Popen([SCRIPT, "up"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        for line in up.stderr:  # a first build takes minutes: its progress is shown as it comes
            sys.stderr.write(line)
            last = line.strip() or last
        answer = up.stdout.read().strip()
    if up.returncode == EXIT_SKIP:
        raise Unavailable(last)
    if up.returncode != 0:
        raise RuntimeError(f"scripts/sandbox up: exit code {up.returncode}: {last}")
    return pathlib.Path(answer)


@once
def kubectl_path():
    given = os.environ.get("INSTANTEXEC_KUBECTL")
    if given:
        return given
    programs = kubeconfig().parent / "bin"  # written by scripts/sandbox: the folder of its programs
    if programs.is_file():
        own = pathlib.Path(programs.read_text().strip()) / "kubectl"
        if own.exists():
            return str(own)
    found = shutil.which("kubectl")
    if not found:
        raise Unavailable("no kubectl: set INSTANTEXEC_KUBECTL")
    return found


def binary():
    return pathlib.Path(os.environ.get("INSTANTEXEC_BINARY") or ROOT / "dist" / "kubectl-instantexec")


@once
def state_folder():
    """Where the tool leaves files by itself, for this run of tests and not in anybody's home."""
    path = tempfile.mkdtemp(prefix="instantexec-state-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def clean_environment(**changes):
    """The environment without what would steer the tool from outside; a change to None removes a variable."""
    steering = ("INSTANTEXEC_", "SYNERGYMESH_", "GITHUB_", "INPUT_", "KUBE", "RUNNER_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    for name in ("CI", "NO_COLOR", "POD_NAMESPACE"):
        env.pop(name, None)
    env["INSTANTEXEC_STATE_DIR"] = state_folder()
    for name, value in changes.items():
        env.pop(name, None)
        if value is not None:
            env[name] = str(value)
    return env


def kubectl(*arguments, stdin=None, check=True, config=None, timeout=120):
    """Runs kubectl as administrator, or with another kubeconfig. With check, a failure raises AssertionError."""
    env = clean_environment(KUBECONFIG=config or kubeconfig())
    result = run([kubectl_path(), *arguments], stdin=stdin, env=env, timeout=timeout)
    if check and result.code != 0:
        raise AssertionError(str(result))
    return result


def wait_for(what, predicate, timeout=60):
    """Polls until predicate() gives something true and returns that; fails with `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"gave up after {timeout} s waiting for {what}")
        time.sleep(0.05)


def create_namespace(prefix="ie", labels=None):
    """A new namespace whose default ServiceAccount and root CA ConfigMap are there already."""
    name = f"{prefix}-{secrets.token_hex(4)}"
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}
    kubectl("create", "-f", "-", stdin=json.dumps(manifest))

    def settled():
        wanted = ["serviceaccount/default", "configmap/kube-root-ca.crt"]
        return kubectl("get", "-n", name, "-o", "name", *wanted, check=False).code == 0

    wait_for(f"namespace {name} to be set up", settled)
    return name


def delete_namespace(name, wait=False):
    kubectl("delete", "namespace", name, "--ignore-not-found", f"--wait={str(wait).lower()}")


# --- snapshots --------------------------------------------------------------------------------------------------------


def canonical(item):
    """The object without what changes though nobody changed it.

    Left out: resourceVersion, generation, status, times and status entries of managedFields, and the revision counter
    that the Deployment controller keeps as an annotation. Kept: uid, labels, annotations, owners, finalizers, field
    ownership, and all of the rest.
    """
    item = copy.deepcopy(item)
    item.pop("status", None)
    metadata = item["metadata"]
    for name in ("resourceVersion", "generation", "selfLink"):
        metadata.pop(name, None)
    annotations = metadata.get("annotations", {})
    annotations.pop("deployment.kubernetes.io/revision", None)
    if not annotations:
        metadata.pop("annotations", None)
    fields = [entry for entry in metadata.get("managedFields", []) if entry.get("subresource") != "status"]
    for entry in fields:
        entry.pop("time", None)
    metadata["managedFields"] = sorted(fields, key=lambda e: (e.get("manager", ""), e.get("operation", "")))
    return item


def snapshot(namespace, kinds=KINDS, ignore=None):
    """All objects of the namespace as {"Kind/name": canonical object}.

    `ignore(key, object)` true leaves an object out, such as the tool's own records.
    """
    listing = kubectl("get", ",".join(kinds), "-n", namespace, "-o", "json", "--show-managed-fields").json()
    result = {}
    for item in listing["items"]:
        key = f"{item['kind']}/{item['metadata']['name']}"
        if not (ignore and ignore(key, item)):
            result[key] = canonical(item)
    return result


def differences(before, after, path=""):
    """Readable lines for everything that differs between two snapshots (or any two JSON values); empty if none."""
    if isinstance(before, dict) and isinstance(after, dict):
        lines = []
        for key in sorted(before.keys() | after.keys()):
            here = f"{path}[{key!r}]" if path else key
            if key not in after:
                lines.append(f"{here}: gone")
            elif key not in before:
                lines.append(f"{here}: new")
            else:
                lines += differences(before[key], after[key], here)
        return lines
    return [] if before == after else [f"{path}: {json.dumps(before)} -> {json.dumps(after)}"]


# --- test cases -------------------------------------------------------------------------------------------------------


class ClusterTestCase(unittest.TestCase):
    """A test case with the sandbox up, and a namespace of its own per test, made on first use and removed after."""

    needs_binary = True
    _namespace = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            kubeconfig(), kubectl_path()
        except Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        if cls.needs_binary and not os.access(binary(), os.X_OK):
            raise AssertionError(f"{binary()} is not there; build it or set INSTANTEXEC_BINARY")

    @property
    def namespace(self):
        if self._namespace is None:
            self._namespace = create_namespace()
            self.addCleanup(delete_namespace, self._namespace)
        return self._namespace

    def folder(self):
        """A new temporary folder, removed after the test."""
        path = tempfile.mkdtemp(prefix="instantexec-")
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return pathlib.Path(path)

    def kubectl(self, *arguments, **options):
        """kubectl in this test's namespace."""
        return kubectl("-n", self.namespace, *arguments, **options)

    def get(self, kind, name=None):
        """One object, or the list of all of a kind, in this test's namespace."""
        answer = self.kubectl("get", kind, *([name] if name else []), "-o", "json").json()
        return answer if name else answer["items"]

    def tool(self, *arguments, namespaced=True, stdin=None, cwd=None, timeout=120, config=None, env=None):
        """Runs the binary in this test's namespace, away from the caller's configuration and caches.

        `namespaced=False` leaves out the `-n`, for verbs that take none.
        """
        command, environment = self._tool(arguments, namespaced, config, env)
        return run(command, stdin=stdin, env=environment, cwd=cwd, timeout=timeout)

    def spawn_tool(self, *arguments, config=None, env=None):
        """Starts the binary and returns its Popen (text, all three pipes): for signals and kills. Ended by the test."""
        command, environment = self._tool(arguments, True, config, env)
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

        def end():
            process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def _tool(self, arguments, namespaced, config, env):
        environment = clean_environment(
            KUBECONFIG=config or kubeconfig(), KUBECACHEDIR=self.folder(), NO_COLOR="1", **(env or {})
        )
        command = [str(binary()), *(str(word) for word in arguments)]
        return (command + ["-n", self.namespace] if namespaced else command), environment

    def snapshot(self, **options):
        return snapshot(self.namespace, **options)

    def assert_unchanged(self, before, after):
        lines = differences(before, after)
        if lines:
            self.fail("the namespace is not as it was:\n" + "\n".join(lines))


def main():
    """unittest.main, but exits with 77 when no test could run; the reasons are on stderr."""
    program = unittest.main(module="__main__", exit=False)
    result = program.result
    if result.wasSuccessful() and result.skipped and len(result.skipped) >= max(1, result.testsRun):
        for _, reason in result.skipped:
            print(f"SKIPPED: {reason}", file=sys.stderr)
        sys.exit(EXIT_SKIP)
    sys.exit(0 if result.wasSuccessful() else 1)
