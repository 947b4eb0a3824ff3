#!/usr/bin/env python3
# ctest: timeout=2400
"""Killed at a request, recovered by somebody else: the namespace is as before, or as the release wanted it; never between.

Each scenario is run once undisturbed to count its requests. Then it is killed at them: before the request is sent, after it
has been committed, and after the answer has come. By default a sample; INSTANTEXEC_KILLS=all takes every one of them.
"""

import collections
import concurrent.futures
import os
import pathlib
import queue
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import kills  # noqa: E402
import sandbox  # noqa: E402

# The next one to take the lock watches it for 30 s first, and may wait for latecomers: most of the time nothing runs.
AT_ONCE = 64
SAMPLE = 520  # single kills of all scenarios together; a few runs end before their request comes
DOUBLE = 24  # kills whose recovery is killed as well
SEED = int(os.environ.get("INSTANTEXEC_SEED") or random.SystemRandom().randrange(1 << 32))


class KillTest(sandbox.ClusterTestCase):
    """One pool of harnesses, each with a proxy of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.harnesses = queue.Queue()
        cls.random = random.Random(SEED)
        print(f"INSTANTEXEC_SEED={SEED}", file=sys.stderr)
        with cls.harness() as harness:
            cls.undisturbed = {scenario.name: harness.undisturbed(scenario) for scenario in kills.SCENARIOS}

    @classmethod
    def tearDownClass(cls):
        while not cls.harnesses.empty():
            cls.harnesses.get_nowait().close()

    class harness:  # noqa: N801
        """A harness that nobody else uses."""

        def __enter__(self):
            try:
                self.mine = KillTest.harnesses.get_nowait()
            except queue.Empty:
                self.mine = kills.Harness()
            return self.mine

        def __exit__(self, *_):
            KillTest.harnesses.put(self.mine)

    def points(self):
        """Every (scenario, boundary, number of the request)."""
        return [
            (scenario, boundary, number)
            for scenario in kills.SCENARIOS
            for number in range(1, self.undisturbed[scenario.name][0] + 1)
            for boundary in kills.BOUNDARIES
        ]

    def one(self, scenario, boundary, number, again):
        try:
            with self.harness() as harness:
                return harness.kill(scenario, boundary, number, self.undisturbed[scenario.name][1], again)
        except Exception as problem:  # one kill must not hide the others
            return kills.Outcome(scenario.name, boundary, number, problem=f"{type(problem).__name__}: {problem}")

    def run_all(self, points):
        """Runs them side by side and fails with all that went wrong; prints how they ended."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(lambda point: self.one(*point), points))
        ends = collections.Counter((outcome.scenario, outcome.end) for outcome in outcomes if outcome.at)
        for (scenario, end), number in sorted(ends.items()):
            print(f"{scenario}: {number} ended as {end}", file=sys.stderr)
        print(f"{sum(ends.values())} killed, {len(outcomes) - sum(ends.values())} ended before", file=sys.stderr)
        problems = [str(outcome) for outcome in outcomes if outcome.problem]
        self.assertEqual(problems, [], f"INSTANTEXEC_SEED={SEED}\n" + "\n\n".join(problems))
        self.assertGreater(sum(ends.values()), len(points) * 3 // 4)

    def test_single_kills(self):
        points = self.points()
        if os.environ.get("INSTANTEXEC_KILLS") != "all":
            points = self.random.sample(points, min(SAMPLE, len(points)))
        self.run_all([(*point, ()) for point in points])

    def test_the_recovery_is_killed_too(self):
        """Once or twice: recovery can be repeated."""
        many = os.environ.get("INSTANTEXEC_KILLS") == "all"
        points = self.random.choices(self.points(), k=DOUBLE * (10 if many else 1))

        def again():
            number = self.random.choice((1, 1, 2))
            return [(self.random.choice(kills.BOUNDARIES), self.random.randint(3, 45)) for _ in range(number)]

        self.run_all([(*point, again()) for point in points])


if __name__ == "__main__":
    sandbox.main()
