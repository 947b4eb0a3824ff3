"""docs/architecture/failure-tests.md: forty rows, each with tests; every test it names exists, and ctest runs what is said to
happen on a server."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "architecture" / "failure-tests.md"
ROW = re.compile(r"\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")
REFERENCE = re.compile(r"`([\w.]+)::([^`]+)`")
# Rows without a test of their own; the document has to say so.
UNTESTED = set()


def rows():
    return [ROW.fullmatch(line).groups() for line in TABLE.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)]


def exists(file, name):
    """Whether a test of that name is in a file of that name below tests/."""
    if file == "simulation":
        text = (ROOT / "tests" / "simulation" / "CMakeLists.txt").read_text(encoding="utf-8")
        family, _, first = name.rpartition("_")
        listed = re.search(r"foreach\(first ([\d ]+)\)\s*instantexec_add_simulation\((\w+)_\$\{first\}", text)
        in_family = listed and listed[2] == family and first in listed[1].split()
        return bool(in_family or re.search(rf"instantexec_add_simulation\({name} ", text))
    for path in (ROOT / "tests").rglob(file):
        text = path.read_text(encoding="utf-8")
        if file.endswith(".cc"):
            suite, _, test = name.partition(".")
            if re.search(rf"TEST(_P|_F)?\({suite}, {test}\)", text):
                return True
        elif re.search(rf"def {re.escape(name)}\(", text) or f'"{name}"' in text:
            return True
    return False


def is_run(file, lists=(ROOT / "tests" / "CMakeLists.txt").read_text(encoding="utf-8")):
    """Whether ctest runs a Python file of that name, every night at least."""
    for path in (ROOT / "tests").rglob(file):
        folder = path.parent.name
        if file.endswith("_test.py") and re.search(rf"^ *instantexec_add_python_tests\({folder}\b", lists, re.MULTILINE):
            return True
        if re.search(rf"^ *add_test\([^)]*/{folder}/{re.escape(file)}", lists, re.MULTILINE):
            return True
    return False


class FailureTests(unittest.TestCase):
    def test_all_forty_rows_are_there(self):
        self.assertEqual([int(row[0]) for row in rows()], list(range(1, 41)))

    def test_every_row_has_tests_that_exist(self):
        for number, what, _, _, tests in rows():
            named = REFERENCE.findall(tests)
            self.assertEqual(not named, int(number) in UNTESTED, f"row {number}, {what}: no test")
            for file, name in named:
                self.assertTrue(exists(file, name), f"row {number}, {what}: {file} has no {name}")

    def test_what_happens_on_a_server_is_run_there(self):
        for number, what, where, _, tests in rows():
            programs = [file for file, _ in REFERENCE.findall(tests) if file.endswith(".py")]
            never = [file for file in programs if not is_run(file)]
            self.assertEqual(never, [], f"row {number}, {what}: ctest does not run this")
            self.assertEqual("server" in where, bool(programs), f"row {number}, {what}: on {where}, by {programs}")

    def test_a_file_that_is_not_run_is_noticed(self):
        lists = (ROOT / "tests" / "CMakeLists.txt").read_text(encoding="utf-8")
        self.assertTrue(is_run("faults_test.py"))
        self.assertTrue(is_run("scale.py"))
        self.assertFalse(is_run("scale.py", lists.replace("bench/scale.py", "bench/bench.py")))
        self.assertFalse(is_run("faults_test.py", lists.replace("add_python_tests(e2e", "add_python_tests(checks")))
        self.assertFalse(is_run("watch_bench.py"))

    def test_a_name_that_is_wrong_is_noticed(self):
        self.assertTrue(exists("lock_test.cc", "Lock.TwoClientsNeverWriteTogether"))
        self.assertFalse(exists("lock_test.cc", "Lock.TwoClients"))
        self.assertFalse(exists("faults_test.py", "lost before it was"))
        self.assertFalse(exists("simulation", "lives_from_2"))


if __name__ == "__main__":
    unittest.main()
