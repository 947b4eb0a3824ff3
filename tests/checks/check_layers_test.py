"""scripts/check_layers.py accepts this tree and names each planted violation by file and line."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "scripts" / "check_layers.py"


def run(root):
    return subprocess.run([sys.executable, str(CHECKER), str(root)], capture_output=True, text=True, check=False)


# name, file, its content, place and words of the expected complaint
VIOLATIONS = [
    ("a module below includes one above", "lib/model/a.h", '#pragma once\n#include "engine/ports.h"\n', "lib/model/a.h:2",
     "model may not include engine"),
    ("nobody includes cli", "lib/pipeline/a.h", '#include "cli/app.h"\n', "lib/pipeline/a.h:1", "pipeline may not include cli"),
    ("the engine includes an adapter", "lib/engine/a.cc", '\n#include "kube/client.h"\n', "lib/engine/a.cc:2",
     "engine may not include kube"),
    ("an adapter looks inside the engine", "lib/kube/a.cc", '#include "engine/executor.h"\n', "lib/kube/a.cc:1",
     "may include only engine/ports.h"),
    ("two pure modules", "lib/status/a.cc", '#include "plan/plan.h"\n', "lib/status/a.cc:1", "status may not include plan"),
    ("an include not written from lib/", "lib/base/a.cc", '#include "text.h"\n', "lib/base/a.cc:1", "write the path from lib/"),
    ("a module that does not exist", "lib/base/a.cc", '#include "utils/text.h"\n', "lib/base/a.cc:1", "no module utils"),
    ("a folder that is no module", "lib/utils/a.cc", "int a;\n", "lib/utils:1", "not a module"),
    ("curl outside net", "lib/kube/a.cc", "#include <curl/curl.h>\n", "lib/kube/a.cc:1", "only net may include it"),
    ("yaml-cpp outside manifest", "lib/cli/a.cc", "#include <yaml-cpp/yaml.h>\n", "lib/cli/a.cc:1", "only manifest"),
    ("CLI11 in main", "cmd/tool/main.cc", "#include <CLI/CLI.hpp>\n", "cmd/tool/main.cc:1", "only cli"),
    ("an unknown library", "lib/cli/a.cc", "#include <boost/json.hpp>\n", "lib/cli/a.cc:1", "unknown"),
    ("a system call in a pure module", "lib/plan/a.cc", "#include <unistd.h>\n", "lib/plan/a.cc:1", "makes no system call"),
    ("a stream in a pure module", "lib/report/a.cc", "#include <fstream>\n", "lib/report/a.cc:1", "no input or output"),
    ("a thread in the engine", "lib/engine/a.cc", "#include <thread>\n", "lib/engine/a.cc:1", "starts no thread"),
    ("a clock", "lib/status/a.cc", "#include <chrono>\nauto t = std::chrono::system_clock::now();\n", "lib/status/a.cc:2",
     "reads a clock"),
    ("the environment", "lib/policy/a.cc", 'auto* v = std::getenv("HOME");\n', "lib/policy/a.cc:1", "reads the environment"),
    ("a print", "lib/risk/a.cc", 'void f() { std::cerr << "x"; }\n', "lib/risk/a.cc:1", "prints"),
]

# name, file, content
ACCEPTED = [
    ("a word in a comment or a string", "lib/plan/a.cc",
     '// getenv( and std::cout\n/* steady_clock::now\n std::thread */\nauto s = "getenv(";\nauto r = R"(printf()"\n;'),
    ("a digit separator is no character literal", "lib/plan/a.cc", "int n = 1'000; int m = 2'000;\n"),
    ("what the tables allow", "lib/kube/a.cc",
     '#include <unistd.h>\n#include <nlohmann/json.hpp>\n#include "engine/ports.h"\n#include "net/transport.h"\n'),
    ("durations without a clock", "lib/status/a.h", "#include <chrono>\nstd::chrono::seconds wait;\n"),
    ("the owner of a library", "lib/net/a.cc", "#include <curl/curl.h>\n"),
]


class CheckLayers(unittest.TestCase):
    def check_planted(self, file, content):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "lib" / "base").mkdir(parents=True)
            (root / "cmd").mkdir()
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            return run(root)

    def test_this_tree(self):
        result = run(ROOT)
        self.assertEqual("", result.stdout + result.stderr)
        self.assertEqual(0, result.returncode)

    def test_violations(self):
        for name, file, content, place, words in VIOLATIONS:
            with self.subTest(name):
                result = self.check_planted(file, content)
                self.assertEqual(1, result.returncode, result.stdout + result.stderr)
                self.assertEqual(1, len(result.stdout.splitlines()), result.stdout)
                self.assertTrue(result.stdout.startswith(f"{place}: "), result.stdout)
                self.assertIn(words, result.stdout)

    def test_accepted(self):
        for name, file, content in ACCEPTED:
            with self.subTest(name):
                result = self.check_planted(file, content)
                self.assertEqual("", result.stdout + result.stderr)
                self.assertEqual(0, result.returncode)

    def test_wrong_usage(self):
        self.assertEqual(2, run("/nonexistent").returncode)


if __name__ == "__main__":
    unittest.main()
