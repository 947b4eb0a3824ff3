#!/usr/bin/env python3
# ctest: timeout=900
# ctest: nightly
"""A finalizer that nobody serves, on what a failed run has created: the undo waits for minutes, says what is left, and strips nothing.

e2e.actors has finalizers that are served in the end, and what a prune makes of one.
"""

import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import actors  # noqa: E402
import faults  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402

FINALIZERS = ["example.org/never"]


class FinalizersTest(sandbox.ClusterTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        faults.program()  # built once, before many want it

    def test_nobody_serves_it(self):
        with concurrent.futures.ThreadPoolExecutor(len(actors.VERBS)) as pool:
            problems = [problem for problem in pool.map(self.one, actors.VERBS) if problem]
        self.assertEqual(problems, [], "\n\n".join(problems))

    def one(self, verb):
        """What is wrong with how the verb ended, or nothing."""
        try:
            with actors.Play(verb) as play:
                self.play(play)
        except Exception as problem:  # one verb must not hide the others
            return f"{verb}: {type(problem).__name__}: {problem}"
        return ""

    @staticmethod
    def play(play):
        created, theirs = actors.CREATES.get(play.verb, "extra"), {}
        play.image = release.BROKEN_IMAGE if play.verb == "deploy" else play.image
        play.begin()
        if play.verb != "recover":
            play.hold(actors.WEB_WRITTEN if play.verb == "deploy" else actors.WRITE_WEB)
        play.edit("configmaps", created, {"metadata": {"finalizers": FINALIZERS}})
        if play.verb == "rollback":  # this fails it
            theirs = {"Deployment/web": play.edit("deployments.apps", "web", {"metadata": {"labels": {"theirs": "yes"}}})}
        result = play.run() if play.verb == "recover" else play.go_on()
        left = play.one("configmaps", created)
        play.expect_before(result, 6, {f"ConfigMap/{created}": left, **theirs})
        play.expect_differences(result, f"{created}: its deletion is pending")
        play.expect_state(result, FINALIZERS, left["metadata"]["finalizers"])
        if "deletionTimestamp" not in left["metadata"]:
            raise AssertionError(f"it was not deleted: {result}")
        play.edit("configmaps", created, {"metadata": {"finalizers": []}})
        play.expect_before(play.tool("recover"), (0, 5), theirs)


if __name__ == "__main__":
    sandbox.main()
