#!/usr/bin/env python3
# ctest: timeout=900
"""Parts of the control plane end or stop in the middle of releases: the API server by SIGTERM and SIGKILL, etcd by SIGSTOP.

The runs are held at their first write, then the fault happens, then they go on. Each ends as if nothing had happened, or
leaves work that `recover` finishes.
"""

import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import api  # noqa: E402
import faults  # noqa: E402
import kills  # noqa: E402
import sandbox  # noqa: E402

WRITES = {"methods": ["PATCH"], "not": "dryRun"}
AWAY = 6  # seconds, roughly
SCENARIOS = {scenario.name: scenario for scenario in kills.SCENARIOS}


def place():
    return pathlib.Path(sandbox.kubeconfig()).parent


def component(verb, name):
    done = sandbox.run([sandbox.SCRIPT, verb, name, "--dir", place()])
    if done.code != 0:
        raise AssertionError(str(done))


def send(name, number):
    os.kill(int((place() / "pids" / name).read_text().split()[0]), number)


def restart():
    component("stop", "kube-apiserver")
    time.sleep(AWAY)
    component("start", "kube-apiserver")


def kill():
    send("kube-apiserver", signal.SIGKILL)
    time.sleep(AWAY)
    component("start", "kube-apiserver")


def freeze():
    send("etcd", signal.SIGSTOP)
    try:
        time.sleep(AWAY)
    finally:
        send("etcd", signal.SIGCONT)


TABLE = (
    ("the API server is restarted", restart, ("update", "rollback")),
    ("the API server is killed", kill, ("update", "rollback")),
    ("etcd stops", freeze, ("update", "rollback", "recover")),
)


class Run:
    """One run, held at its first write of an object."""

    def __init__(self, name):
        self.name = name
        self.harness = kills.Harness()
        self.scenario = SCENARIOS["update" if name == "recover" else name]
        self.after = self.harness.undisturbed(self.scenario)[1]
        self.namespace, self.unique, command, stdin = self.harness.prepare(self.scenario)
        self.before = self.harness.state(self.scenario, self.namespace, self.unique)
        self.recover = ["recover", *kills.RELEASE, "-n", self.namespace, "--lock-timeout", "90s"]
        if name == "recover":
            self.harness.run_until(command, stdin, "stop-answered", 24)
            command, stdin = self.recover, ""
        self.harness.proxy.rules({**WRITES, "action": "stop-before"})
        self.process = self.harness.start(command, stdin)

    def hold(self):
        self.held = self.harness.proxy.event("stopped", 90) is not None

    def end(self):
        """What is wrong with how it ended, or nothing."""
        try:
            code = self.process.wait(timeout=240)
            said = f"{self.name} ended with {code}"
            if code not in (0, 5, 9):
                return said
            if code == 9:
                done = self.harness.tool(*self.recover, timeout=240)
                if done.code not in (0, 5):
                    return f"{said}, then {done}"
            outcome = kills.Outcome(self.name, "outage", 0)
            end = self.harness.verdict(self.scenario, (self.namespace, self.unique), self.before, self.after, outcome)
            print(f"{said}, the namespace is as {end}", file=sys.stderr)
            return "" if end in ("before", "after") else f"{said}: {outcome.problem}"
        except subprocess.TimeoutExpired:
            return f"{self.name} does not end"
        finally:
            self.process.kill()
            self.process.wait()

    def close(self):
        self.harness.cleanup(self.scenario, self.namespace, self.unique)
        self.harness.close()


class OutageTest(sandbox.ClusterTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        faults.program()  # built once, before many want it

    def one(self, fault, names):
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            runs = list(pool.map(Run, names))
            try:
                list(pool.map(Run.hold, runs))
                self.assertTrue(any(run.held for run in runs), "no run came to a write")
                happening = pool.submit(fault)
                time.sleep(AWAY / 2)
                for run in runs:
                    run.harness.proxy.rules()
                happening.result()
                sandbox.wait_for("the API server", self.answers, 120)
                return [problem for problem in pool.map(Run.end, runs) if problem]
            finally:
                for run in runs:
                    run.close()

    @staticmethod
    def answers():
        try:
            return api.request("GET", "readyz")[0] == 200
        except OSError:
            return False

    def test_table(self):
        for what, fault, names in TABLE:
            with self.subTest(what):
                begun = time.monotonic()
                problems = self.one(fault, names)
                print(f"{what}: {len(names)} runs, {time.monotonic() - begun:.0f} s", file=sys.stderr)
                self.assertEqual(problems, [], "\n\n".join(problems))


if __name__ == "__main__":
    sandbox.main()
