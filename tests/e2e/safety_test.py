#!/usr/bin/env python3
# ctest: timeout=300
"""What is left for people after a failure, and what is checked before the first write."""

import base64
import json
import pathlib
import signal
import stat
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import faults  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402

CANARY = "canary-93b1-of-a-secret"


def secret(name, value):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"password": value}}


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


class EvidenceTest(release.ReleaseTestCase):
    def broken(self):
        web = release.deployment("web", release.BROKEN_IMAGE)
        env = [{"name": "DB_PASSWORD", "value": CANARY + "-literal"}, {"name": "MODE", "value": "fast"}]
        web["spec"]["template"]["spec"]["containers"][0]["env"] = env
        return [secret("login", CANARY), release.config_map("settings", url=f"db://me:{CANARY}@db"), web]

    def test_a_failure_leaves_evidence_without_secrets(self):
        folder = self.folder()
        report = folder / "report.json"
        result = self.expect(self.deploy(self.broken(), "--evidence", folder / "evidence", "--output", report), 5)
        bundle = pathlib.Path(json.loads(report.read_text())["deployment"]["evidence"])
        self.assertEqual(bundle.parent, folder / "evidence")
        self.assertEqual(mode(bundle), 0o700)
        self.assertIn(str(bundle), result.stdout + result.stderr)
        files = {path.relative_to(bundle).as_posix(): path for path in bundle.rglob("*") if path.is_file()}
        self.assertLessEqual({"summary.txt", "objects.json", "children.json", "events.json"}, set(files))
        self.assertIn(release.BROKEN_IMAGE, files["summary.txt"].read_text())
        kinds = {item["kind"] for item in json.loads(files["objects.json"].read_text())["items"]}
        self.assertEqual(kinds, {"Secret", "ConfigMap", "Deployment"})
        self.assertIn("Pod", {item["kind"] for item in json.loads(files["children.json"].read_text())["items"]})
        everything = "".join(path.read_text() for path in files.values()) + report.read_text() + result.stdout + result.stderr
        for form in (CANARY, base64.b64encode(CANARY.encode()).decode(), CANARY.encode().hex()):
            self.assertNotIn(form, everything)
        self.assertIn('"fast"', everything)
        self.assertEqual({mode(path) for path in files.values()}, {0o600})

    def test_it_can_be_left_out_and_cannot_be_in_the_way(self):
        result = self.expect(self.deploy([release.deployment("web", release.BROKEN_IMAGE)], "--evidence", "off"), 5)
        self.assertNotRegex(result.stdout, r"(?m)^  evidence:")
        in_the_way = self.folder() / "file"
        in_the_way.write_text("")
        result = self.expect(self.deploy([release.deployment("web", release.BROKEN_IMAGE)], "--evidence", in_the_way), 5)
        self.assertIn("evidence was not stored", result.stdout + result.stderr)


class StateFileTest(release.ReleaseTestCase):
    def test_a_run_that_loses_the_api_server_says_how_to_go_on(self):
        self.expect(self.deploy(release.small_release()), 0)
        before = release.plain_snapshot(self.namespace)
        state = self.folder()
        env = {"INSTANTEXEC_STATE_DIR": state}
        changed = self.folder() / "changed.yaml"
        changed.write_text(release.stream(release.small_release(message="bye", image=release.NEXT_IMAGE)))
        with faults.Proxy(self.folder()) as proxy:
            proxy.rules({"methods": ["PATCH"], "not": "dryRun", "from": 2, "action": "stop-before"})
            process = self.spawn_tool("deploy", "--release", "demo", "-f", changed, config=proxy.kubeconfig, env=env)
            self.assertIsNotNone(proxy.event("stopped", 60))
            proxy.process.kill()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 9, out + err)
        self.assertRegex(out + err, r"next: kubectl instantexec recover -n \S+ --release demo")
        notes = list((state / "unfinished").iterdir())
        self.assertEqual(len(notes), 1, out + err)
        self.assertEqual((mode(notes[0]), mode(notes[0].parent)), (0o600, 0o700))
        note = json.loads(notes[0].read_text())
        self.assertEqual((note["release"], note["namespace"], note["phase"]), ("demo", self.namespace, "applying"))
        self.assertIn("recover", note["recover"])
        # The server can still not be reached, and status knows of it.
        status = self.tool("status", "--release", "demo", config=proxy.kubeconfig, env=env)
        self.expect(status, 7)
        self.assertIn(str(notes[0]), status.stdout + status.stderr)
        # Another machine knows nothing of the file.
        self.expect(self.tool("recover", "--release", "demo", timeout=180), 0)
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))


