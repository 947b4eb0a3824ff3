"""lib/cli/finding_catalog.cc, what `explain` knows of findings, has every id that lib/ gives them and no other."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOG = "lib/cli/finding_catalog.cc"

# Files in which a finding takes the name of an error code for its id -> those codes, or the header that declares them.
FROM_CODES = {
    "lib/engine/payload.cc": ["record.too-large"],
    "lib/engine/planner.cc": ["access.missing"],
    "lib/manifest/tree_builder.cc": "lib/manifest/errors.h",
}

WORD = r"[a-z]+(?:-[a-z]+)*"
ID = rf"{WORD}\.{WORD}"
LITERAL = re.compile(rf'"({ID})"')
FILE_NAME = re.compile(r"\.(?:json|txt|ya?ml)$")
TOKEN = re.compile(r"""//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\])'""")
CODE = re.compile(rf'\bErrorCode k\w+\{{\s*"({ID})"')
FROM_CODE = re.compile(r'\brule = [^;"]*\b(?:code|k[A-Z]\w*)(?:->|\.)name;')
# `finding.rule = "…"`, a row of a table of rules, and evidence of a risk.
GIVEN = [rf'\brule = "({ID})"', rf'\b(?:Rule|KindRow)\{{\s*"({ID})"', rf'\bitems\.push_back\(\s*\{{\s*"({ID})"']
# A function or lambda that is given the id: one of its parameters is `std::string rule` or `std::string_view rule`.
MAKER = re.compile(r"\b(\w+)(?: = \[[^\]]*\])?\((?:[^(){};]*[\s,])?std::string(?:_view)? rule\b")
# A reason of a decision that rests on no finding: {text, "risk"}.
REASON = re.compile(rf'\breasons\.push_back\(\s*\{{[^;]*?,\s*"({WORD})"\}}\);')


def without_comments(text):
    return TOKEN.sub(lambda match: "" if match[0].startswith("//") else match[0], text)


def sources():
    paths = sorted(path for path in (ROOT / "lib").rglob("*") if path.suffix in (".cc", ".h"))
    texts = {str(path.relative_to(ROOT)): without_comments(path.read_text(encoding="utf-8")) for path in paths}
    texts.pop(CATALOG)
    return texts


def given_at(file, texts):
    """Ids that stand where a finding gets its id. Makers of a header are those of every file in its folder."""
    folder = file.rpartition("/")[0]
    near = [name for name in texts if name == file or name.endswith(".h") and name.rpartition("/")[0] == folder]
    makers = {maker for name in near for maker in MAKER.findall(texts[name])}
    calls = [rf'\b{maker}\([^";]*"({ID})"' for maker in sorted(makers)]
    return {found for pattern in GIVEN + calls for found in re.findall(pattern, texts[file])}


def codes_of(text):
    return set(CODE.findall(text))


def ids(texts):
    """Ids of all findings: those given, and whatever else has the first word of one and is no error code."""
    given = {found for file in texts for found in given_at(file, texts)}
    families = {found.partition(".")[0] for found in given}
    codes = {code for text in texts.values() for code in codes_of(text)}
    literals = {found for text in texts.values() for found in LITERAL.findall(text) if not FILE_NAME.search(found)}
    reasons = {found for text in texts.values() for found in REASON.findall(text)}
    return given | reasons | {found for found in literals - codes if found.partition(".")[0] in families}


def ids_from_codes(texts):
    return {
        code for codes in FROM_CODES.values() for code in (codes_of(texts[codes]) if isinstance(codes, str) else codes)
    }  # fmt: skip


def catalogued():
    return re.findall(r'\bFindingRow\{\s*"([^"]+)"', (ROOT / CATALOG).read_text(encoding="utf-8"))


class FindingCatalog(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = sources()

    def test_every_finding_is_in_the_catalogue_and_nothing_else(self):
        found, listed = ids(self.texts) | ids_from_codes(self.texts), set(catalogued())
        self.assertGreater(len(found), 100)
        self.assertEqual(sorted(found - listed), [], f"not in {CATALOG}")
        self.assertEqual(sorted(listed - found), [], f"in {CATALOG}, but nothing has this id")

    def test_the_catalogue_is_sorted_and_names_each_id_once(self):
        self.assertEqual(catalogued(), sorted(set(catalogued())))

    def test_findings_named_after_error_codes_are_known_here(self):
        self.assertEqual(sorted(name for name, text in self.texts.items() if FROM_CODE.search(text)), sorted(FROM_CODES))
        codes = {code for text in self.texts.values() for code in codes_of(text)}
        self.assertLessEqual(ids_from_codes(self.texts), codes)

    def test_the_ways_to_give_an_id_are_seen(self):
        rows = {
            'finding.rule = "a.b-c";': {"a.b-c"},
            'Rule{"a.b", Severity::kError, check}': {"a.b"},
            'KindRow{\n    "a.b", 0.2}': {"a.b"},
            'items.push_back({"a.b", text, 0.1});': {"a.b"},
            'reasons.push_back(\n    {format("x, {}", y),\n     "a"});': {"a"},
            'Finding about(const Object& o, std::string rule, int x);\nreturn about(o, "a.b", 1);': {"a.b"},
            'const auto add = [&](std::string_view rule, int x) {};\nadd("a.b", 1);': {"a.b"},
            'finding.rule = "a.b";\nreturn bad ? "a.c" : "a.d";': {"a.b", "a.c", "a.d"},
            'ErrorCode kX{"a.b", ExitCode::kUsage};\nfinding.rule = "a.c";': {"a.c"},
            'finding.rule = "a.b";\nread("a.yaml");  // as in "a.c"': {"a.b"},
            'finding.field = "spec.replicas"; if (finding.rule == "a.b") return;': set(),
        }
        for text, expected in rows.items():
            with self.subTest(text):
                self.assertEqual(ids({"lib/x/x.cc": without_comments(text)}), expected)
        declared = {"lib/x/x.h": "void report(std::string_view rule) const;", "lib/x/x.cc": 'sink.report("a.b");'}
        self.assertEqual(ids(declared), {"a.b"})


if __name__ == "__main__":
    unittest.main()
