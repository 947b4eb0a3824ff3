#!/usr/bin/env python3
# ctest: timeout=600
"""The namespace is deleted under a run. It ends by itself, calls nothing done, and leaves nothing that stands in the way."""

import concurrent.futures
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import api  # noqa: E402
import kills  # noqa: E402
import sandbox  # noqa: E402

SCENARIOS = {scenario.name: scenario for scenario in kills.SCENARIOS}
VERBS = ("deploy", "rollback", "recover")


class NamespaceTest(sandbox.ClusterTestCase):
    def test_deleted_at_the_first_write(self):
        with concurrent.futures.ThreadPoolExecutor(len(VERBS)) as pool:
            for verb, problem in zip(VERBS, pool.map(self.one, VERBS)):
                with self.subTest(verb):
                    self.assertEqual(problem, "")

    def one(self, verb):
        """What is wrong with how the verb ended, or nothing."""
        harness = kills.Harness()
        try:
            namespace, _, command, stdin = harness.prepare(SCENARIOS["rollback" if verb == "rollback" else "update"])
            if verb == "recover":
                harness.interrupt(command, stdin)
                command, stdin = ["recover", *kills.RELEASE, "-n", namespace], ""
            harness.proxy.rules({"methods": ["PATCH"], "not": "dryRun", "action": "stop-before"})
            pipe, environment = subprocess.PIPE, harness.environment(harness.proxy.kubeconfig)
            process = subprocess.Popen(
                [str(sandbox.binary()), *command], env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True
            )
            process.stdin.write(stdin)
            process.stdin.close()
            process.stdin = None
            if harness.proxy.event("stopped", 60) is None:
                process.kill()
                return f"it came to no write: {process.communicate()[0]}"
            self.delete(namespace)
            harness.proxy.rules()
            harness.proxy.go_on()
            said = process.communicate(timeout=400)[0]
            # 5: it failed before the namespace emptied, and was put back there.
            if process.returncode not in (5, 6, 9):
                return f"it ended with {process.returncode}: {said}"
            if process.returncode != 5 and "kubectl instantexec recover" not in said:
                return f"it does not say what comes next: {said}"
            path = f"api/v1/namespaces/{namespace}"
            sandbox.wait_for("the namespace to be gone", lambda: api.request("GET", path)[0] == 404)
            later = harness.tool("recover", *kills.RELEASE, "-n", namespace)
            return "" if later.code == 0 and "nothing to do" in later.stdout else f"afterwards: {later}"
        finally:
            harness.close()

    @staticmethod
    def delete(namespace):
        path = f"api/v1/namespaces/{namespace}"
        api.delete(path)

        def is_ending():
            status, answer = api.request("GET", path)
            return status == 404 or answer["status"]["phase"] == "Terminating"

        sandbox.wait_for("the namespace to end", is_ending)


if __name__ == "__main__":
    sandbox.main()
