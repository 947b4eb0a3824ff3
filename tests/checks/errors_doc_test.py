"""docs/errors.md lists every error code, and scripts/check_errors_doc.py notices when it does not."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "scripts" / "check_errors_doc.py"
HEADER = "lib/net/errors.h"

ONE = """
inline constexpr ErrorCode kNew{"net.new", ExitCode::kUnreachable, "Something \\"new\\" "
                                "happened.", "look | again"};
"""


def check(root, *arguments):
    return subprocess.run([sys.executable, CHECKER, root, *arguments], capture_output=True, text=True, check=False)


class ErrorsDocument(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("lib/base/error.h", HEADER, "docs/errors.md"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        self.assertEqual(check(self.root, "--write").returncode, 0)
        self.document = self.root / "docs" / "errors.md"

    def test_this_repository(self):
        done = check(ROOT)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_every_declaration_is_read(self):
        declared = sum(path.read_text().count("inline constexpr ErrorCode k") for path in (ROOT / "lib").rglob("*.h"))
        rows = sum(line.startswith("| `") for line in (ROOT / "docs" / "errors.md").read_text().splitlines())
        self.assertGreater(rows, 40)
        self.assertGreaterEqual(declared, rows)

    def add(self, text):
        with (self.root / HEADER).open("a") as header:
            header.write(text)

    def test_a_new_code_is_missed_and_written(self):
        self.add(ONE)
        done = check(self.root)
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing: | `net.new` | 7 |", done.stdout)
        self.assertEqual(check(self.root, "--write").returncode, 0)
        self.assertIn('| `net.new` | 7 | Something "new" happened. | look \\| again |\n', self.document.read_text())
        self.assertEqual(check(self.root).returncode, 0)

    def test_writing_keeps_the_text_around(self):
        before = self.document.read_text()
        check(self.root, "--write")
        self.assertEqual(self.document.read_text(), before)

    def test_faults(self):
        rows = {
            "cannot read": 'inline constexpr ErrorCode kX{kName, ExitCode::kUsage, "A.", ""};\n',
            "declared twice": 'inline constexpr ErrorCode kX{"net.resolve", ExitCode::kUsage, "A.", ""};\n',
            "lower-case words": 'inline constexpr ErrorCode kX{"Net.x", ExitCode::kUsage, "A.", ""};\n',
            "full stop": 'inline constexpr ErrorCode kX{"net.x", ExitCode::kUsage, "A", ""};\n',
        }
        original = (self.root / HEADER).read_text()
        for words, text in rows.items():
            with self.subTest(words):
                (self.root / HEADER).write_text(original + text)
                done = check(self.root)
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stdout)

    def test_a_code_that_is_gone(self):
        self.document.write_text(self.document.read_text().replace("<!-- end -->", "| `a.b` | 1 | Old. |  |\n<!-- end -->"))
        done = check(self.root)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such code: | `a.b`", done.stdout)


if __name__ == "__main__":
    unittest.main()
