#!/usr/bin/env python3
# ctest: timeout=600
"""Deploy, change, break, roll back, prune: the namespace is what was asked for, or exactly what it was."""

import datetime
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402


class DeployTest(release.ReleaseTestCase):
    def test_deploys_and_waits_until_healthy(self):
        manifests = release.small_release()
        result = self.expect(self.deploy(manifests), 0)
        self.assertIn("deployment.apps/web", result.stdout)
        self.assertEqual(self.get("deployment", "web")["status"]["readyReplicas"], 2)
        self.assert_diff_clean(manifests)

    def test_objects_are_ours_by_server_side_apply(self):
        self.expect(self.deploy(release.small_release()), 0)
        for kind in ("configmap/settings", "deployment/web", "service/web", "serviceaccount/web"):
            item = self.kubectl("get", kind, "-o", "json", "--show-managed-fields").json()
            ours = [entry for entry in item["metadata"]["managedFields"] if entry["manager"] == release.FIELD_MANAGER]
            self.assertEqual([entry["operation"] for entry in ours], ["Apply"], kind)
            self.assertEqual(item["metadata"]["labels"]["instantexec.dev/release"], "demo")

    def test_a_second_time_there_is_nothing_to_do(self):
        manifests = release.small_release()
        self.expect(self.deploy(manifests), 0)
        before = release.versions(self.namespace)
        again = self.expect(self.deploy(manifests), 0)
        self.assertRegex(again.stdout.lower(), "nothing to do")
        self.assertEqual(release.versions(self.namespace), before)

    def test_only_what_changed_is_written(self):
        self.expect(self.deploy(release.small_release()), 0)
        before = release.versions(self.namespace)
        self.expect(self.deploy(release.small_release(message="bye")), 0)
        after = release.versions(self.namespace)
        self.assertEqual({key for key in before if before[key] != after[key]}, {"ConfigMap/settings"})
        self.assertEqual(self.get("configmap", "settings")["data"], {"message": "bye"})

    def test_files_and_folders(self):
        folder = self.folder()
        (folder / "below").mkdir()
        (folder / "a.yaml").write_text(release.stream([release.config_map("a", k="1"), release.config_map("b", k="1")]))
        (folder / "below" / "c.json").write_text(json.dumps(release.config_map("c", k="1")))
        extra = self.folder() / "d.yml"
        extra.write_text(release.stream([release.config_map("d", k="1")]))
        self.expect(self.tool("deploy", "--release", "demo", "-f", folder, "-f", extra), 0)
        names = {item["metadata"]["name"] for item in self.get("configmaps")} - {"kube-root-ca.crt"}
        self.assertEqual(names, {"a", "b", "c", "d"})

    def test_dry_run_writes_nothing(self):
        manifests = release.small_release()
        for mode in ("--dry-run", "--dry-run=client", "--dry-run=server"):
            with self.subTest(mode):
                before = self.snapshot()
                self.expect(self.deploy(manifests, mode), 0)
                self.assert_unchanged(before, self.snapshot())
        self.expect(self.deploy(manifests), 0)
        before = self.snapshot()
        self.expect(self.deploy(release.small_release(image=release.NEXT_IMAGE), "--dry-run=server"), 0)
        self.assert_unchanged(before, self.snapshot())

    def test_environment_of_the_users_document(self):
        manifests = release.stream(release.small_release())
        before = self.snapshot()
        env = {"SYNERGYMESH_NAMESPACE": self.namespace, "SYNERGYMESH_DRY_RUN": "true"}
        result = self.tool("deploy", "--release", "demo", "-f", "-", stdin=manifests, namespaced=False, env=env)
        self.expect(result, 0)
        self.assert_unchanged(before, self.snapshot())
        env = {"SYNERGYMESH_NAMESPACE": self.namespace, "SYNERGYMESH_LOG_LEVEL": "DEBUG"}
        result = self.tool("deploy", "--release", "demo", "-f", "-", stdin=manifests, namespaced=False, env=env)
        self.expect(result, 0)
        self.assertEqual(self.get("deployment", "web")["status"]["readyReplicas"], 2)

    def test_plan_says_what_deploy_does(self):
        manifests = release.small_release()
        before = self.snapshot()
        plan = self.tool("plan", "--release", "demo", "-f", "-", stdin=release.stream(manifests))
        self.expect(plan, 0)
        for name in ("deployment.apps/web", "configmap/settings", "service/web", "serviceaccount/web"):
            self.assertIn(name, plan.stdout)
        self.assert_unchanged(before, self.snapshot())
        self.expect(self.deploy(manifests), 0)
        again = self.tool("plan", "--release", "demo", "-f", "-", "--detailed-exitcode", stdin=release.stream(manifests))
        self.expect(again, 0)
        changed = release.stream(release.small_release(message="bye"))
        again = self.tool("plan", "--release", "demo", "-f", "-", "--detailed-exitcode", stdin=changed)
        self.expect(again, 10)


