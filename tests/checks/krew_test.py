"""The krew package: the same bytes twice, a manifest and an archive the checker accepts, and a checker that finds faults."""

import copy
import hashlib
import io
import os
import pathlib
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
sys.path.insert(0, str(ROOT / "krew"))
import check_manifest  # noqa: E402

GOOD = {
    "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
    "kind": "Plugin",
    "metadata": {"name": "tool"},
    "spec": {
        "version": "v1.2.3",
        "homepage": "https://forge.example/tool",
        "shortDescription": "Does things",
        "description": "Does things\nwell.\n",
        "platforms": [
            {
                "selector": {"matchLabels": {"os": "linux", "arch": "amd64"}},
                "uri": "https://forge.example/tool_linux_amd64.tar.gz",
                "sha256": "0" * 64,
                "bin": "kubectl-tool",
            }
        ],
    },
}


def changed(path, value):
    """GOOD with the value at the path replaced; None removes it."""
    manifest = copy.deepcopy(GOOD)
    target = manifest
    *way, last = path
    for step in way:
        target = target[step]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return manifest


PLATFORM = ("spec", "platforms", 0)

# what is wrong, where, the value, words of the complaint
FAULTS = [
    ("another API version", ("apiVersion",), "krew.googlecontainertools.github.com/v1alpha1", "apiVersion"),
    ("another kind", ("kind",), "Deployment", "kind"),
    ("a name unlike the file's", ("metadata", "name"), "other", "must be the name of the file"),
    ("a name with a slash", ("metadata", "name"), "a/b", "letters, digits"),
    ("a name with the prefix", ("metadata", "name"), "kubectl-tool", "without kubectl-"),
    ("no name", ("metadata", "name"), None, "metadata.name"),
    ("a version without v", ("spec", "version"), "1.2.3", "leading v"),
    ("a version of two numbers", ("spec", "version"), "v1.2", "leading v"),
    ("a version with a leading zero", ("spec", "version"), "v1.02.3", "leading v"),
    ("no homepage", ("spec", "homepage"), None, "spec.homepage"),
    ("no short description", ("spec", "shortDescription"), None, "spec.shortDescription"),
    ("a long short description", ("spec", "shortDescription"), "x" * 51, "51 characters"),
    ("a short description of two lines", ("spec", "shortDescription"), "a\nb", "one line"),
    ("a long line", ("spec", "description"), "a\n" + "x" * 81, "line 2 is longer"),
    ("an unknown field", ("spec", "licence"), "MIT", "spec.licence: krew does not know"),
    ("no platform", ("spec", "platforms"), [], "not empty"),
    ("a uri without TLS", (*PLATFORM, "uri"), "http://forge.example/a.tar.gz", "https URL"),
    ("a uri of another kind of archive", (*PLATFORM, "uri"), "https://forge.example/a.tgz", ".tar.gz or .zip"),
    ("a short digest", (*PLATFORM, "sha256"), "0" * 63, "64 lower-case"),
    ("a digest in capitals", (*PLATFORM, "sha256"), "A" * 64, "64 lower-case"),
    ("a bin outside", (*PLATFORM, "bin"), "../sh", "inside the archive"),
    ("no selector", (*PLATFORM, "selector"), None, "matches no platform"),
    ("a selector of an unknown system", (*PLATFORM, "selector"), {"matchLabels": {"os": "plan9"}}, "matches no platform"),
    ("a selector by another label", (*PLATFORM, "selector"), {"matchLabels": {"os": "linux", "libc": "musl"}},
     "neither os nor arch"),
    ("a Windows program without .exe", (*PLATFORM, "selector"), {"matchLabels": {"os": "windows"}}, "end in .exe"),
    ("a file from outside", (*PLATFORM, "files"), [{"from": "../x", "to": "."}], "inside the archive"),
]  # fmt: skip


class Manifest(unittest.TestCase):
    def test_a_good_one_is_accepted(self):
        self.assertEqual(check_manifest.check_manifest(GOOD, "tool"), [])

    def test_every_fault_is_found(self):
        for name, path, value, words in FAULTS:
            with self.subTest(name):
                offences = check_manifest.check_manifest(changed(path, value), "tool")
                self.assertTrue(any(words in offence for offence in offences), offences)

    def test_two_platforms_must_not_overlap(self):
        manifest = copy.deepcopy(GOOD)
        manifest["spec"]["platforms"].append(copy.deepcopy(manifest["spec"]["platforms"][0]))
        manifest["spec"]["platforms"][1]["selector"] = {"matchExpressions": [
            {"key": "os", "operator": "In", "values": ["linux", "darwin"]}]}  # fmt: skip
        self.assertIn("spec.platforms[0] and [1]: both match linux/amd64",
                      check_manifest.check_manifest(manifest, "tool"))  # fmt: skip

    def test_no_mapping_at_all(self):
        self.assertEqual(check_manifest.check_manifest(["x"], "tool"), ["the manifest is not a mapping"])