class AccessTest(release.ReleaseTestCase):
    """The role that is printed is enough, and not more than enough."""

    def account(self):
        """A kubeconfig for a new service account that may do nothing yet."""
        self.kubectl("create", "serviceaccount", "ci")
        token = self.kubectl("create", "token", "ci", "--duration=1h").stdout.strip()
        view = sandbox.kubectl("config", "view", "--raw", "--flatten", "--minify", "-o", "json").json()
        view["users"] = [{"name": "ci", "user": {"token": token}}]
        view["contexts"][0]["context"]["user"] = "ci"
        path = self.folder() / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(json.dumps(view))
        return path

    def release(self, **options):
        return release.small_release(**options) + [secret("login", "x")]

    def test_exactly_the_printed_role(self):
        config = self.account()
        refused = self.deploy(self.release(), config=config)
        self.assert_error(refused, 7, r"access\.missing|cluster\.")
        manifests = release.stream(self.release())
        printed = self.tool("rbac", "--release", "demo", "-f", "-", "--service-account", "ci", stdin=manifests)
        self.expect(printed, 0)
        offline = self.tool("rbac", "--release", "demo", "-f", "-", "--service-account", "ci", "--dry-run=client", stdin=manifests)
        self.assertEqual(self.expect(offline, 0).stdout, printed.stdout)
        self.assertIn("may do more in namespace " + self.namespace + " than the release needs: * *.*", printed.stderr)
        self.assertNotIn("may do more", offline.stderr)
        self.kubectl("apply", "-f", "-", stdin=printed.stdout)
        self.assertNotIn("ClusterRole", printed.stdout)
        self.assertNotIn("*", printed.stdout)

        def allowed():
            return self.kubectl("auth", "can-i", "create", "deployments.apps", config=config, check=False).code == 0

        sandbox.wait_for("the role to count", allowed)
        self.expect(self.deploy(self.release(), config=config), 0)
        own = self.expect(self.tool("rbac", "--release", "demo", config=config), 0)
        self.assertNotIn("may do more", own.stderr)
        before = release.plain_snapshot(self.namespace)
        broken = self.release(image=release.BROKEN_IMAGE, message="bye") + [release.config_map("new", k="v")]
        result = self.expect(self.deploy(broken, "--drill", config=config), 5)
        self.assertRegex(result.stdout, r"tried without storing anything: (\d+) writes, \1 accepted")
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))
        changed = self.release(message="bye")[1:]
        self.expect(self.deploy(changed, config=config), 0)
        self.expect(self.tool("rollback", "--release", "demo", "--dry-run=server", config=config), 0)
        self.expect(self.tool("rollback", "--release", "demo", config=config), 0)
        self.assert_diff_clean(self.release())

        self.without("delete", "configmaps")
        before = release.plain_snapshot(self.namespace)
        more = self.release(message="more") + [release.config_map("new", k="v")]
        refused = self.deploy(more, config=config)
        self.assert_error(refused, 7, r"access\.missing")
        self.assertIn(f"system:serviceaccount:{self.namespace}:ci is not allowed to delete configmaps", refused.stderr)
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))

    def without(self, verb, resource):
        """Takes one right out of the role."""
        role = self.get("role", "instantexec-demo")
        rules = []
        for rule in role["rules"]:
            rest = [name for name in rule["resources"] if name != resource]
            if rest:
                rules.append({**rule, "resources": rest})
            if resource in rule["resources"]:
                rules.append({**rule, "resources": [resource], "verbs": [word for word in rule["verbs"] if word != verb]})
        role["rules"] = rules
        self.kubectl("replace", "-f", "-", stdin=json.dumps(role))


if __name__ == "__main__":
    sandbox.main()
