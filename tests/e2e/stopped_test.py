#!/usr/bin/env python3
# ctest: timeout=600
"""A process that is stopped (SIGSTOP) for longer than its lock lives: somebody else recovers, and awake again it writes nothing."""

import concurrent.futures
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import api  # noqa: E402
import faults  # noqa: E402
import kills  # noqa: E402
import sandbox  # noqa: E402

WRITES = {"methods": ["PATCH"], "not": "dryRun"}
DELETIONS = {"methods": ["DELETE"], "path": r"/configmaps/"}

# Scenario, the write at which it is stopped, and when: before it is forwarded (it is, a moment later), or after its answer.
TABLE = (
    ("update", {**WRITES, "from": 1, "action": "stop-before"}),
    ("update", {**WRITES, "from": 1, "action": "stop-answered"}),
    ("update", {**WRITES, "from": 3, "action": "stop-answered"}),
    ("rollback", {**WRITES, "from": 1, "action": "stop-answered"}),
    ("rollback", {**WRITES, "from": 2, "action": "stop-before"}),
    ("prune", {**DELETIONS, "action": "stop-before"}),
    ("failing", {**WRITES, "from": 7, "action": "stop-answered"}),  # within the undo
    ("recover", {**WRITES, "from": 1, "action": "stop-answered"}),
)


class StoppedTest(sandbox.ClusterTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        faults.program()  # built once, before many want it

    def one(self, name, rule):
        harness = kills.Harness()
        try:
            return self.stop(harness, name, rule)
        except Exception as problem:  # one row must not hide the others
            return f"{type(problem).__name__}: {problem}"
        finally:
            harness.close()

    @staticmethod
    def everything(namespace):
        return api.snapshot([api.collection(kind, namespace) for kind in sandbox.KINDS])

    def stop(self, harness, name, rule):
        """What is wrong with how it went, or nothing."""
        scenario = next(one for one in kills.SCENARIOS if one.name == ("update" if name == "recover" else name))
        namespace, unique, command, stdin = harness.prepare(scenario)
        recover = ["recover", *kills.RELEASE, "-n", namespace, "--lock-timeout", "90s"]
        if name == "recover":
            harness.proxy.rules({**WRITES, "from": 2, "action": "stop-answered"})
            killed = harness.start(command, stdin)
            harness.proxy.event("stopped", 60)
            killed.kill()
            killed.wait()
            harness.proxy.abort()
            command, stdin = recover, ""
        try:
            harness.proxy.rules(rule)
            process = harness.start(command, stdin)
            if harness.proxy.event("stopped", 90) is None:
                process.kill()
                process.wait()
                return "it never came to that request"
            process.send_signal(signal.SIGSTOP)
            harness.proxy.rules()  # what is held goes on
            done = harness.tool(*recover, timeout=150)
            if done.code not in (0, 5):
                process.kill()
                process.wait()
                return f"recover: {done}"
            before = self.everything(namespace)
            sent = len(harness.proxy.requests())
            process.send_signal(signal.SIGCONT)
            code = process.wait(timeout=150)
            writes = [f"{r['method']} {r['uri']}" for r in harness.proxy.requests()[sent:]
                      if r["method"] not in ("GET", "WATCH") and "dryRun" not in r["uri"] and "/leases/" not in r["uri"]]  # fmt: skip
            if writes:
                return "awake again it wrote:\n" + "\n".join(writes)
            changed = sandbox.differences(before, self.everything(namespace))
            if changed:
                return "\n".join(changed)
            return "" if code not in (0, 5) else f"it ended with {code}, as if all was well"
        finally:
            harness.cleanup(scenario, namespace, unique)

    def test_table(self):
        with concurrent.futures.ThreadPoolExecutor(len(TABLE)) as pool:
            problems = list(pool.map(lambda row: self.one(*row), TABLE))
        print(f"{len(TABLE)} processes stopped past their lock", file=sys.stderr)
        bad = [f"{name} at {rule}: {problem}" for (name, rule), problem in zip(TABLE, problems) if problem]
        self.assertEqual(bad, [], "\n\n".join(bad))


if __name__ == "__main__":
    sandbox.main()
