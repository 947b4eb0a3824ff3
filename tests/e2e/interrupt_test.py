#!/usr/bin/env python3
# ctest: timeout=600
"""Ctrl-C in the middle of a deployment: it stops soon, says what it does, and the namespace can be brought back."""

import json
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import kills  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402

# A rollout that never ends: its pods start and are not ready.
STUCK = {"instantexec.dev/fault": "never-ready"}
TIME_TO_SAFE = 20  # seconds, on a busy machine too; an idle one needs a tenth
SCENARIOS = {scenario.name: scenario for scenario in kills.SCENARIOS}
# The requests of objects that a scenario writes one after the other: the second needs the first.
FIRST_WRITES = {
    "update": {"methods": ["PATCH"], "not": "dryRun"},
    "crd": {"methods": ["PATCH"], "path": "/customresourcedefinitions/", "not": "dryRun"},
}


class InterruptTest(release.ReleaseTestCase):
    def start_stuck_deployment(self):
        """Deploys a good release, starts one that hangs, and returns it with the state before."""
        self.expect(self.deploy(release.small_release()), 0)
        before = release.plain_snapshot(self.namespace)
        manifests = release.small_release(message="bye")
        manifests[-1] = release.deployment("web", release.NEXT_IMAGE, 2, **STUCK)
        file = self.folder() / "stuck.yaml"
        file.write_text(release.stream(manifests))
        process = self.spawn_tool("deploy", "--release", "demo", "-f", file)

        def is_applied():
            containers = self.get("deployment", "web")["spec"]["template"]["spec"]["containers"]
            return containers[0]["image"] == release.NEXT_IMAGE

        sandbox.wait_for("the new release to be applied", is_applied)
        return process, before

    def end(self, process, number):
        begin = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=TIME_TO_SAFE + 20)
        seconds = time.monotonic() - begin
        return sandbox.Result(("deploy", "interrupted"), process.returncode, out, err, seconds)

    def recover(self):
        self.expect(self.tool("recover", "--release", "demo", timeout=120), 0)

    def check_interrupted(self, result, before):
        """Either all is as it was, or there is unfinished work that recover brings back."""
        self.assertLess(result.seconds, TIME_TO_SAFE, str(result))
        self.assertIn(result.code, (5, 9), str(result))
        self.assertIn("interrupt", (result.stdout + result.stderr).lower(), str(result))
        if result.code == 9:
            self.assertIn("recover", result.stdout + result.stderr)
            status = self.tool("status", "--release", "demo")
            self.assertIn("recover", status.stdout + status.stderr, str(status))
            self.recover()
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))
        again = self.expect(self.tool("recover", "--release", "demo"), 0)
        self.assertIn("nothing to", (again.stdout + again.stderr).lower())
        self.expect(self.deploy(release.small_release(message="after")), 0)

    def test_sigint(self):
        process, before = self.start_stuck_deployment()
        self.check_interrupted(self.end(process, signal.SIGINT), before)

    def test_sigterm(self):
        process, before = self.start_stuck_deployment()
        self.check_interrupted(self.end(process, signal.SIGTERM), before)

    def test_killed(self):
        process, before = self.start_stuck_deployment()
        process.kill()
        process.communicate(timeout=10)
        status = self.expect(self.tool("status", "--release", "demo"), 0)
        self.assertRegex(status.stdout, rf"(?m)^locked by \S*\b{process.pid}\b")
        self.assertRegex(status.stdout, r"(?m)^unfinished: applying of revision 2, started .*; `recover` puts it back$")
        self.assertRegex(status.stdout, r"(?m)^  next: kubectl instantexec recover ")
        # The lock of the dead process has to run out first.
        self.recover()
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))

    def test_another_run_finds_it_locked(self):
        process, before = self.start_stuck_deployment()
        second = self.deploy(release.small_release(message="second"), "--lock-timeout", "1s")
        self.assert_error(second, 8, r"release\.locked")
        self.check_interrupted(self.end(process, signal.SIGINT), before)

    def test_while_a_write_is_on_its_way(self):
        """Nothing further is written, the lock is given back, and recovery leads to the state before."""
        for name, rule in FIRST_WRITES.items():
            for boundary in kills.BOUNDARIES:
                with self.subTest(scenario=name, boundary=boundary):
                    self.check_write_interrupted(SCENARIOS[name], {**rule, "action": boundary})

    def check_write_interrupted(self, scenario, rule):
        harness = kills.Harness()
        self.addCleanup(harness.close)
        namespace, unique, command, stdin = harness.prepare(scenario)
        self.addCleanup(harness.cleanup, scenario, namespace, unique)
        before = harness.state(scenario, namespace, unique)
        harness.proxy.rules(rule)
        process = harness.start(command, stdin)
        self.addCleanup(process.kill)
        self.assertIsNotNone(harness.proxy.event("stopped", 60), "it came to no write")
        process.send_signal(signal.SIGINT)
        sandbox.wait_for("the signal to be seen", lambda: kills.is_taken(process.pid, signal.SIGINT))
        held = len(harness.proxy.requests())
        harness.proxy.go_on()
        self.assertEqual(process.wait(timeout=TIME_TO_SAFE + 20), 9)
        later = [r["uri"] for r in harness.proxy.requests()[held:] if r["method"] == "PATCH" and "dryRun" not in r["uri"]]
        self.assertEqual([uri for uri in later if "/widgets/" in uri], [])
        lease = sandbox.kubectl("get", "lease", "-n", namespace, "-o", "json").json()["items"]
        self.assertEqual([item["spec"].get("holderIdentity") or "" for item in lease], [""], json.dumps(lease))
        harness.proxy.rules()
        recovered = harness.tool("recover", *kills.RELEASE, "-n", namespace)
        self.assertIn(recovered.code, (0, 5), str(recovered))
        self.assert_unchanged(before, harness.state(scenario, namespace, unique))


if __name__ == "__main__":
    sandbox.main()
