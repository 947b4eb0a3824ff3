"""scripts/deps/apt.sh turns the machine's apt sources, in either format, into source entries of the same release."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = "trixie(-updates|-security|/updates)?"

# name, input, expected output
ONE_LINE = [
    ("plain", "deb http://archive/debian trixie main\n", "deb-src http://archive/debian trixie main\n"),
    ("options and several components",
     "deb [arch=amd64 signed-by=/k.gpg] https://archive/debian trixie-updates main contrib\n",
     "deb-src [arch=amd64 signed-by=/k.gpg] https://archive/debian trixie-updates main contrib\n"),
    ("restricted comes first", "deb http://archive/ubuntu trixie restricted main\n",
     "deb-src http://archive/ubuntu trixie restricted main\n"),
    ("disabled", "# deb http://archive/debian trixie main\n", ""),
    ("another release", "deb http://archive/debian sid main\n", ""),
    ("backports", "deb http://archive/debian trixie-backports main\n", ""),
    ("a vendor's archive", "deb https://vendor/apt trixie stable\n", ""),
    ("already a source entry", "deb-src http://archive/debian trixie main\n", ""),
]

DEB822 = [
    ("one stanza",
     "Types: deb\nURIs: http://archive/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /k.gpg\n",
     "Types: deb-src\nSuites: trixie trixie-updates\nURIs: http://archive/debian\nComponents: main\n"
     "Signed-By: /k.gpg\n\n"),
    ("backports are dropped from the suites",
     "Types: deb deb-src\nURIs: http://a\nSuites: trixie trixie-backports\nComponents: main universe\n",
     "Types: deb-src\nSuites: trixie\nURIs: http://a\nComponents: main universe\n\n"),
    ("two stanzas, comments, one disabled",
     "# first\nEnabled: no\nTypes: deb\nURIs: http://a\nSuites: trixie\nComponents: main\n\n"
     "Types: deb\n# inside\nURIs: http://b\nSuites: trixie-security\nComponents: main\n",
     "Types: deb-src\nSuites: trixie-security\nURIs: http://b\nComponents: main\n\n"),
    ("an inline key keeps its lines",
     "Types: deb\nURIs: http://a\nSuites: trixie\nComponents: main\nSigned-By:\n BEGIN\n .\n END\n",
     "Types: deb-src\nSuites: trixie\nURIs: http://a\nComponents: main\nSigned-By:\n BEGIN\n .\n END\n\n"),
    ("field names in any case", "types: deb\nuris: http://a\nsuites: trixie\ncomponents: main\n",
     "Types: deb-src\nSuites: trixie\nuris: http://a\ncomponents: main\n\n"),
    ("a vendor's archive", "Types: deb\nURIs: http://v\nSuites: trixie\nComponents: stable\n", ""),
]


class DependencySources(unittest.TestCase):
    def convert(self, function, content):
        with tempfile.NamedTemporaryFile("w", suffix=".sources") as file:
            file.write(content)
            file.flush()
            script = f'source scripts/deps/apt.sh; {function} "$1" "$2"'
            return subprocess.run(["bash", "-euc", script, "_", SUITE, file.name], cwd=ROOT, capture_output=True,
                                  text=True, check=True).stdout

    def test_one_line_format(self):
        for name, content, expected in ONE_LINE:
            with self.subTest(name):
                self.assertEqual(expected, self.convert("one_line_sources", content))

    def test_deb822_format(self):
        for name, content, expected in DEB822:
            with self.subTest(name):
                self.assertEqual(expected, self.convert("deb822_sources", content))


if __name__ == "__main__":
    unittest.main()