def archive(*members):
    """A .tar.gz of (name, mode, type) members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, mode, kind in members:
            info = tarfile.TarInfo(name)
            info.mode, info.type, info.linkname = mode, kind, "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            tar.addfile(info, io.BytesIO())
    return out.getvalue()


class Archive(unittest.TestCase):
    PROGRAM = ("kubectl-tool", 0o755, tarfile.REGTYPE)
    LICENCE = ("LICENSE", 0o644, tarfile.REGTYPE)

    def offences(self, data, sha256=None):
        platform = {"bin": "kubectl-tool", "sha256": sha256 or hashlib.sha256(data).hexdigest()}
        return check_manifest.check_archive(platform, "a.tar.gz", data)

    def test_a_good_one_is_accepted(self):
        self.assertEqual(self.offences(archive(self.PROGRAM, self.LICENCE)), [])

    def test_every_fault_is_found(self):
        rows = {
            "holds no LICENSE": archive(self.PROGRAM),
            "holds no kubectl-tool": archive(self.LICENCE),
            "is not executable": archive(("kubectl-tool", 0o644, tarfile.REGTYPE), self.LICENCE),
            "neither a file nor a folder": archive(self.PROGRAM, self.LICENCE, ("x", 0o644, tarfile.SYMTYPE)),
            "leaves the archive": archive(self.PROGRAM, self.LICENCE, ("../x", 0o644, tarfile.REGTYPE)),
            "cannot be read": b"no archive",
        }
        for words, data in rows.items():
            with self.subTest(words):
                offences = self.offences(data)
                self.assertTrue(any(words in offence for offence in offences), offences)

    def test_another_digest(self):
        self.assertIn("the manifest another", self.offences(archive(self.PROGRAM, self.LICENCE), "0" * 64)[0])


class Package(unittest.TestCase):
    """scripts/package.sh, with a stand-in for the program: what is packed does not matter here."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.program = pathlib.Path(cls.folder.name) / "program"
        cls.program.write_bytes(b"#!/bin/sh\n")
        cls.program.chmod(0o700)

    def pack(self, name, **environment):
        to = pathlib.Path(self.folder.name) / name
        done = subprocess.run(
            [ROOT / "scripts" / "package.sh", "--binary", self.program, "--to", to],
            env={**os.environ, "INSTANTEXEC_HOMEPAGE": "https://forge.example/it/", **environment},
            capture_output=True, text=True, check=False)  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(pathlib.Path(done.stdout.strip()).parent, to)
        return to, pathlib.Path(done.stdout.strip())

    def test_passes_the_check(self):
        to, packed = self.pack("checked")
        checked = subprocess.run([sys.executable, ROOT / "krew" / "check_manifest.py", to / "instantexec.yaml", packed],
                                 capture_output=True, text=True, check=False)  # fmt: skip
        self.assertEqual((checked.returncode, checked.stdout), (0, ""), checked.stderr)
        manifest = yaml.safe_load((to / "instantexec.yaml").read_text())
        version = manifest["spec"]["version"]
        self.assertIn(f"VERSION {version[1:]}\n", (ROOT / "CMakeLists.txt").read_text())
        uri = manifest["spec"]["platforms"][0]["uri"]
        self.assertEqual(uri, f"https://forge.example/it/releases/download/{version}/{packed.name}")
        self.assertNotIn("@", (to / "instantexec.yaml").read_text())

    def test_the_same_bytes_again_from_another_umask_and_time(self):
        _, one = self.pack("one")
        self.program.touch()
        before = os.umask(0o027)
        try:
            _, two = self.pack("two", TZ="Asia/Taipei", LC_ALL="C.UTF-8")
        finally:
            os.umask(before)
        self.assertEqual(one.read_bytes(), two.read_bytes())
        with tarfile.open(one) as tar:
            members = [(m.name, m.mode, m.uid, m.gid, m.mtime) for m in tar]
        self.assertEqual(members, [("LICENSE", 0o644, 0, 0, 0), ("THIRD_PARTY_LICENSES", 0o644, 0, 0, 0),
                                   ("kubectl-instantexec", 0o755, 0, 0, 0)])  # fmt: skip

    def test_source_date_epoch(self):
        _, packed = self.pack("dated", SOURCE_DATE_EPOCH="1700000000")
        with tarfile.open(packed) as tar:
            self.assertEqual({member.mtime for member in tar}, {1700000000})


if __name__ == "__main__":
    unittest.main()