class SavedPlanTest(release.ReleaseTestCase):
    def plan(self, manifests):
        file = self.folder() / "change.plan"
        stdin = release.stream(manifests)
        self.expect(self.tool("plan", "--release", "demo", "-f", "-", "--out", file, stdin=stdin), 0)
        return file

    def execute(self, file):
        return self.tool("deploy", "--release", "demo", "--plan", file)

    def test_exactly_what_was_planned_is_executed(self):
        self.expect(self.deploy([*release.small_release(), release.config_map("old", k="1")], "--prune"), 0)
        before = self.snapshot()
        wanted = release.small_release(image=release.NEXT_IMAGE, message="bye")
        file = self.plan(wanted)
        self.assert_unchanged(before, self.snapshot())
        self.expect(self.execute(file), 0)
        self.assert_diff_clean(wanted)
        self.assert_error(self.execute(file), 3, r"plan\.drifted")  # it was for the revision before

    def test_it_is_refused_with_what_drifted(self):
        self.expect(self.deploy(release.small_release()), 0)
        file = self.plan([*release.small_release(message="bye"), release.config_map("new", k="1")])
        self.kubectl("patch", "configmap", "settings", "-p", json.dumps({"data": {"theirs": "1"}}))
        self.kubectl("create", "configmap", "new", "--from-literal=k=theirs")
        before = self.snapshot()
        result = self.execute(file)
        self.assert_error(result, 3, r"plan\.drifted")
        for line in (rf"ConfigMap {self.namespace}/settings changed since it was planned", rf"ConfigMap {self.namespace}/new "):
            self.assertIn(line, result.stderr)
        self.assert_unchanged(before, self.snapshot())


class FailureTest(release.ReleaseTestCase):
    def test_a_broken_image_is_undone(self):
        manifests = release.small_release()
        self.expect(self.deploy(manifests), 0)
        before = release.plain_snapshot(self.namespace)
        broken = release.small_release(image=release.BROKEN_IMAGE, message="bye") + [release.config_map("new", k="v")]
        result = self.expect(self.deploy(broken), 5)
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))
        self.assertEqual(self.get("deployment", "web")["status"]["readyReplicas"], 2)
        self.assert_diff_clean(manifests)
        told = result.stdout + result.stderr
        self.assertIn("deployment.apps/web", told)
        self.assertIn(release.BROKEN_IMAGE, told)
        # And the release goes on from there.
        self.expect(self.deploy(release.small_release(message="bye")), 0)

    def test_it_does_not_wait_for_what_cannot_come(self):
        result = self.deploy([release.deployment("web", release.BROKEN_IMAGE)], "--timeout", "5m")
        self.expect(result, 5)
        self.assertLess(result.seconds, 60)

    def test_a_broken_first_release_leaves_nothing(self):
        before = release.plain_snapshot(self.namespace)
        self.expect(self.deploy(release.small_release(image=release.BROKEN_IMAGE)), 5)
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))

    def test_rollback_can_be_switched_off(self):
        self.expect(self.deploy(release.small_release()), 0)
        result = self.deploy(release.small_release(image=release.BROKEN_IMAGE), "--no-rollback", "--timeout", "60s")
        self.assertNotIn(result.code, (0, 5), str(result))
        image = self.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"]
        self.assertEqual(image, release.BROKEN_IMAGE)

    def test_a_timeout_is_a_failure(self):
        slow = release.deployment("web", **{"instantexec.dev/fault": "never-ready"})
        result = self.expect(self.deploy([slow], "--timeout", "5s"), 5)
        self.assertEqual(self.kubectl("get", "deployment", "web", check=False).code, 1, str(result))

    def test_what_the_server_refuses_is_found_before_the_first_write(self):
        before = self.snapshot()
        wrong = release.deployment("web")
        wrong["spec"]["template"]["metadata"]["labels"] = {"app": "other"}  # the selector does not match
        result = self.deploy([release.config_map("first", k="v"), wrong])
        self.expect(result, 3)
        self.assertIn("web", result.stdout + result.stderr)
        self.assert_unchanged(before, self.snapshot())

    def test_a_warning_of_the_server_stops_a_run_that_is_to_heed_them(self):
        old = release.deployment("web")
        profile = {"container.apparmor.security.beta.kubernetes.io/app": "runtime/default"}
        old["spec"]["template"]["metadata"]["annotations"] = profile
        before = self.snapshot()
        result = self.expect(self.deploy([old], "--warnings-as-errors"), 3)
        self.assertIn("deprecated since v1.30", result.stdout + result.stderr)
        self.assert_unchanged(before, self.snapshot())
        result = self.expect(self.deploy([old]), 0)
        self.assertIn("deprecated since v1.30", result.stdout + result.stderr)

    def test_fields_of_others_are_not_taken(self):
        self.kubectl("create", "configmap", "settings", "--from-literal=message=theirs")
        before = self.snapshot()
        result = self.deploy(release.small_release())
        self.assertIn(result.code, (3, 4), str(result))
        self.assertIn("settings", result.stdout + result.stderr)
        self.assert_unchanged(before, self.snapshot())


