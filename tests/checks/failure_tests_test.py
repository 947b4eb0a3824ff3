"""docs/architecture/failure-tests.md: forty rows, each with tests, and every test it names exists."""

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


class FailureTests(unittest.TestCase):
    def test_all_forty_rows_are_there(self):
        self.assertEqual([int(row[0]) for row in rows()], list(range(1, 41)))

    def test_every_row_has_tests_that_exist(self):
        for number, what, _, _, tests in rows():
            named = REFERENCE.findall(tests)
            self.assertEqual(not named, int(number) in UNTESTED, f"row {number}, {what}: no test")
            for file, name in named:
                self.assertTrue(exists(file, name), f"row {number}, {what}: {file} has no {name}")

    def test_a_name_that_is_wrong_is_noticed(self):
        self.assertTrue(exists("lock_test.cc", "Lock.TwoClientsNeverWriteTogether"))
        self.assertFalse(exists("lock_test.cc", "Lock.TwoClients"))
        self.assertFalse(exists("faults_test.py", "lost before it was"))
        self.assertFalse(exists("simulation", "lives_from_2"))


if __name__ == "__main__":
    unittest.main()
