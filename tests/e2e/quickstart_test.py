#!/usr/bin/env python3
# ctest: timeout=600
"""The two commands of the README, with the program already built: with a cluster and without."""

import json
import pathlib
import secrets
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402

NAMESPACE = "synergymesh-system"


class QuickStartTest(release.ReleaseTestCase):
    def setUp(self):
        sandbox.delete_namespace(NAMESPACE, wait=True)
        self.addCleanup(sandbox.delete_namespace, NAMESPACE, wait=True)

    def script(self, name, *arguments, config=None, **environment):
        env = sandbox.clean_environment(
            KUBECONFIG=config or sandbox.kubeconfig(), INSTANTEXEC_BINARY=sandbox.binary().resolve(), HOME=self.folder(),
            KUBECACHEDIR=self.folder(), **environment)  # fmt: skip
        return sandbox.run([sandbox.ROOT / "scripts" / name, *arguments], env=env, cwd=self.folder(), timeout=300)

    def test_with_a_cluster(self):
        report = self.folder() / "results.json"
        result = self.expect(self.script("run-instant-execution.sh", "--output", report), 0)
        self.assertIn(f"namespace {NAMESPACE}", result.stderr)
        self.assertEqual(len(sandbox.kubectl("get", "deployments", "-n", NAMESPACE, "-o", "name").stdout.split()), 3)
        json.loads(report.read_text())
        again = self.expect(self.script("run-instant-execution.sh"), 0)
        self.assertRegex(again.stdout.lower(), "nothing to do|unchanged")

    def test_in_another_namespace(self):
        for script in ("run-instant-execution.sh", "k8s/deploy-baselines.sh"):
            other = f"own-{secrets.token_hex(4)}"
            self.addCleanup(sandbox.delete_namespace, other)
            self.expect(self.script(script, "--namespace", other), 0)
            self.assertEqual(len(sandbox.kubectl("get", "deployments", "-n", other, "-o", "name").stdout.split()), 3)
            self.assertEqual(sandbox.kubectl("get", "namespace", NAMESPACE, check=False).code, 1)

    def test_without_a_cluster(self):
        result = self.expect(self.script("run-instant-execution.sh", config="/no/such/kubeconfig"), 0)
        self.assertIn("no cluster can be reached", result.stderr)
        self.assertEqual(sandbox.kubectl("get", "namespace", NAMESPACE, check=False).code, 1)

    def test_dry_run(self):
        for arguments, environment in ((["--dry-run"], {}), ([], {"SYNERGYMESH_DRY_RUN": "true"})):
            self.expect(self.script("run-instant-execution.sh", *arguments, **environment), 0)
            self.assertEqual(sandbox.kubectl("get", "namespace", NAMESPACE, check=False).code, 1)

    def test_deploy_baselines(self):
        self.expect(self.script("k8s/deploy-baselines.sh", "--dry-run"), 0)
        self.assertEqual(sandbox.kubectl("get", "namespace", NAMESPACE, check=False).code, 1)
        self.expect(self.script("k8s/deploy-baselines.sh"), 0)
        self.assertEqual(len(sandbox.kubectl("get", "deployments", "-n", NAMESPACE, "-o", "name").stdout.split()), 3)


if __name__ == "__main__":
    sandbox.main()
