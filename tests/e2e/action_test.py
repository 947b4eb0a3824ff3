#!/usr/bin/env python3
# ctest: timeout=300
"""The GitHub Action's entry point, with the environment and the files a runner gives it. GitHub is not needed."""

import json
import os
import pathlib
import re
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402

ACTION_NAME = "instantexec-action"
EVENT = {"ref": "refs/heads/main", "before": "0" * 40, "repository": {"default_branch": "main"}}


def outputs_of(text):
    """{name: (value, delimiter)} of a file of outputs, read as the runner reads it."""
    result, lines = {}, iter(text.splitlines())
    for line in lines:
        name, delimiter = line.split("<<", 1)
        value = []
        for line in lines:
            if line == delimiter:
                break
            value.append(line)
        else:
            raise AssertionError(f"{name}: no {delimiter}")
        assert name not in result, f"{name} twice"
        result[name] = ("\n".join(value), delimiter)
    return result


class Commands:
    """Standard output as the runner sees it: which commands it would obey, and what is only text."""

    def __init__(self, stdout):
        self.obeyed, self.text, stopped = [], [], None
        for line in stdout.splitlines():
            command = re.match(r"::([a-z-]+)(?: ([^:]*))?::(.*)$", line)
            if stopped:
                if line == f"::{stopped}::":
                    stopped = None
                else:
                    self.text.append(line)
            elif command and command[1] == "stop-commands":
                stopped = command[3]
                self.token = stopped
            elif command:
                self.obeyed.append((command[1], command[2] or "", command[3]))
            else:
                self.text.append(line)
        self.listening = stopped is None


