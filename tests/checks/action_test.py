"""action/: what the metadata promises is what the program reads and writes, and the installer refuses a wrong digest."""

import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

try:
    import yaml
except ImportError:
    print("skipped: Python's yaml module is missing (package python3-yaml)", file=sys.stderr)
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action" / "action.yml").read_text())


def source(name):
    return (ROOT / "lib" / "cli" / "action" / name).read_text()


class Metadata(unittest.TestCase):
    def test_every_input_is_read_and_every_input_read_is_listed(self):
        text = source("inputs.cc")
        read = set(re.findall(r'Input\{"([a-z-]+)"', text)) | set(re.findall(r'\binput\(variables, "([a-z-]+)"\)', text))
        self.assertEqual(set(ACTION["inputs"]), read)

    def test_only_the_command_has_a_default(self):
        # An empty input is not passed on; a default here would override the pipeline configuration.
        self.assertEqual({name for name, spec in ACTION["inputs"].items() if "default" in spec}, {"command"})

    def test_every_output_is_written_and_every_output_written_is_listed(self):
        self.assertEqual(set(ACTION["outputs"]), set(re.findall(r'\badd\("([a-z-]+)"', source("outputs.cc"))))

    def test_every_text_is_there(self):
        for part in ("inputs", "outputs"):
            for name, spec in ACTION[part].items():
                self.assertTrue(spec["description"], name)

    def test_the_entry_point_is_the_program(self):
        dockerfile = (ROOT / "action" / "Dockerfile").read_text()
        program = re.search(r'^ENTRYPOINT \["([^"]+)"\]$', dockerfile, re.MULTILINE)[1]
        self.assertEqual(pathlib.Path(program).name, re.search(r'kProgramName = "([^"]+)"', source("inputs.cc"))[1])
        self.assertEqual(ACTION["runs"]["post-entrypoint"], program)
        self.assertEqual(ACTION["runs"]["image"], "Dockerfile")
        # No shell that would not pass on a signal, and no second image that would have to be trusted.
        self.assertEqual(re.findall(r"^FROM (.*)$", dockerfile, re.MULTILINE), ["scratch"])

    def test_nothing_is_interpolated_into_a_shell(self):
        for path in (ROOT / "action").rglob("*.yml"):
            for step in yaml.safe_load(path.read_text())["runs"].get("steps", []):
                self.assertNotIn("${{", step.get("run", ""), path)


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            for name in ("kubectl-instantexec", "LICENSE"):
                info = tarfile.TarInfo(name)
                info.mode, info.size = 0o755, 5
                tar.addfile(info, io.BytesIO(b"bytes"))
        self.archive = self.folder / "it.tar.gz"
        self.archive.write_bytes(out.getvalue())
        self.path_file = self.folder / "path"

    def install(self, sha256):
        return subprocess.run(
            ["bash", ROOT / "action" / "setup" / "install.sh"], capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "ARCHIVE_URL": self.archive.as_uri(), "SHA256": sha256,
                 "GITHUB_PATH": str(self.path_file), "RUNNER_TOOL_CACHE": str(self.folder / "cache")})  # fmt: skip

    def test_puts_the_program_on_the_path(self):
        done = self.install(hashlib.sha256(self.archive.read_bytes()).hexdigest())
        self.assertEqual(done.returncode, 0, done.stderr)
        folder = pathlib.Path(self.path_file.read_text().strip())
        self.assertEqual([entry.name for entry in folder.iterdir()], ["kubectl-instantexec"])
        self.assertTrue(os.access(folder / "kubectl-instantexec", os.X_OK))

    def test_refuses_a_wrong_digest(self):
        done = self.install("0" * 64)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not have the digest", done.stderr)
        self.assertFalse(self.path_file.exists())
        self.assertEqual([p.name for p in (self.folder / "cache").rglob("*") if p.is_file()], [])


if __name__ == "__main__":
    unittest.main()
