#!/usr/bin/env python3
# ctest: timeout=600
"""`run` takes the baselines from a git repository to healthy, notices when there is nothing to do, and undoes what breaks."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402
import yaml  # noqa: E402

# The configuration and the manifests name it, so it cannot be one of the test's own.
NAMESPACE = "synergymesh-system"
GATEWAY = "config/baselines/60-mesh-gateway.yaml"


def baselines(repository):
    manifests = []
    for file in sorted((repository.path / "config" / "baselines").glob("*.yaml")):
        manifests += [manifest for manifest in yaml.safe_load_all(file.read_text()) if manifest]
    return manifests


class PipelineTest(release.ReleaseTestCase):
    def setUp(self):
        sandbox.delete_namespace(NAMESPACE, wait=True)
        self.addCleanup(sandbox.delete_namespace, NAMESPACE, wait=True)
        self.repository = release.Repository(self.folder())

    def pipeline(self, *arguments, **options):
        return self.tool("run", *arguments, namespaced=False, cwd=self.repository.path, timeout=300, **options)

    def baseline_tool(self, verb, *arguments):
        return self.tool(verb, *arguments, namespaced=False, cwd=self.repository.path)

    def assert_healthy(self):
        for item in sandbox.kubectl("get", "deployments", "-n", NAMESPACE, "-o", "json").json()["items"]:
            status, wanted = item["status"], item["spec"]["replicas"]
            self.assertEqual(status["observedGeneration"], item["metadata"]["generation"])
            self.assertEqual((status.get("readyReplicas"), status.get("updatedReplicas")), (wanted, wanted))

    def test_run_again_break_and_roll_back(self):
        # A fresh cluster: everything is created and becomes healthy.
        report_file = self.folder() / "report.json"
        first = self.expect(self.pipeline("--output", report_file), 0)
        self.assert_healthy()
        report = json.loads(report_file.read_text())
        self.assertIn(report["stages"][0]["id"], ("ai-analysis",), report)
        self.assertEqual(release.kubectl_diff(baselines(self.repository), NAMESPACE), "", str(first))

        # The same again: nothing to do, and nothing was touched.
        before = release.versions(NAMESPACE)
        again = self.expect(self.pipeline(), 0)
        self.assertRegex(again.stdout.lower(), r"nothing to do|unchanged")
        self.assertEqual(release.versions(NAMESPACE), before)

        # A change that is fine.
        good = release.plain_snapshot(NAMESPACE)
        self.repository.replace(GATEWAY, r"agnhost:2\.63\.0", "agnhost:2.64.0")
        self.expect(self.pipeline(), 0)
        self.assert_healthy()
        self.assertNotEqual(release.plain_snapshot(NAMESPACE), good)
        self.assertEqual(release.kubectl_diff(baselines(self.repository), NAMESPACE), "")

        # A change that is not: the image does not exist.
        second = release.plain_snapshot(NAMESPACE)
        self.repository.replace(GATEWAY, r"registry\.k8s\.io/", "registry.invalid/")
        broken = self.expect(self.pipeline(), 5)
        self.assert_unchanged(second, release.plain_snapshot(NAMESPACE))
        self.assert_healthy()
        self.assertIn("mesh-gateway", broken.stdout + broken.stderr)
        self.assertIn("registry.invalid", broken.stdout + broken.stderr)

        # Back to the revision before.
        self.expect(self.baseline_tool("rollback", "--yes"), 0)
        self.assert_healthy()
        self.repository.git("checkout", "--quiet", "HEAD~2")
        self.assertEqual(release.kubectl_diff(baselines(self.repository), NAMESPACE), "")

    def test_a_broken_first_release_leaves_nothing(self):
        self.repository.replace(GATEWAY, r"registry\.k8s\.io/", "registry.invalid/")
        self.expect(self.pipeline(), 5)
        answer = sandbox.kubectl("get", "namespace", NAMESPACE, "-o", "json", check=False)
        if answer.code == 0:  # the records may keep it
            left = release.plain_snapshot(NAMESPACE).keys() - {"ConfigMap/kube-root-ca.crt", "ServiceAccount/default"}
            self.assertEqual(left, set())

    def test_dry_run_writes_nothing(self):
        for mode in ("--dry-run", "--dry-run=server"):
            with self.subTest(mode):
                self.expect(self.pipeline(mode), 0)
                self.assertEqual(sandbox.kubectl("get", "namespace", NAMESPACE, check=False).code, 1)

    def test_manual_approval(self):
        self.expect(self.pipeline("--stage", "1,2"), 0)
        self.assertEqual(sandbox.kubectl("get", "namespace", NAMESPACE, check=False).code, 1)
        self.expect(self.pipeline("--stage", "3", "--yes"), 0)
        self.assert_healthy()

    def test_report_has_the_fields_of_the_three_stages(self):
        report = self.expect(self.pipeline("-o", "json"), 0).json()
        text = json.dumps(report)
        for field in ("decision", "confidence", "risk_score", "risk_level", "conflicts", "recommendations", "test_results",
                      "total_tests", "passed", "failed", "validation_status", "success_rate", "deployment_status",
                      "resources_deployed", "health_status", "rollback_available"):  # fmt: skip
            self.assertIn(f'"{field}":', text)


if __name__ == "__main__":
    sandbox.main()
