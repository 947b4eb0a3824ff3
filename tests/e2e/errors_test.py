#!/usr/bin/env python3
# ctest: timeout=600
"""Whatever goes wrong: a clear error with its code and the next step, the right exit code, and nothing written."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402

MANIFESTS = release.stream([release.config_map("settings", message="hello")])


class ClusterErrorsTest(release.ReleaseTestCase):
    """The cluster, and the way to it."""

    def attempt(self, *arguments, **options):
        before = self.snapshot()
        result = self.tool("deploy", "--release", "demo", "-f", "-", *arguments, stdin=MANIFESTS, **options)
        self.assert_unchanged(before, self.snapshot())
        return result

    def changed_kubeconfig(self, change):
        """The administrator's kubeconfig after change(text)."""
        file = self.folder() / "kubeconfig"
        file.write_text(change(sandbox.kubeconfig().read_text()))
        return file

    def test_invalid_kubeconfig(self):
        rows = {
            "no YAML": "apiVersion: [v1\n",
            "no kubeconfig": "apiVersion: v1\nkind: ConfigMap\n",
            "bytes": "\x00\x01\x02",
            "a context without a cluster": "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
            "contexts: [{name: a, context: {cluster: none, user: none}}]\n",
        }
        for name, text in rows.items():
            with self.subTest(name):
                file = self.folder() / "kubeconfig"
                file.write_text(text)
                result = self.attempt(config=file)
                self.assertIn(result.code, (2, 7), str(result))
                self.assert_error(result, result.code, r"kubeconfig\.[a-z-]+")
                self.assertLess(result.seconds, 30)

    def test_kubeconfig_that_is_not_there(self):
        self.assert_error(self.attempt("--kubeconfig", "/no/such/kubeconfig"), 2, r"kubeconfig\.file-missing")

    def test_context_that_is_not_there(self):
        self.assert_error(self.attempt("--context", "nowhere"), 2, r"kubeconfig\.context-missing")

    def test_no_kubeconfig_at_all(self):
        empty = self.folder()
        result = self.tool("deploy", "--release", "demo", "-f", "-", stdin=MANIFESTS, config=empty / "none",
                           env={"HOME": empty})  # fmt: skip
        self.assert_error(result, 7, r"kubeconfig\.no-cluster")

    def test_dead_server(self):
        with socket.socket() as listener:  # bound but not listening: connections are refused
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            dead = self.changed_kubeconfig(lambda text: re.sub(r"https://127\.0\.0\.1:\d+", f"https://127.0.0.1:{port}", text))
            result = self.attempt(config=dead)
        self.assert_error(result, 7, r"net\.connect")
        self.assertIn(f"127.0.0.1:{port}", result.stderr)
        self.assertLess(result.seconds, 60)

    def test_silent_server(self):
        with socket.socket() as listener:  # accepts and never answers
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            silent = self.changed_kubeconfig(
                lambda text: re.sub(r"https://127\.0\.0\.1:\d+", f"https://127.0.0.1:{port}", text))
            result = self.attempt("--request-timeout", "2s", config=silent)
        self.assert_error(result, 7)
        self.assertLess(result.seconds, 60)

    def test_expired_client_certificate(self):
        result = self.attempt(config=sandbox.kubeconfig().parent / "kubeconfig-expired")
        self.assert_error(result, 7)
        self.assertRegex(result.stderr, r"client certificate\) ended at \d{4}-\d\d-\d\dT")

    def test_forbidden(self):
        result = self.attempt(config=sandbox.kubeconfig().parent / "kubeconfig-viewer")
        self.assert_error(result, 7)
        self.assertRegex(result.stderr.lower(), "forbidden|not allowed|cannot")

    def test_namespace_that_is_not_there(self):
        missing = "no-such-namespace"
        result = self.tool("deploy", "--release", "demo", "-f", "-", "-n", missing, stdin=MANIFESTS, namespaced=False)
        self.assertNotEqual(result.code, 0, str(result))
        self.assertIn(missing, result.stdout + result.stderr)
        self.assertEqual(sandbox.kubectl("get", "namespace", missing, check=False).code, 1)


class ManifestErrorsTest(release.ReleaseTestCase):
    """The manifests."""

    def attempt(self, text, code):
        before = self.snapshot()
        result = self.tool("deploy", "--release", "demo", "-f", "-", stdin=text)
        self.expect(result, code)
        self.assert_unchanged(before, self.snapshot())
        return result.stdout + result.stderr

    def test_unknown_kind(self):
        unknown = {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}}
        told = self.attempt(MANIFESTS + release.stream([unknown]), 3)
        self.assertIn("Widget", told)

    def test_unknown_field(self):
        wrong = release.deployment("web")
        wrong["spec"]["replica"] = 2
        told = self.attempt(release.stream([wrong]), 3)
        self.assertIn("replica", told)

    def test_one_name_twice(self):
        told = self.attempt(MANIFESTS + MANIFESTS, 3)
        self.assertIn("settings", told)

    def test_no_name(self):
        nameless = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}
        self.attempt(release.stream([nameless]), 3)

    def test_bomb(self):
        # Nine levels of nine aliases: 3.4e8 nodes if they were followed.
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
        before = self.snapshot()
        result = self.tool("deploy", "--release", "demo", "-f", "-", stdin="\n".join(lines) + "\n", timeout=60)
        self.assertIn(result.code, (2, 3), str(result))
        self.assertIn("aliases expand to more than the bound", result.stdout + result.stderr)
        self.assertLess(result.seconds, 30)
        self.assert_unchanged(before, self.snapshot())

    def test_deep_nesting(self):
        result = self.tool("deploy", "--release", "demo", "-f", "-", stdin="[" * 20000, timeout=60)
        self.assertIn(result.code, (2, 3), str(result))
        self.assertLess(result.seconds, 30)

    def test_syntax_error_has_its_place(self):
        file = self.folder() / "broken.yaml"
        file.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n data: {}\n")
        result = self.tool("deploy", "--release", "demo", "-f", file)
        self.assertIn(result.code, (2, 3), str(result))
        self.assertRegex(result.stdout + result.stderr, r"broken\.yaml:\d+")

    def test_nothing_to_read(self):
        for text in ("", "# nothing\n", "---\n---\n"):
            with self.subTest(text):
                result = self.tool("deploy", "--release", "demo", "-f", "-", stdin=text)
                self.assertIn(result.code, (2, 3), str(result))
        self.assert_error(self.tool("deploy", "--release", "demo", "-f", "/no/such/file.yaml"), 2, r"file\.missing")


