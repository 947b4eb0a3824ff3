"""scripts/run-instant-execution.sh and deploy-baselines.sh ask the program for the right thing, whatever it answers.

A stand-in takes the place of the program: it records how it was called and answers as the test says.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = ROOT / "scripts" / "run-instant-execution.sh"
DEPLOY = ROOT / "scripts" / "k8s" / "deploy-baselines.sh"
CONFIG = ["--config", "config/instant-execution-pipeline.yaml"]

STAND_IN = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps({"arguments": sys.argv[1:], "cwd": os.getcwd(), "tty": sys.stdin.isatty()}) + "\\n")
if sys.argv[1] == "status":
    if {"SYNERGYMESH_DRY_RUN", "INSTANTEXEC_DRY_RUN"} & set(os.environ):
        sys.exit(2)  # as the program does
    code = os.environ.get("STATUS_CODE")
    answer = {"error": {"code": code}} if code else {"context": "kind-demo", "namespace": "x"}
    print(json.dumps(answer, indent=2))
    print("the server said no", file=sys.stderr)
    sys.exit(int(os.environ.get("STATUS_EXIT", 7 if code else 0)))
print("the result")
print("progress", file=sys.stderr)
sys.exit(int(os.environ.get("RUN_EXIT", 0)))
"""


class Scripts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        self.program = self.folder / "stand-in"
        self.program.write_text(STAND_IN)
        self.program.chmod(0o700)

    def call(self, script, *arguments, **environment):
        """Runs the script away from the repository; gives its result and the calls of the program."""
        record = self.folder / "calls"
        record.write_text("")
        keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        done = subprocess.run(
            [script, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            env={**keep, "HOME": str(self.folder), "CALLS": str(record), "INSTANTEXEC_BINARY": str(self.program),
                 **environment})  # fmt: skip
        return done, [json.loads(line) for line in record.read_text().splitlines()]

    def run_arguments(self, *arguments, **environment):
        """The arguments of the last call, which must be `run`, without the parts that are always there."""
        done, calls = self.call(RUN, *arguments, **environment)
        self.assertEqual([call["arguments"][0] for call in calls], ["status", "run"], done.stderr)
        self.assertEqual(calls[1]["cwd"], str(ROOT))
        self.assertEqual(calls[1]["arguments"][1:3], CONFIG)
        return calls[1]["arguments"][3:]

    def test_with_a_cluster(self):
        done, calls = self.call(RUN)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "the result\n", "progress is on stderr")
        self.assertIn("context kind-demo, namespace synergymesh-system", done.stderr)
        self.assertEqual(calls[1]["arguments"], ["run", *CONFIG, "--namespace", "synergymesh-system"])

    def test_without_a_cluster_it_says_so_and_simulates(self):
        done, calls = self.call(RUN, STATUS_CODE="kubeconfig.no-cluster")
        self.assertEqual(done.returncode, 0)
        said = [line for line in done.stderr.splitlines() if "no cluster" in line]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertIn("simulated", said[0])
        self.assertNotIn("the server said no", done.stderr)
        self.assertEqual(calls[1]["arguments"][-1], "--simulate")

    def test_a_configured_cluster_is_simulated_only_where_nobody_relies_on_it(self):
        configured = {"KUBECONFIG": str(self.folder / "config"), "STATUS_CODE": "net.connect"}
        self.assertIn("--simulate", self.run_arguments(**configured))
        self.assertIn("--simulate", self.run_arguments(CI="true", STATUS_CODE="kubeconfig.no-cluster"))
        for arguments, environment in ((["--yes"], {}), ([], {"CI": "true"})):
            done, calls = self.call(RUN, *arguments, **configured, **environment)
            self.assertEqual(done.returncode, 7)
            self.assertIn("the server said no", done.stderr)
            self.assertNotIn("run", [call["arguments"][0] for call in calls])

    def test_other_answers_are_left_to_the_run(self):
        for code in ("0", "2", "8", "9"):
            self.assertNotIn("--simulate", self.run_arguments(STATUS_EXIT=code))
        # A cluster that is there and refuses is no reason to call a simulation a success.
        for code in ("kube.unauthorized", "kube.forbidden", "net.tls-certificate-expired", "auth.exec-failed"):
            done, calls = self.call(RUN, STATUS_CODE=code, KUBECONFIG="config")
            self.assertNotIn("--simulate", calls[-1]["arguments"], code)
            self.assertNotIn("cluster: context", done.stderr, code)

    def test_a_dry_run_looks_at_the_cluster_all_the_same(self):
        done, calls = self.call(RUN, SYNERGYMESH_DRY_RUN="true")
        self.assertIn("context kind-demo", done.stderr)
        self.assertEqual(calls[-1]["arguments"][0], "run")

    def test_the_exit_code_is_the_program_s(self):
        for code in (0, 3, 4, 5, 6, 7, 8, 9, 130):
            self.assertEqual(self.call(RUN, RUN_EXIT=str(code))[0].returncode, code)

    def test_options(self):
        rows = [
            ([], {}, ["--namespace", "synergymesh-system"]),
            ([], {"SYNERGYMESH_NAMESPACE": "team"}, ["--namespace", "team", "-f", "build/baselines/team"]),
            (["--namespace", "own"], {"SYNERGYMESH_NAMESPACE": "team"}, ["--namespace", "own", "-f", "build/baselines/own"]),
            (["--namespace=own"], {}, ["--namespace", "own", "-f", "build/baselines/own"]),
            (["--stage", "1,2"], {}, ["--namespace", "synergymesh-system", "--stage", "1,2"]),
            (["--dry-run"], {}, ["--namespace", "synergymesh-system", "--dry-run"]),
            (["--yes"], {}, ["--namespace", "synergymesh-system", "--yes"]),
            (["--output", "r.json"], {}, ["--namespace", "synergymesh-system", "--output", str(self.folder / "r.json")]),
            (["--output=/tmp/r.json"], {}, ["--namespace", "synergymesh-system", "--output", "/tmp/r.json"]),
            (["--", "--max-risk", "a b"], {}, ["--namespace", "synergymesh-system", "--max-risk", "a b"]),
        ]  # fmt: skip
        for arguments, environment, expected in rows:
            with self.subTest(arguments=arguments, environment=environment):
                self.assertEqual(self.run_arguments(*arguments, **environment), expected)

    def test_the_cluster_looked_for_is_the_one_of_the_run(self):
        flags = ["--context", "prod", "--kubeconfig=k", "-s", "https://a", "--insecure-skip-tls-verify"]
        done, calls = self.call(RUN, "--", *flags[:3], "--max-risk", "50", *flags[3:])
        self.assertEqual(calls[0]["arguments"], ["status", "--namespace", "synergymesh-system", *flags, "-o", "json"])
        for environment in ({"CI": "true"}, {}):
            # Who names a cluster does not mean the one in memory.
            done, calls = self.call(RUN, "--", *flags, STATUS_CODE="net.connect", **environment)
            self.assertEqual(done.returncode, 7, done.stderr)
            self.assertNotIn("run", [call["arguments"][0] for call in calls])

    def test_wrong_usage(self):
        for arguments in (["--frobnicate"], ["--namespace"], ["--output"], ["extra"], ["--namespace", ""],
                          ["--namespace="], ["--stage", ""], ["--stage="], ["--output="]):  # fmt: skip
            done, calls = self.call(RUN, *arguments)
            self.assertEqual((done.returncode, calls), (2, []), done.stderr)
        for arguments in (["--namespace", ""], ["--namespace="], ["--output="]):
            done, calls = self.call(DEPLOY, *arguments)
            self.assertEqual((done.returncode, calls), (2, []), done.stderr)

    def test_help(self):
        for script in (RUN, DEPLOY):
            done, calls = self.call(script, "--help")
            self.assertEqual((done.returncode, calls), (0, []))
            self.assertTrue(done.stdout.startswith("Usage: scripts/"))

    def test_a_program_that_is_not_there(self):
        done, _ = self.call(RUN, INSTANTEXEC_BINARY="/no/such/program")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/no/such/program", done.stderr)

    def test_deploy_baselines(self):
        done, calls = self.call(DEPLOY, "--namespace", "own", "--dry-run", "--timeout", "1m", RUN_EXIT="5")
        self.assertEqual(done.returncode, 5)
        self.assertEqual(calls[0]["cwd"], str(ROOT))
        self.assertEqual(calls[0]["arguments"], ["deploy", "--namespace", "own", "-f", "build/baselines/own", "--dry-run",
                                                 "--timeout", "1m"])  # fmt: skip
        _, calls = self.call(DEPLOY, SYNERGYMESH_NAMESPACE="team")
        self.assertEqual(calls[0]["arguments"], ["deploy", "--namespace", "team", "-f", "build/baselines/team"])
        self.assertNotIn("synergymesh-system", "".join(f.read_text() for f in (ROOT / "build/baselines/team").iterdir()))
        _, calls = self.call(DEPLOY)
        self.assertEqual(calls[0]["arguments"], ["deploy", "--namespace", "synergymesh-system", "-f", "config/baselines"])
        done, calls = self.call(DEPLOY, "--namespace", "../x")
        self.assertEqual((done.returncode, calls), (2, []), done.stderr)


if __name__ == "__main__":
    unittest.main()