class RollbackTest(release.ReleaseTestCase):
    def test_back_to_the_revision_before(self):
        first, second = release.small_release(), release.small_release(image=release.NEXT_IMAGE, message="bye")
        second.append(release.config_map("extra", k="v"))
        self.expect(self.deploy(first), 0)
        before = release.plain_snapshot(self.namespace)
        self.expect(self.deploy(second), 0)
        self.assert_diff_clean(second)
        self.expect(self.tool("rollback", "--release", "demo", "--yes", "--prune"), 0)
        self.assert_diff_clean(first)
        after = release.plain_snapshot(self.namespace)
        self.assertEqual(after.keys(), before.keys())
        for key, item in before.items():
            self.assertEqual(after[key]["metadata"]["uid"], item["metadata"]["uid"], key)
            self.assertEqual(after[key].get("spec"), item.get("spec"), key)
            self.assertEqual(after[key].get("data"), item.get("data"), key)
        # A rollback is a revision too; going back from it gives the second again.
        self.expect(self.tool("rollback", "2", "--release", "demo", "--yes"), 0)
        self.assert_diff_clean(second)

    def test_a_revision_that_does_not_exist(self):
        self.expect(self.deploy(release.small_release()), 0)
        before = self.snapshot()
        self.assert_error(self.tool("rollback", "7", "--release", "demo", "--yes"), 2, r"revision\.not-found")
        self.assert_error(self.tool("rollback", "--release", "other", "--yes"), 2, r"release\.not-found")
        self.assert_unchanged(before, self.snapshot())

    def test_dry_run(self):
        self.expect(self.deploy(release.small_release()), 0)
        self.expect(self.deploy(release.small_release(message="bye")), 0)
        before = self.snapshot()
        self.expect(self.tool("rollback", "--release", "demo", "--dry-run=server"), 0)
        self.assert_unchanged(before, self.snapshot())

    def test_recover_with_nothing_to_recover(self):
        self.expect(self.deploy(release.small_release()), 0)
        before = self.snapshot()
        self.expect(self.tool("recover", "--release", "demo"), 0)
        self.assert_unchanged(before, self.snapshot())


