#!/usr/bin/env python3
# ctest: timeout=900
"""What cannot succeed is called doomed, by its cause; what only takes its time is not."""

import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402
import verdicts  # noqa: E402

LIMIT = "5m"  # far beyond what any verdict takes: a run that reaches it was not decided


class VerdictTest(release.ReleaseTestCase):
    def deploy_into(self, namespace, manifests, *arguments):
        folder = self.folder()
        env = sandbox.clean_environment(KUBECONFIG=sandbox.kubeconfig(), KUBECACHEDIR=folder, NO_COLOR="1")
        command = [sandbox.binary(), "deploy", "--release", "demo", "-n", namespace, "-f", "-", "--timeout", LIMIT, *arguments]
        return sandbox.run(command, stdin=release.stream(manifests), env=env, timeout=600)

    def play(self, case):
        with verdicts.prepared(case) as namespace:
            if case.before:
                self.assertNotEqual(self.deploy_into(namespace, case.before, "--no-rollback").code, 0)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                helper = pool.submit(case.meanwhile, namespace) if case.meanwhile else None
                result = self.deploy_into(namespace, verdicts.manifests(case, namespace))
                if helper:
                    helper.result()
        return result

    def test_verdicts(self):
        cases = verdicts.DOOMED + verdicts.HOPEFUL
        with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
            results = list(zip(cases, pool.map(self.play, cases)))
        for case, result in results:
            with self.subTest(case.name):
                self.expect(result, 5 if case.cause else 0)
                if case.cause:
                    self.assertRegex(result.stdout.splitlines()[0], case.cause, str(result))
                    self.assertNotIn("not ready after", result.stdout, str(result))
                else:
                    self.assertNotIn("Failed", result.stdout + result.stderr, str(result))


class BeforeAfterTest(release.ReleaseTestCase):
    def test_what_was_broken_before_does_not_fail_a_deploy(self):
        broken = verdicts.workload("crash-loop")
        self.assertNotEqual(self.deploy([broken, release.config_map("settings", key="1")], "--no-rollback").code, 0)
        result = self.expect(self.deploy([broken, release.config_map("settings", key="2")], "-o", "json"), 0)
        self.assertEqual(self.get("configmap", "settings")["data"], {"key": "2"})
        objects = {item["object"]["kind"]: item for item in result.json()["deployment"]["objects"]}
        self.assertTrue(objects["Deployment"].get("broken_before"), str(result))
        self.assertNotIn("broken_before", objects["ConfigMap"])
        self.assertIn("was broken before this deploy", result.stdout)


if __name__ == "__main__":
    sandbox.main()
