#!/usr/bin/env python3
"""The sandbox itself: comes up, runs a Deployment, plays every fault, refuses what it must, and leaves nothing behind."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import sandbox  # noqa: E402

FAULT = "instantexec.dev/fault"


def script(*arguments, **options):
    return sandbox.run([sandbox.SCRIPT, *arguments], timeout=1800, **options)


def pod(name, fault=None, *, image="registry.example/app:1", restart="Always", init=(), **notes):
    """A pod with two containers, `app` and `sidecar`; the notes are annotations without their prefix."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {FAULT: fault} if fault else {},
            "annotations": {f"instantexec.dev/{key.replace('_', '-')}": value for key, value in notes.items()},
        },
        "spec": {
            "restartPolicy": restart,
            "initContainers": [{"name": name, "image": "registry.example/init:1"} for name in init],
            "containers": [{"name": "app", "image": image}, {"name": "sidecar", "image": "registry.example/side:1"}],
        },
    }


def deployment(name, replicas):
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]},
            },
        },
    }


def setUpModule():
    """One sandbox in a folder of its own for the whole file."""
    global directory
    parent = tempfile.mkdtemp(prefix="instantexec-sandbox-test-")
    unittest.addModuleCleanup(shutil.rmtree, parent, ignore_errors=True)
    directory = pathlib.Path(parent) / "it"
    unittest.addModuleCleanup(script, "down", "--dir", directory)
    up = script("up", "--dir", directory)
    if up.code == sandbox.EXIT_SKIP:
        raise unittest.SkipTest(up.stderr.strip().splitlines()[-1])
    if up.code != 0:
        raise AssertionError(str(up))
    assert up.stdout == f"{directory}/kubeconfig\n", up
    os.environ["INSTANTEXEC_SANDBOX_KUBECONFIG"] = up.stdout.strip()