class CommandLineTest(release.ReleaseTestCase):
    """The command line, and who reads the output."""

    def test_unknown_words(self):
        rows = [["depoly"], ["deploy", "--releas", "x", "-f", "-"], ["deploy", "-f"], ["deploy", "--timeout", "soon", "-f", "-"],
                ["deploy", "--dry-run=perhaps", "-f", "-"], ["run", "--stage", "4"], ["rollback", "minus-one"]]  # fmt: skip
        for arguments in rows:
            with self.subTest(arguments):
                self.assert_error(self.tool(*arguments), 2)
        self.assertIn("deploy", self.tool("depoly").stderr, "what was meant")

    def test_a_release_name_that_is_none(self):
        result = self.tool("deploy", "--release", "Not A Name", "-f", "-", stdin=MANIFESTS)
        self.assert_error(result, 2, r"release\.name")

    def test_machine_readable_errors(self):
        result = self.tool("status", "--context", "nowhere", "-o", "json")
        self.expect(result, 2)
        self.assertEqual(result.json()["error"]["code"], "kubeconfig.context-missing", str(result))

    def spawn(self, stdout, *arguments):
        command, environment = self._tool(arguments, True, None, None)
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=environment,
                              text=True, timeout=60, check=False)  # fmt: skip

    def test_output_to_a_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self.spawn(full, "status", "-o", "json")
        self.assertNotIn(done.returncode, (0, -6, -11, -13), done.stderr)
        self.assertIn("error:", done.stderr)

    def test_interrupted_before_the_server_has_answered(self):
        """Nothing was written, so the process ends as by the signal; the report says the same."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            server = f"https://127.0.0.1:{silent.getsockname()[1]}"
            for number, verb in ((signal.SIGINT, "status"), (signal.SIGTERM, "deploy")):
                with self.subTest(verb):
                    process = self.spawn_tool(verb, "--release", "demo", "--server", server, "-o", "json")
                    connection, _ = silent.accept()
                    with connection:
                        process.send_signal(number)
                        code = process.wait(timeout=20)
                    self.assertEqual(code, 128 + number, process.stderr.read())
                    self.assertEqual(json.loads(process.stdout.read())["exit_code"], 128 + number)

    def test_reader_that_has_gone(self):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = self.spawn(writing, "help")
        finally:
            os.close(writing)
        self.assertNotIn(done.returncode, (-6, -11), done.stderr)

    def test_reader_that_goes_does_not_stop_a_deployment_half_way(self):
        reading, writing = os.pipe()
        os.close(reading)
        file = self.folder() / "all.yaml"
        file.write_text(release.stream(release.small_release()))
        try:
            done = self.spawn(writing, "deploy", "--release", "demo", "-f", str(file))
        finally:
            os.close(writing)
        self.assertNotIn(done.returncode, (-6, -11, -13), done.stderr)
        # Deployed, or as before; never in between, and nothing to recover.
        status = self.tool("status", "--release", "demo", "-o", "json")
        self.assertNotIn('"unfinished"', status.stdout)
        names = {item["metadata"]["name"] for item in self.get("deployments")}
        if names:
            self.assert_diff_clean(release.small_release())

    def test_report_that_cannot_be_written(self):
        result = self.tool("deploy", "--release", "demo", "-f", "-", "--output", "/no/such/folder/report.json", stdin=MANIFESTS)
        self.assert_error(result, result.code)
        self.assertNotEqual(result.code, 0)
        # Said before anything was done, not after.
        self.assertIn("No release demo", self.tool("status", "--release", "demo").stdout)

    def test_help_and_version(self):
        for arguments in (["help"], ["--help"], ["deploy", "--help"], ["version"], ["explain", "5"],
                          ["explain", "kubeconfig.context-missing"]):  # fmt: skip
            result = self.tool(*arguments, namespaced=False, config="/no/such/file")
            self.expect(result, 0)
            self.assertTrue(result.stdout.strip(), arguments)
        version = self.tool("version", "-o", "json", namespaced=False).json()
        self.assertRegex(json.dumps(version), r"\d+\.\d+\.\d+")


if __name__ == "__main__":
    sandbox.main()
