#!/usr/bin/env python3
# ctest: timeout=600
"""Ctrl-C in the middle of a deployment: it stops soon, says what it does, and the namespace can be brought back.

How long that takes is printed, and held only against a bound that a busy machine keeps too.
"""

import concurrent.futures
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
TIME_TO_SAFE = 20  # seconds, on a busy machine too; an idle one needs a quarter while the API server is silent, else less
SCENARIOS = {scenario.name: scenario for scenario in kills.SCENARIOS}
# The requests of objects that a scenario writes one after the other: the second needs the first.
FIRST_WRITES = {
    "update": {"methods": ["PATCH"], "not": "dryRun"},
    "crd": {"methods": ["PATCH"], "path": "/customresourcedefinitions/", "not": "dryRun"},
}


class InterruptTest(release.ReleaseTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.times = {}  # what was interrupted -> seconds until it had ended

    @classmethod
    def tearDownClass(cls):
        for what, seconds in cls.times.items():
            print(f"safe after {seconds:.2f} s: {what}", flush=True)
        if cls.times:
            print(f"safe after {max(cls.times.values()):.2f} s at most", flush=True)
        super().tearDownClass()

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
        self.times[f"{signal.Signals(number).name} while waiting for a rollout"] = seconds
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
        # For a moment nobody can know that it is gone.
        status = sandbox.wait_for("status to tell that nobody is at work", self.status_of_dead_run)
        self.assertRegex(status.stdout, rf"(?m)^lock last held by \S*\b{process.pid}\b")
        self.assertRegex(status.stdout, r"(?m)^unfinished: applying of revision 2, started .*; `recover` puts it back$")
        self.assertRegex(status.stdout, r"(?m)^  next: kubectl instantexec recover ")
        # The lock of the dead process has to run out first.
        self.recover()
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))

    def status_of_dead_run(self):
        status = self.expect(self.tool("status", "--release", "demo"), 0)
        return status if "unfinished: " in status.stdout else None

    def test_another_run_finds_it_locked(self):
        process, before = self.start_stuck_deployment()
        status = self.expect(self.tool("status", "--release", "demo"), 0)
        self.assertRegex(status.stdout, rf"(?m)^locked by \S*\b{process.pid}\b")
        self.assertRegex(status.stdout, r"(?m)^under way: applying of revision 2, .*, which is at work ")
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
        begin = time.monotonic()
        self.deliver(process, signal.SIGINT)
        held = len(harness.proxy.requests())
        harness.proxy.go_on()
        self.assertEqual(process.wait(timeout=TIME_TO_SAFE + 20), 9)
        self.times[f"SIGINT during the first write of {scenario.name}, {rule['action']}"] = time.monotonic() - begin
        later = [r["uri"] for r in harness.proxy.requests()[held:] if r["method"] == "PATCH" and "dryRun" not in r["uri"]]
        self.assertEqual([uri for uri in later if "/widgets/" in uri], [])
        lease = sandbox.kubectl("get", "lease", "-n", namespace, "-o", "json").json()["items"]
        self.assertEqual([item["spec"].get("holderIdentity") or "" for item in lease], [""], json.dumps(lease))
        harness.proxy.rules()
        recovered = harness.tool("recover", *kills.RELEASE, "-n", namespace)
        self.assertIn(recovered.code, (0, 5), str(recovered))
        self.assert_unchanged(before, harness.state(scenario, namespace, unique))

    @staticmethod
    def deliver(process, number):
        """Sends it, and waits until the process has taken it."""
        process.send_signal(number)
        sandbox.wait_for("the signal to be seen", lambda: kills.is_taken(process.pid, number))

    def test_while_the_api_server_is_silent(self):
        """No answer to a write that is on its way, nor to anything after it: once, and twice, which ends it at once."""
        table = (
            ((signal.SIGINT,), 9), ((signal.SIGINT, signal.SIGINT), 130), ((signal.SIGTERM, signal.SIGTERM), 143),
        )  # fmt: skip
        with concurrent.futures.ThreadPoolExecutor(len(table)) as pool:
            problems = list(pool.map(lambda row: self.silence(*row), table))
        self.assertEqual([problem for problem in problems if problem], [])

    def silence(self, numbers, code):
        """What is wrong with the end of a deployment that gets these signals, or with the recovery from it."""
        what = " ".join(number.name for number in numbers)
        harness = kills.Harness()
        namespace, unique, command, stdin = harness.prepare(SCENARIOS["update"])
        process = None
        try:
            before = harness.state(SCENARIOS["update"], namespace, unique)
            harness.proxy.rules({**FIRST_WRITES["update"], "action": "stop-after"})
            process = harness.start(command, stdin)
            if harness.proxy.event("stopped", 60) is None:
                return f"{what}: it came to no write"
            for number in numbers[:-1]:
                self.deliver(process, number)
            begin = time.monotonic()
            process.send_signal(numbers[-1])
            ended = process.wait(timeout=TIME_TO_SAFE)  # nobody has answered yet
            self.times[f"{what} while the API server is silent"] = time.monotonic() - begin
            harness.proxy.abort()
            harness.proxy.rules()
            if ended != code:
                return f"{what}: exit code {ended} and not {code}"
            recovered = harness.tool("recover", *kills.RELEASE, "-n", namespace, "--lock-timeout", "90s", timeout=150)
            left = sandbox.differences(before, harness.state(SCENARIOS["update"], namespace, unique))
            return f"{what}: {left}\n{recovered}" if left or recovered.code not in (0, 5) else ""
        except Exception as problem:  # one row must not hide the others
            return f"{what}: {type(problem).__name__}: {problem}"
        finally:
            if process:
                process.kill()
                process.wait()
            harness.close()
            harness.cleanup(SCENARIOS["update"], namespace, unique)


if __name__ == "__main__":
    sandbox.main()