class FaultTest(sandbox.ClusterTestCase):
    needs_binary = False

    def play(self, manifest, until, timeout=60):
        """Creates the pod and returns its first status for which until(status, app container) is true."""
        name = manifest["metadata"]["name"]
        self.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
        seen = []

        def look():
            status = self.get("pod", name)["status"]
            seen.append(status)
            containers = status.get("containerStatuses")
            return status if containers and until(status, containers[0]) else None

        try:
            return sandbox.wait_for(f"pod {name}", look, timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; last seen: {json.dumps(seen[-1], indent=1)}") from None

    def ready(self, status):
        return {c["type"]: c["status"] for c in status["conditions"]}["Ready"] == "True"

    def waiting(self, container):
        return container["state"].get("waiting", {})

    def test_healthy_pod_is_ready_with_full_statuses(self):
        status = self.play(pod("healthy", init=["prepare"]), lambda status, app: app["ready"])
        self.assertEqual(status["phase"], "Running")
        self.assertTrue(self.ready(status))
        for condition in status["conditions"]:
            self.assertTrue(condition["lastTransitionTime"], condition)
        for container in status["containerStatuses"]:
            self.assertTrue(container["started"])
            self.assertEqual(container["restartCount"], 0)
            self.assertIn("running", container["state"])
            self.assertRegex(container["imageID"], r"^registry\.example/\w+@sha256:[0-9a-f]{64}$")
        self.assertEqual(status["initContainerStatuses"][0]["state"]["terminated"]["exitCode"], 0)
        self.assertTrue(status["podIP"])

    def test_image_not_found(self):
        rows = {
            "by-label": pod("by-label", "image-not-found"),
            "by-registry": pod("by-registry", image="registry.invalid/team/app:1"),
            "by-tag": pod("by-tag", image="registry.example/app:does-not-exist"),
        }
        for name, manifest in rows.items():
            with self.subTest(name):
                status = self.play(manifest, lambda status, app: self.waiting(app).get("reason") == "ErrImagePull")
                app = status["containerStatuses"][0]
                self.assertIn("not found", self.waiting(app)["message"])
                self.assertIn(app["image"], self.waiting(app)["message"])
                self.assertEqual(status["phase"], "Pending")
                self.assertFalse(self.ready(status))
                self.assertEqual(status["containerStatuses"][1]["ready"], name != "by-label")

                def backs_off():
                    later = self.waiting(self.get("pod", name)["status"]["containerStatuses"][0])
                    return later if later["reason"] == "ImagePullBackOff" else None

                self.assertNotIn("not found", sandbox.wait_for("ImagePullBackOff", backs_off)["message"])

    def test_pull_backoff_can_recover(self):
        status = self.play(
            pod("flaky", "pull-backoff", recover_after="2s"),
            lambda status, app: self.waiting(app).get("reason") == "ErrImagePull",
        )
        self.assertIn("i/o timeout", self.waiting(status["containerStatuses"][0])["message"])
        self.kubectl("wait", "pod/flaky", "--for=condition=Ready", "--timeout=60s")

    def test_pull_backoff_stays_without_a_recovery(self):
        self.play(
            pod("stuck", "pull-backoff"), lambda status, app: self.waiting(app).get("reason") == "ImagePullBackOff"
        )
        time.sleep(1.5)  # nothing to await: the point is that nothing happens
        status = self.get("pod", "stuck")["status"]
        self.assertEqual(self.waiting(status["containerStatuses"][0])["reason"], "ImagePullBackOff")

    def test_config_error(self):
        status = self.play(
            pod("config", "config-error"),
            lambda status, app: self.waiting(app).get("reason") == "CreateContainerConfigError",
        )
        self.assertEqual(status["phase"], "Pending")

    def test_crash_loop(self):
        rows = {
            "crash-label": (pod("crash-label", "crash-loop", exit_code="127", fault_container="app"), 127),
            "crash-image": (pod("crash-image", image="registry.example/app:crash"), 1),
        }
        for name, (manifest, code) in rows.items():
            with self.subTest(name):
                status = self.play(
                    manifest, lambda status, app: app["restartCount"] >= 2 and self.waiting(app).get("reason")
                )
                app, sidecar = status["containerStatuses"]
                self.assertEqual(self.waiting(app)["reason"], "CrashLoopBackOff")
                self.assertEqual(app["lastState"]["terminated"]["exitCode"], code)
                self.assertEqual(app["lastState"]["terminated"]["reason"], "Error")
                self.assertFalse(self.ready(status))
                self.assertTrue(sidecar["ready"])
                self.assertEqual(sidecar["restartCount"], 0)

    def test_crash_without_restart_fails_the_pod(self):
        status = self.play(
            pod("once", "crash-loop", restart="Never", exit_code="3"), lambda status, app: status["phase"] == "Failed"
        )
        self.assertEqual(status["containerStatuses"][0]["state"]["terminated"]["exitCode"], 3)

    def test_oom(self):
        status = self.play(pod("oom", "oom"), lambda status, app: app["restartCount"] >= 1 and self.waiting(app))
        last = status["containerStatuses"][0]["lastState"]["terminated"]
        self.assertEqual((last["reason"], last["exitCode"]), ("OOMKilled", 137))

    def test_never_ready(self):
        self.play(pod("deaf", "never-ready"), lambda status, app: "running" in app["state"])

        def unhealthy():
            return [e for e in self.get("events") if e["reason"] == "Unhealthy" and e["involvedObject"]["name"] == "deaf"]

        self.assertIn("Readiness probe failed", sandbox.wait_for("the event", unhealthy)[0]["message"])
        status = self.get("pod", "deaf")["status"]
        self.assertEqual(status["phase"], "Running")
        self.assertFalse(self.ready(status))

    def test_slow_start(self):
        begin = time.monotonic()
        status = self.play(pod("slow", "slow-start", ready_after="5s"), lambda status, app: "running" in app["state"])
        self.assertFalse(self.ready(status))
        self.kubectl("wait", "pod/slow", "--for=condition=Ready", "--timeout=60s")
        self.assertGreater(time.monotonic() - begin, 4)

    def test_ready_then_lost(self):
        status = self.play(pod("fleeting", "ready-then-lost", ready_for="5s"), lambda status, app: app["ready"])
        self.assertTrue(self.ready(status))
        self.kubectl("wait", "pod/fleeting", "--for=condition=Ready=false", "--timeout=60s")
        self.assertEqual(self.get("pod", "fleeting")["status"]["phase"], "Running")

    def test_init_failure(self):
        def crashed(status, _):
            init = status["initContainerStatuses"][0]
            return init["restartCount"] >= 1 and self.waiting(init)

        status = self.play(pod("init", "init-failure", init=["migrate", "second"]), crashed)
        first, second = status["initContainerStatuses"]
        self.assertEqual(self.waiting(first)["reason"], "CrashLoopBackOff")
        self.assertEqual(first["lastState"]["terminated"]["exitCode"], 1)
        self.assertEqual(self.waiting(second)["reason"], "PodInitializing")
        self.assertEqual(self.waiting(status["containerStatuses"][0])["reason"], "PodInitializing")
        self.assertEqual(status["phase"], "Pending")

    def test_init_failure_without_restart_fails_the_pod(self):
        status = self.play(
            pod("init-once", "init-failure", restart="Never", init=["migrate"]),
            lambda status, app: status["phase"] == "Failed",
        )
        self.assertEqual(status["initContainerStatuses"][0]["state"]["terminated"]["exitCode"], 1)

    def test_job_completes_and_a_crashing_one_fails(self):
        for name, fault, condition in (("good", None, "Complete"), ("bad", "crash-loop", "Failed")):
            template = pod(name, fault, restart="Never")
            job = {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": name},
                "spec": {"backoffLimit": 0, "template": {k: template[k] for k in ("metadata", "spec")}},
            }
            del job["spec"]["template"]["metadata"]["name"]
            with self.subTest(name):
                self.kubectl("create", "-f", "-", stdin=json.dumps(job))
                self.kubectl("wait", f"job/{name}", f"--for=condition={condition}", "--timeout=60s")


class ControlPlaneTest(sandbox.ClusterTestCase):
    needs_binary = False

    def test_deployment_becomes_available(self):
        self.kubectl("apply", "-f", "-", stdin=json.dumps(deployment("web", 3)))
        self.kubectl("wait", "deployment/web", "--for=condition=Available", "--timeout=60s")
        pods = self.get("pods")
        self.assertEqual(len(pods), 3)
        self.assertEqual(len({p["spec"]["nodeName"] for p in pods}), 3, "spread over the nodes")
        self.assertEqual(len({p["status"]["podIP"] for p in pods}), 3)
        self.assertIn("canned log", self.kubectl("logs", pods[0]["metadata"]["name"]).stdout)
        self.kubectl("delete", "deployment/web", "--timeout=60s")
        sandbox.wait_for("the pods to go", lambda: not self.get("pods"))

    def test_identities(self):
        for name, text in (("viewer", "Forbidden"), ("expired", "Unauthorized")):
            with self.subTest(name):
                answer = self.kubectl("get", "pods", config=directory / f"kubeconfig-{name}", check=False)
                self.assertEqual(answer.code, 1)
                self.assertIn(text, answer.stderr + answer.stdout)

    def test_snapshot_sees_a_change_and_only_that(self):
        self.kubectl("apply", "-f", "-", stdin=json.dumps(deployment("web", 1)))
        self.kubectl("wait", "deployment/web", "--for=condition=Available", "--timeout=60s")
        before = self.snapshot()
        self.assertIn("Deployment/web", before)
        self.kubectl("scale", "deployment/web", "--replicas=2")
        self.assertIn("Deployment/web['spec']['replicas']: 1 -> 2", sandbox.differences(before, self.snapshot()))
        self.kubectl("delete", "deployment/web")
        self.kubectl("apply", "-f", "-", stdin=json.dumps(deployment("web", 1)))
        lines = sandbox.differences(before, self.snapshot())
        self.assertTrue(any("uid" in line for line in lines), "an object made anew is not the same object")
        self.assertEqual(sandbox.differences(before, before), [])

    def test_a_component_can_fail_and_return(self):
        self.assertEqual(script("stop", "etcd", "--dir", directory).code, 0)
        self.assertEqual(script("status", "--dir", directory).code, 3)
        self.assertEqual(script("start", "etcd", "--dir", directory).code, 0)
        sandbox.wait_for("the API server", lambda: script("status", "--dir", directory).code == 0)
        self.kubectl("get", "pods")


class CommandTest(unittest.TestCase):
    def test_up_again_changes_nothing(self):
        before = script("status", "--dir", directory)
        self.assertEqual(before.code, 0, before)
        again = script("up", "--dir", directory)
        self.assertEqual((again.code, again.stdout), (0, f"{directory}/kubeconfig\n"), again)
        self.assertEqual(script("status", "--dir", directory).stdout, before.stdout)

    def test_up_leaves_a_foreign_folder_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "mine").write_text("precious")
            up = script("up", "--dir", folder)
            self.assertEqual((up.code, up.stdout), (1, ""), up)
            self.assertIn("not a sandbox", up.stderr)
            self.assertEqual(script("down", "--dir", folder).code, 0)
            self.assertEqual(os.listdir(folder), ["mine"])

    def test_status_and_down_without_a_sandbox(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(script("status", "--dir", f"{folder}/none").code, 3)
            self.assertEqual(script("down", "--dir", f"{folder}/none").code, 0)

    def test_unknown_words_are_usage_errors(self):
        for words in (["fly"], ["up", "--fast"], ["up", "etcd"], ["stop"], ["stop", "nginx"], ["up", "--dir"]):
            with self.subTest(words=words):
                self.assertEqual(script(*words).code, 2)

    def test_skips_without_go_and_assets(self):
        """An empty cache, no assets and no usable Go: exit code 77 and one line that says so."""
        with tempfile.TemporaryDirectory() as folder:
            tools = pathlib.Path(folder) / "bin"
            tools.mkdir()
            for name in os.listdir("/usr/bin"):
                if name not in ("go", "gofmt"):
                    (tools / name).symlink_to(f"/usr/bin/{name}")
            (tools / "python3").unlink(missing_ok=True)
            (tools / "python3").symlink_to(sys.executable)
            env = sandbox.clean_environment(PATH=str(tools), XDG_CACHE_HOME=folder)
            answer = script("up", "--dir", f"{folder}/it", env=env)
            self.assertEqual((answer.code, answer.stdout), (77, ""), answer)
            self.assertEqual(len(answer.stderr.strip().splitlines()), 1, answer)
            self.assertIn("Go >= 1.26", answer.stderr)
            (tools / "go").write_text("#!/bin/sh\necho go1.19.8\n")
            (tools / "go").chmod(0o755)
            answer = script("build", env=env)
            self.assertEqual(answer.code, 77, answer)
            self.assertIn("1.19.8", answer.stderr)

    def test_failed_start_shows_the_log_and_leaves_nothing(self):
        """Programs that end at once: the start fails, says whose log it shows, and cleans up."""
        with tempfile.TemporaryDirectory() as folder:
            assets = pathlib.Path(folder) / "assets"
            assets.mkdir()
            for name in ("etcd", "kube-apiserver"):
                (assets / name).write_text("#!/bin/sh\necho \"$0: cannot work here\"\nexit 1\n")
                (assets / name).chmod(0o755)
            target = pathlib.Path(folder) / "it"
            env = sandbox.clean_environment(PATH=os.environ["PATH"], KUBEBUILDER_ASSETS=str(assets))
            answer = script("up", "--dir", target, env=env)
            self.assertEqual((answer.code, answer.stdout), (1, ""), answer)
            self.assertIn("cannot work here", answer.stderr)
            self.assertFalse(target.exists())

    def test_assets_folder_is_used(self):
        """KUBEBUILDER_ASSETS with etcd, API server and kubectl only: up, and what is missing is said."""
        programs = pathlib.Path((directory / "bin").read_text().strip())
        with tempfile.TemporaryDirectory() as folder:
            assets = pathlib.Path(folder) / "assets"
            assets.mkdir()
            for name in ("etcd", "kube-apiserver", "kubectl"):
                (assets / name).symlink_to(programs / name)
            target = pathlib.Path(folder) / "it"
            env = sandbox.clean_environment(KUBEBUILDER_ASSETS=str(assets))
            try:
                up = script("up", "--dir", target, env=env)
                self.assertEqual(up.code, 0, up)
                self.assertIn("no kube-controller-manager kube-scheduler kwok", up.stderr)
                self.assertIn("kwok: not part of this sandbox", script("status", "--dir", target, env=env).stdout)
                self.assertEqual(script("kubectl-path", env=env).stdout, f"{assets}/kubectl\n")
            finally:
                self.assertEqual(script("down", "--dir", target, env=env).code, 0)

    def test_down_leaves_no_process_and_no_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / "it"
            self.assertEqual(script("up", "--dir", target).code, 0)
            records = {path.name: path.read_text().split()[0] for path in (target / "pids").iterdir()}
            self.assertEqual(len(records), 5, records)
            foreign = subprocess.Popen(["sleep", "60"])  # a record whose number now belongs to someone else
            self.addCleanup(foreign.wait)
            self.addCleanup(foreign.kill)
            etcd = (target / "pids" / "etcd").read_text()
            (target / "pids" / "etcd").write_text(f"{foreign.pid} {etcd.split()[1]}\n")
            self.assertEqual(script("down", "--dir", target).code, 0)
            self.assertIsNone(foreign.poll(), "a process that is not the sandbox's was ended")
            os.kill(int(records.pop("etcd")), 9)  # only this one could not be found any more
            self.assertFalse(target.exists())

            def gone():
                return not [name for name, pid in records.items() if pathlib.Path(f"/proc/{pid}").exists()]

            sandbox.wait_for("the processes to be gone", gone, 5)


if __name__ == "__main__":
    sandbox.main()