class PruneTest(release.ReleaseTestCase):
    def names(self):
        return {item["metadata"]["name"] for item in self.get("configmaps")} - {"kube-root-ca.crt"}

    def test_only_when_asked_and_only_its_own(self):
        self.kubectl("create", "configmap", "foreign")
        both = [release.config_map("a", k="1"), release.config_map("b", k="1")]
        self.expect(self.deploy(both), 0)
        self.expect(self.deploy(both[:1], "--prune=false"), 0)
        self.assertEqual(self.names(), {"a", "b", "foreign"})
        self.expect(self.deploy(both[:1], "--prune"), 0)
        self.assertEqual(self.names(), {"a", "foreign"})
        self.assert_diff_clean(both[:1])

    def test_nothing_is_pruned_by_a_release_that_fails(self):
        self.expect(self.deploy([release.config_map("a", k="1"), release.config_map("b", k="1")]), 0)
        before = release.plain_snapshot(self.namespace)
        self.expect(self.deploy([release.config_map("a", k="1"), release.deployment("web", release.BROKEN_IMAGE)],
                                "--prune"), 5)  # fmt: skip
        self.assert_unchanged(before, release.plain_snapshot(self.namespace))

    def test_an_object_marked_to_be_kept_stays(self):
        keep = release.config_map("b", k="1")
        keep["metadata"]["annotations"] = {"instantexec.dev/keep": "true"}
        self.expect(self.deploy([release.config_map("a", k="1"), keep]), 0)
        self.expect(self.deploy([release.config_map("a", k="1")], "--prune"), 0)
        self.assertEqual(self.names(), {"a", "b"})


class RecordsTest(release.ReleaseTestCase):
    def test_history_and_status(self):
        empty = self.tool("history", "--release", "demo")
        self.assertIn(empty.code, (0, 2), str(empty))
        self.expect(self.deploy(release.small_release()), 0)
        self.expect(self.deploy(release.small_release(image=release.BROKEN_IMAGE)), 5)
        self.expect(self.deploy(release.small_release(message="bye")), 0)
        history = self.expect(self.tool("history", "--release", "demo"), 0)
        self.assertIn("deployed", history.stdout)
        self.assertIn("rolled_back", history.stdout)
        revisions = self.expect(self.tool("history", "--release", "demo", "-o", "json"), 0).json()
        text = json.dumps(revisions)
        self.assertIn('"superseded"', text)
        status = self.expect(self.tool("status", "--release", "demo"), 0)
        self.assertIn("deployment.apps/web", status.stdout)
        for verb in ("status", "history"):
            json.loads(self.expect(self.tool(verb, "--release", "demo", "-o", "json"), 0).stdout)
        for arguments in (("rollback",), ("recover",), ("status", "--server", "https://127.0.0.1:1")):
            report = json.loads(self.tool(*arguments, "--release", "demo", "-o", "json").stdout)
            self.assertLess(abs(time.time() - datetime.datetime.fromisoformat(report["started_at"]).timestamp()), 600)

    def test_reading_writes_nothing(self):
        self.expect(self.deploy(release.small_release()), 0)
        before = self.snapshot()
        for verb in ("status", "history", "baseline"):
            self.tool(verb, "--release", "demo")
        self.assert_unchanged(before, self.snapshot())

    def test_two_releases_share_a_namespace(self):
        self.expect(self.deploy([release.config_map("a", k="1")]), 0)
        other = release.stream([release.config_map("b", k="1")])
        self.expect(self.tool("deploy", "--release", "other", "-f", "-", "--prune", stdin=other), 0)
        names = {item["metadata"]["name"] for item in self.get("configmaps")}
        self.assertLessEqual({"a", "b"}, names)

    def test_secret_values_are_in_no_output(self):
        canary = "canary-6f1e0c"
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": canary}}
        outputs = [self.deploy([secret, release.config_map("a", k="1")], "-v=8")]
        secret["stringData"]["password"] = canary + "2"
        for verb in ("plan", "deploy"):
            outputs.append(self.tool(verb, "--release", "demo", "-f", "-", "-o", "json", stdin=release.stream([secret])))
        outputs.append(self.tool("history", "--release", "demo", "-o", "json"))
        for result in outputs:
            self.assertNotIn(canary, result.stdout + result.stderr, result.command)
        # No metadata shows it either: annotations are not treated as secret by anybody.
        for item in self.get("secrets"):
            self.assertNotIn(canary, json.dumps(item["metadata"]))


if __name__ == "__main__":
    sandbox.main()
