#!/usr/bin/env python3
# ctest: timeout=900
"""What cannot succeed is called doomed, by its cause; what only takes its time is not."""

import concurrent.futures
import contextlib
import json
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import api  # noqa: E402
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


class AskedTest(release.ReleaseTestCase):
    """`health` as people and scripts ask it."""

    def test_watch_ends_with_what_is_true_then(self):
        self.kubectl("create", "-f", "-", stdin=json.dumps(verdicts.workload(image=release.BROKEN_IMAGE)))
        process = self.spawn_tool("health", "--watch", "--timeout", LIMIT, "-o", "json")
        for line in process.stderr:
            if "Failed" in line:
                break
        # Mended before the failure is confirmed, which takes five seconds.
        place = f"{api.collection('deployments.apps', self.namespace)}/web"
        image = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": release.IMAGE}]}}}}
        self.assertEqual(api.request("PATCH", place, image, "application/strategic-merge-patch+json")[0], 200)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, out + err)
        self.assertEqual([item["status"] for item in json.loads(out)["objects"]], ["Current"], out + err)

    def test_exit_codes_and_formats(self):
        self.kubectl("create", "-f", "-", stdin=json.dumps(verdicts.workload(image=release.BROKEN_IMAGE)))
        watched = self.expect(self.tool("health", "--watch", "--timeout", LIMIT), 1)
        self.assertRegex(watched.stdout, r"(?m)^  ✗ deployment.apps/web  Failed ImageNotFound: .*was not found", str(watched))
        live = self.kubectl("get", "deployment", "web", "-o", "json").stdout
        judged = self.expect(self.tool("health", "-f", "-", "-o", "json", stdin=live, namespaced=False), 1)
        (line,) = judged.stdout.splitlines()
        self.assertEqual(set(json.loads(line)), {"apiVersion", "kind", "namespace", "name", "status", "reason", "message", "rule"})
        self.assert_error(self.tool("health", "-o", "junit"), 2, "usage")
        # Neither a selector that the server refuses nor a missing right is "nothing found".
        self.assertNotIn("No objects", self.tool("health", "-l", "a=b=c").stdout)
        self.assert_error(self.tool("health", "-l", "app=web", config=sandbox.kubeconfig().parent / "kubeconfig-viewer"), 7, "kube.forbidden")


GROUP = "rules.instantexec.example"


def gate_kind():
    """A kind whose readiness nothing general can see: a gate that is open, or jammed for good."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}}
    names = {"plural": "gates", "singular": "gate", "kind": "Gate", "listKind": "GateList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"gates.{GROUP}"},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]},
    }  # fmt: skip


def gate(width, **annotations):
    return {
        "apiVersion": f"{GROUP}/v1", "kind": "Gate", "metadata": {"name": "north", "annotations": annotations}, "spec": {"width": width},
    }  # fmt: skip


OPENS = {"status": "Current", "when": {"path": "status.leaf", "equals": "open"}, "reason": "Open"}
JAMS = {"status": "Failed", "when": {"path": "status.leaf", "equals": "jammed"}, "reason": "Jammed", "grace": "0s",
        "message": "the gate is too wide for its hinges"}  # fmt: skip
RULE = {"cases": [JAMS, OPENS]}


class OwnRulesTest(release.ReleaseTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sandbox.kubectl("apply", "-f", "-", stdin=json.dumps(gate_kind()))
        cls.addClassCleanup(sandbox.kubectl, "delete", "crd", f"gates.{GROUP}", "--wait=false")
        sandbox.kubectl("wait", "--for=condition=Established", f"crd/gates.{GROUP}", "--timeout=60s")
        # An established kind still answers 429 until its storage is there.
        sandbox.wait_for("gates to be served", lambda: api.request("GET", f"apis/{GROUP}/v1/gates")[0] == 200)

    @contextlib.contextmanager
    def controller(self):
        """Opens narrow gates and jams in wide ones, and says so in a way of its own."""
        over = threading.Event()
        place = f"apis/{GROUP}/v1/namespaces/{self.namespace}/gates"

        def work():
            while not over.wait(0.1):
                for item in api.items(place):
                    leaf = "jammed" if item["spec"]["width"] > 9 else "open"
                    if item.get("status", {}).get("leaf") != leaf:
                        path = f"{place}/{item['metadata']['name']}/status"
                        api.request("PATCH", path, {"status": {"leaf": leaf}}, "application/merge-patch+json")

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def rules_file(self, name, key, *cases):
        path = self.folder() / name
        path.write_text(json.dumps({key: [{"group": GROUP, "kind": "Gate", "cases": list(cases)}]}))
        return path

    def health(self, *arguments):
        """(exit code, the gate as `health` sees it)."""
        result = self.tool("health", "--release", "demo", "-o", "json", *arguments)
        return result.code, {item["kind"]: item for item in result.json()["objects"]}["Gate"]

    def expect_doomed_and_undone(self, result):
        self.expect(result, 5)
        self.assertRegex(result.stdout.splitlines()[0], "too wide for its hinges", str(result))
        self.assertEqual(self.get(f"gates.{GROUP}", "north")["spec"], {"width": 2}, str(result))

    def test_rules_of_the_configuration(self):
        config = self.rules_file("pipeline.yaml", "health_rules", JAMS, OPENS)
        with self.controller():
            self.expect(self.deploy([gate(2)], "--config", config, "--timeout", LIMIT), 0)
            self.expect_doomed_and_undone(self.deploy([gate(12)], "--config", config, "--timeout", LIMIT))
        code, seen = self.health("--config", config)
        self.assertEqual((code, seen["status"], seen["reason"], seen["rule"]), (0, "Current", "Open", f"user {GROUP}/Gate"))
        self.assertNotIn("user", self.health()[1]["rule"])
        # A file of rules on the command line goes before the configuration.
        closed = self.rules_file("rules.yaml", "rules", {"status": "Failed", "when": {"path": "status.leaf", "equals": "open"}})
        code, seen = self.health("--config", config, "--rules", closed)
        self.assertEqual((code, seen["status"], seen["message"]), (1, "Failed", "status.leaf is open"))

    def test_the_rule_of_an_annotation(self):
        note = {"instantexec.dev/health-rule": json.dumps(RULE)}
        with self.controller():
            self.expect(self.deploy([gate(2, **note)], "--timeout", LIMIT), 0)
            self.expect_doomed_and_undone(self.deploy([gate(12, **note)], "--timeout", LIMIT))
        # The object's own rule goes before every other one.
        other = self.rules_file("rules.yaml", "rules", {"status": "Suspended", "when": {"path": "status.leaf", "exists": True}})
        code, seen = self.health("--rules", other)
        self.assertEqual((code, seen["status"], seen["reason"]), (0, "Current", "Open"))


if __name__ == "__main__":
    sandbox.main()
