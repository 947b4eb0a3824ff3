#!/usr/bin/env python3
# ctest: timeout=1500
"""Requests that go wrong: lost before or after they count, cut off, answered late, by somebody else, or with nonsense.

Whatever happens, the run ends with the release deployed, or the namespace is as before, at once or after `recover`. Where the
tool can know better than to give up, it has to.
"""

import concurrent.futures
import dataclasses
import itertools
import pathlib
import queue
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import kills  # noqa: E402
import sandbox  # noqa: E402

AT_ONCE = 24

# What a request is, by method and path. The numbers of what goes wrong are in docs/architecture/failure-tests.md.
DISCOVERY = {"methods": ["GET"], "path": r"^/apis?(\?|$)"}
RECORD = {"methods": ["GET"], "path": r"/secrets/instantexec"}
READ = {"methods": ["GET"], "path": r"/configmaps/settings"}
LIST = {"methods": ["GET"], "path": r"/pods\?limit"}
TRIAL = {"methods": ["PATCH"], "path": r"dryRun=All"}
LOCK = {"methods": ["POST", "PUT"], "path": r"/leases"}
CHUNK = {"methods": ["POST"], "path": r"/secrets"}
HEAD = {"methods": ["PUT"], "path": r"/secrets/instantexec"}
APPLY = {"methods": ["PATCH"], "path": r"/(configmaps|deployments|serviceaccounts)/", "not": "dryRun"}
PRUNE = {"methods": ["DELETE"], "path": r"/configmaps/"}
WATCH = {"methods": ["WATCH"]}
ALL = {"not": "watch=true"}

