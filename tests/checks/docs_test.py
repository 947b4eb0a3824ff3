"""The documents name what exists: links lead somewhere, and docs/api/ names types and functions of the headers."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")
API = ROOT / "docs" / "api" / "README.md"


def documents():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split() or [str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")]
    return [ROOT / name for name in names]


class Documents(unittest.TestCase):
    def test_links_lead_somewhere(self):
        self.assertTrue(documents())
        for path in documents():
            for target, _ in LINK.findall(path.read_text(encoding="utf-8")):
                if "://" not in target:
                    self.assertTrue((path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target}")

    def test_scripts_named_in_documents_exist(self):
        for path in documents():
            for name in re.findall(r"\bscripts/[\w./-]+\.(?:sh|py)\b", path.read_text(encoding="utf-8")):
                self.assertTrue((ROOT / name).exists(), f"{path.relative_to(ROOT)}: {name}")

    def test_types_and_functions_are_in_their_headers(self):
        rows = [line.strip("| ").split(" | ") for line in API.read_text(encoding="utf-8").splitlines()
                if re.match(r"\| `[A-Z]", line)]  # fmt: skip
        self.assertGreaterEqual(len(rows), 8)
        for named, here, header in rows:
            text = (ROOT / "lib" / header.strip("` ")).read_text(encoding="utf-8")
            kind = here.strip("` ").split("::")[-1]
            self.assertRegex(text, rf"\b(class|struct|enum class) {kind}\b", header)
            for function in re.findall(r"`([a-z_0-9]+)`", named):
                self.assertRegex(text, rf"\b{function}\(", header)

    def test_both_languages_of_the_readme_say_the_same(self):
        english, _, chinese = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## 繁體中文\n")

        def shape(text, heading):
            lines = text.splitlines()
            return {
                "sections": sum(line.startswith(heading) for line in lines),
                "table rows": sum(line.startswith("|") for line in lines),
                "links": {target for target, _ in LINK.findall(text) if target},
            }

        self.assertEqual(shape(english, "## "), shape(chinese, "### "))

    def test_lines_fit(self):
        for path in documents():
            fenced = False
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                fenced ^= line.startswith("```")
                if not fenced and not line.startswith(("|", "    ")):
                    self.assertLessEqual(len(line), 132, f"{path.relative_to(ROOT)}:{number}")


if __name__ == "__main__":
    unittest.main()
