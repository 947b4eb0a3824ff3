#!/usr/bin/env python3
"""`--simulate` runs every stage without a cluster: no kubeconfig, no connection, no trace."""

import json
import os
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402


NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo"}}


class SimulateTest(release.ReleaseTestCase):
    @classmethod
    def setUpClass(cls):  # needs the program, but no control plane
        if not os.access(sandbox.binary(), os.X_OK):
            raise AssertionError(f"{sandbox.binary()} is not there")

    def simulate(self, verb, *arguments, cwd=None, stdin=None, env=None):
        home = self.folder()
        return self.tool(verb, "--simulate", *arguments, namespaced=False, config=home / "none", cwd=cwd, stdin=stdin,
                         env={"HOME": home, **(env or {})})  # fmt: skip

    def test_the_whole_pipeline(self):
        repository = release.Repository(self.folder())
        file = self.folder() / "report.json"
        result = self.expect(self.simulate("run", "--output", file, cwd=repository.path), 0)
        report = json.loads(file.read_text())
        self.assertEqual(report["context"], "simulation", str(result))
        self.assertEqual([stage["id"] for stage in report["stages"]],
                         ["ai-analysis", "synthetic-validation", "automated-deployment"])  # fmt: skip
        self.assertTrue(all(stage["status"] == "passed" for stage in report["stages"]), report["stages"])
        self.assertEqual(repository.git("status", "--porcelain"), "", "nothing was left in the repository")

    def test_deploy(self):
        result = self.simulate("deploy", "-n", "demo", "--release", "demo", "-f", "-",
                               stdin=release.stream([NAMESPACE, *release.small_release()]))  # fmt: skip
        self.expect(result, 0)
        self.assertIn("deployment.apps/web", result.stdout)

    def test_a_load_balancer_gets_an_address(self):
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"},
                   "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]}}  # fmt: skip
        result = self.simulate("deploy", "-n", "demo", "--release", "demo", "-f", "-",
                               stdin=release.stream([*release.small_release(), service]))  # fmt: skip
        self.expect(result, 0)
        self.assertIn("service/front", result.stdout)

    def test_it_finds_what_is_wrong(self):
        result = self.simulate("deploy", "-n", "demo", "--release", "demo", "-f", "-",
                               stdin=release.stream([release.config_map("a"), release.config_map("a")]))  # fmt: skip
        self.expect(result, 3)

    def test_objects_that_name_another_namespace_are_told(self):
        elsewhere = release.config_map("a", k="1")
        elsewhere["metadata"]["namespace"] = "other"
        stream = release.stream([release.config_map("b", k="1"), elsewhere])
        for given, told in ((["-n", "demo"], True), (["-n", "other"], False), ([], False)):
            result = self.simulate("plan", *given, "--release", "demo", "-f", "-", stdin=stream)
            self.assertEqual("name another namespace than demo and go there, such as ConfigMap other/a" in result.stderr, told,
                             str(result))  # fmt: skip

    def test_it_opens_no_connection(self):
        strace = shutil.which("strace")
        if not strace:
            raise unittest.SkipTest("strace is not installed")
        repository = release.Repository(self.folder())
        log = self.folder() / "calls"
        command, environment = self._tool(["run", "--simulate"], False, "/no/such/config", {"HOME": repository.path})
        result = sandbox.run([strace, "-f", "-e", "trace=connect,sendto", "-o", log, *command], env=environment,
                             cwd=repository.path)  # fmt: skip
        self.expect(result, 0)
        calls = [line for line in log.read_text().splitlines() if "AF_INET" in line]
        self.assertEqual(calls, [])


if __name__ == "__main__":
    sandbox.main()