HTML = {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html><title>Sign in</title></html>"}
ROUTER = {"status": 404, "headers": {"Content-Type": "text/plain"}, "body": "404 page not found"}
REDIRECT = {"status": 302, "headers": {"Location": "https://127.0.0.1:1/elsewhere"}}
BUSY = {"status": 429, "headers": {"Retry-After": "1"}, "body": "too many"}
TIMEOUT = {"status": 504, "body": "gateway timeout"}
EXPIRED = {
    "status": 401, "headers": {"Content-Type": "application/json"},
    "body": '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","message":"Unauthorized","code":401}',
}  # fmt: skip
BROKEN_JSON = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": '{"kind":"ConfigMap","met'}
ETCD = {
    "status": 500, "headers": {"Content-Type": "application/json"},
    "body": '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"etcdserver: leader changed","code":500}',
}  # fmt: skip

DEPLOYED = (0,)
EITHER = (0, 1, 5, 6, 7, 8, 9)


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    verb: str
    request: dict
    fault: dict
    codes: tuple = DEPLOYED

    @property
    def scenario(self):
        if self.verb == "rollback":
            return "rollback"
        return "prune" if self.verb == "deploy" and self.request is PRUNE else "update"

    @property
    def left(self):
        """A deletion that is refused past the commit point is left to the next run. An undo has none."""
        return self.request is PRUNE and self.fault.get("status") == 401 and self.verb != "recover"

    @property
    def rule(self):
        return {**self.request, **self.fault}

    def __str__(self):
        return f"{self.verb}: {self.name}"


WRITES = {"lock": LOCK, "chunk": CHUNK, "head": HEAD, "apply": APPLY, "prune": PRUNE}
READS = {"discovery": DISCOVERY, "record": RECORD, "read": READ, "list": LIST, "trial": TRIAL}
EVERY = {**WRITES, **READS}
# How a verb finds out what there is does not differ from verb to verb, so those requests go wrong for one only. An undo
# writes no chunks.
VERBS = {"deploy": (), "rollback": tuple(READS), "recover": (*READS, "chunk")}


def rows(name, fault, requests, codes=DEPLOYED):
    for verb, left_out in VERBS.items():
        for what, request in requests.items():
            if what not in left_out:
                yield Row(f"{name}: {what}", verb, request, fault, codes)


def each(name, request, fault, codes=DEPLOYED):
    return [Row(name, verb, request, fault, codes) for verb in VERBS]


# What takes longest comes first.
TABLE = [
    *rows("a login page for all that follows", {"action": "answer", "count": -1, **HTML}, EVERY, EITHER),
    *rows("lost before it was sent", {"action": "drop-before"}, EVERY),
    *rows("lost after it counted", {"action": "drop-after"}, EVERY),
    *rows("cut off", {"action": "truncate", "bytes": 20}, EVERY),
    *rows("invalid JSON after it counted", {"action": "replace", **BROKEN_JSON}, EVERY, EITHER),
    *rows("504, done 3 s later", {"action": "late", "seconds": 3}, WRITES, EITHER),
    *rows("504, never done", {"action": "answer", **TIMEOUT}, EVERY),
    *rows("500 of etcd", {"action": "answer", **ETCD}, EVERY),
    *rows("too many requests, twice", {"action": "answer", "count": 2, **BUSY}, EVERY),
    *rows("a login page", {"action": "answer", **HTML}, EVERY, EITHER),
    *rows("a redirect", {"action": "answer", **REDIRECT}, EVERY, EITHER),
    *rows("404 of a router", {"action": "answer", **ROUTER}, EVERY, EITHER),
    *rows("a token that has expired", {"action": "answer", **EXPIRED}, WRITES, EITHER),
    *rows("answered 2 s late", {"action": "delay", "seconds": 2}, EVERY),
    *each("a watch that is cut off at once", WATCH, {"action": "truncate", "bytes": 0, "count": 8}),
    *each("a watch that is cut off within an event", WATCH, {"action": "truncate", "bytes": 700, "count": 8}),
    *each("a watch that is refused", WATCH, {"action": "answer", "status": 403, "body": "no", "count": -1}),
    *each("a watch that is gone", WATCH, {"action": "answer", "status": 410, "body": "gone", "count": 4}),
    *each("a watch that never says anything", WATCH, {"action": "hang", "count": -1}),
    *each("a tenth of all requests lost before", ALL, {"action": "drop-before", "count": -1, "probability": 0.1}, EITHER),
    *each("a tenth of all requests lost after", ALL, {"action": "drop-after", "count": -1, "probability": 0.1}, EITHER),
    *each("a third of all answers 504", ALL, {"action": "replace", "count": -1, "probability": 0.3, **TIMEOUT}, EITHER),
]


class FaultsTest(sandbox.ClusterTestCase):
    """Half of the proxies speak HTTP/2, half only HTTP/1.1, where a broken answer is a broken connection."""

    harnesses = queue.Queue()
    protocols = itertools.cycle(((), ("--http1",)))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scenarios = {scenario.name: scenario for scenario in kills.SCENARIOS}
        harness = kills.Harness()
        cls.after = {name: harness.undisturbed(cls.scenarios[name])[1] for name in ("update", "prune", "rollback")}
        cls.harnesses.put(harness)

    @classmethod
    def tearDownClass(cls):
        while not cls.harnesses.empty():
            cls.harnesses.get_nowait().close()

    def one(self, row):
        """What is wrong with how this row ended, or nothing."""
        try:
            harness = self.harnesses.get_nowait()
        except queue.Empty:
            harness = kills.Harness(*next(self.protocols))
        try:
            scenario, after = self.scenarios[row.scenario], self.after[row.scenario]
            return harness.fault(scenario, row.rule, row.codes, after, recovery=row.verb == "recover", left=row.left)
        except Exception as problem:  # one row must not hide the others
            return f"{type(problem).__name__}: {problem}"
        finally:
            self.harnesses.put(harness)

    def test_table(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            problems = list(pool.map(self.one, TABLE))
        print(f"{len(TABLE)} faults", file=sys.stderr)
        bad = [f"{row}: {problem}" for row, problem in zip(TABLE, problems) if problem]
        self.assertEqual(bad, [], "\n\n".join(bad))


if __name__ == "__main__":
    sandbox.main()