class ActionTestCase(release.ReleaseTestCase):
    def setUp(self):
        self.runner = self.folder()
        self.entry = self.runner / ACTION_NAME
        self.entry.symlink_to(sandbox.binary().resolve())
        self.workspace = self.runner / "workspace"
        self.workspace.mkdir()
        self.repository = release.Repository(self.workspace)
        (self.runner / "event.json").write_text(json.dumps(EVENT))

    def files(self):
        return {name: self.runner / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_STATE")}

    def environment(self, inputs, state=None):
        for file in self.files().values():
            file.write_text("")
        return sandbox.clean_environment(
            GITHUB_ACTIONS="true", CI="true", GITHUB_EVENT_NAME="push", GITHUB_SHA=self.repository.git("rev-parse", "HEAD"),
            GITHUB_EVENT_PATH=self.runner / "event.json", GITHUB_WORKSPACE=self.workspace, GITHUB_REPOSITORY="o/r",
            GITHUB_RUN_ID="1", RUNNER_TEMP=self.runner, HOME=self.runner, KUBECACHEDIR=self.runner, **self.files(),
            **{f"INPUT_{name.upper().replace(' ', '_')}": value for name, value in inputs.items()},
            **{f"STATE_{name}": value for name, value in (state or {}).items()},
        )  # fmt: skip

    def step(self, state=None, **inputs):
        """One step; underscores in the names of inputs stand for dashes. Every input of action.yml is set, as the
        runner does it."""
        listed = re.findall(r"^  ([a-z-]+):$", (sandbox.ROOT / "action" / "action.yml").read_text().split("\noutputs:")[0],
                            re.MULTILINE)  # fmt: skip
        values = {name: "" for name in listed} | {"command": "run"}
        values |= {name.replace("_", "-"): str(value) for name, value in inputs.items()}
        result = sandbox.run([self.entry], env=self.environment(values, state), cwd=self.workspace)
        self.outputs = outputs_of(self.files()["GITHUB_OUTPUT"].read_text())
        self.summary = self.files()["GITHUB_STEP_SUMMARY"].read_text()
        self.state = {name: value for name, (value, _) in outputs_of(self.files()["GITHUB_STATE"].read_text()).items()}
        self.commands = Commands(result.stdout)
        return result

    def output(self, name):
        return self.outputs[name][0]

    def manifests(self, *manifests):
        """Writes the manifests to a file of the workspace and gives its relative path."""
        (self.workspace / "app.yaml").write_text(release.stream(manifests))
        return "app.yaml"

    def deploy_step(self, *manifests, **inputs):
        return self.step(command="deploy", namespace=self.namespace, release="demo", manifests=self.manifests(*manifests),
                         kubeconfig=sandbox.kubeconfig().read_text(), **inputs)  # fmt: skip


class DeployStepTest(ActionTestCase):
    def test_outputs_of_a_deployment(self):
        result = self.expect(self.deploy_step(*release.small_release(), output="report.json"), 0)
        self.assertEqual(self.output("result"), "deployed", str(result))
        self.assertEqual(self.output("exit-code"), "0")
        self.assertEqual(self.output("changed"), "true")
        self.assertEqual(self.output("release-revision"), "1")
        self.assertEqual(self.output("rolled-back"), "false")
        self.assertRegex(self.output("duration-seconds"), r"^\d+\.\d$")
        self.assertEqual(self.output("report-path"), "report.json")
        json.loads((self.workspace / "report.json").read_text())
        self.assertTrue(self.summary.startswith("## "), self.summary)
        self.assertTrue(self.commands.listening)
        self.expect(self.deploy_step(*release.small_release()), 0)
        self.assertEqual((self.output("result"), self.output("changed")), ("nothing_to_do", "false"))

    def test_delimiters_and_tokens_cannot_be_guessed(self):
        seen = set()
        for _ in range(2):
            self.step(command="version")
            self.step(command="status", namespace=self.namespace, release="demo", kubeconfig=sandbox.kubeconfig())
            tokens = {delimiter for _, delimiter in self.outputs.values()} | {self.commands.token}
            for token in tokens:
                self.assertRegex(token, r"^[0-9a-f]{32,}$")
            self.assertFalse(tokens & seen)
            seen |= tokens

    def test_a_failed_deployment(self):
        self.expect(self.deploy_step(*release.small_release()), 0)
        self.expect(self.deploy_step(*release.small_release(image=release.BROKEN_IMAGE)), 5)
        self.assertEqual((self.output("result"), self.output("rolled-back")), ("rolled_back", "true"))
        self.assertIn(release.BROKEN_IMAGE, self.summary)

    def test_text_of_the_cluster_is_text(self):
        # The image name comes back in events and messages of the cluster.
        evil = "registry.invalid/x:1"
        manifest = release.deployment("web", evil)
        manifest["metadata"]["annotations"] = {"note": "::error::forged\n::set-output name=result::deployed\n## Done"}
        self.expect(self.deploy_step(manifest), 5)
        self.assertFalse([command for command in self.commands.obeyed if "forged" in command[2]])
        self.assertTrue(self.commands.listening)
        self.assertNotRegex(self.summary, r"(?m)^## Done")

    def test_findings_become_annotations(self):
        result = self.deploy_step(release.config_map("a"), release.config_map("a"))
        self.expect(result, 3)
        errors = [command for command in self.commands.obeyed if command[0] == "error"]
        self.assertTrue(errors, str(result))
        self.assertTrue(any("app.yaml" in properties + text for _, properties, text in errors), errors)

    def test_an_unusable_cluster(self):
        result = self.step(command="status", namespace="demo", kubeconfig="apiVersion: v1\nkind: Config\ncurrent-context: x\n")
        self.assertIn(result.code, (2, 7), str(result))
        self.assertEqual(self.output("result"), "error")
        self.assertEqual(self.output("exit-code"), str(result.code))
        self.assertTrue(any(command[0] == "error" for command in self.commands.obeyed), str(result))

    def test_a_wrong_input(self):
        result = self.step(command="destroy")
        self.assertEqual(result.code, 2, str(result))
        self.assertIn("input command", result.stdout + result.stderr)
        self.assertEqual(self.state, {"instantexec_may_leave_work": "false"})

    def test_the_kubeconfig_is_in_no_output_and_in_no_file(self):
        key = re.search(r"client-key-data: *(\S{40})", sandbox.kubeconfig().read_text())[1]
        result = self.deploy_step(release.config_map("a", k="v"), output="report.json")
        self.expect(result, 0)
        self.assertNotIn(key, result.stdout + result.stderr)
        for file in self.runner.rglob("*"):
            if file.is_file() and file.name != ACTION_NAME:
                self.assertNotIn(key.encode(), file.read_bytes(), file)


class PostStepTest(ActionTestCase):
    def test_does_nothing_when_main_cannot_have_left_anything(self):
        self.expect(self.step(command="version"), 0)
        self.assertEqual(self.state, {"instantexec_may_leave_work": "false"})
        self.expect(self.step(state=self.state, command="version"), 0)

    def test_recovers(self):
        self.expect(self.deploy_step(*release.small_release()), 0)
        self.assertEqual(self.state, {"instantexec_may_leave_work": "true"})
        result = self.deploy_step(*release.small_release(), state=self.state)
        self.expect(result, 0)
        self.assertEqual(self.state, {})


class AnalyzeStepTest(ActionTestCase):
    def test_without_credentials(self):
        result = self.step(stage="1,2")
        self.assertIn(result.code, (0, 4), str(result))
        for name in ("decision", "risk-score", "confidence"):
            self.assertTrue(self.output(name), name)
        self.assertEqual(self.state, {"instantexec_may_leave_work": "false"})


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("chroot"), "needs root for chroot")
class ImageTest(ActionTestCase):
    """The root file system of the image, entered as a container would be."""

    def test_runs_with_nothing_else(self):
        linked = sandbox.run(["ldd", sandbox.binary()])
        if "=>" in linked.stdout:
            self.skipTest(f"{sandbox.binary()} needs shared libraries; the image holds the static release")
        rootfs = sandbox.ROOT / "action" / "rootfs"
        kept = rootfs.exists()
        packed = sandbox.run([sandbox.ROOT / "scripts" / "package.sh", "--binary", sandbox.binary(), "--to", self.folder(),
                              "--homepage", "https://forge.example/it", "--image"])  # fmt: skip
        self.expect(packed, 0)
        if not kept:
            self.addCleanup(shutil.rmtree, rootfs)
        # git needs /dev/null, which a container runtime brings; a file will do here.
        self.addCleanup(shutil.rmtree, rootfs / "dev", ignore_errors=True)
        (rootfs / "dev").mkdir()
        (rootfs / "dev" / "null").touch()
        environment = {"PATH": "/usr/local/bin:/usr/bin", "HOME": "/root", "GITHUB_ACTIONS": "true", "INPUT_COMMAND": "version"}
        result = sandbox.run([shutil.which("chroot"), rootfs, "/usr/local/bin/instantexec-action"], env=environment)
        self.expect(result, 0)
        self.assertRegex(result.stdout, r"\d+\.\d+\.\d+")
        self.expect(sandbox.run([shutil.which("chroot"), rootfs, "/usr/bin/git", "--version"], env=environment), 0)
        self.assertFalse((rootfs / "bin" / "sh").exists())


if __name__ == "__main__":
    sandbox.main()
