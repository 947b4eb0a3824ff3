#!/usr/bin/env python3
# ctest: timeout=600
"""Fifty Secret values are looked for in everything a run leaves behind or prints: as they are, in base64, hex and URL encoding.

Whatever a run writes goes to one folder: reports, logs at the highest level, caches, state files, evidence. The one file that has
to hold values, a saved plan, must be readable by its owner only.
"""

import base64
import json
import pathlib
import random
import signal
import stat
import string
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import faults  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402

CANARIES = 50
FORMATS = ("text", "json", "yaml", "sarif", "junit", "markdown", "github")
ALPHABET = string.ascii_letters + string.digits + "+/=&%? \"'<>"
RANDOM = random.SystemRandom()


def canary():
    """A value that differs in every encoding, and that no output holds by accident."""
    return "".join(RANDOM.choice(ALPHABET) for _ in range(24)) + "+/&"


def forms(value):
    """The value in every form that is looked for. Inside of longer base64 it appears at one of three offsets."""
    raw = value.encode()
    yield "as it is", raw
    yield "as JSON", json.dumps(value)[1:-1].encode()
    yield "hex", raw.hex().encode()
    yield "upper-case hex", raw.hex().upper().encode()
    yield "URL", urllib.parse.quote(value, safe="").encode()
    yield "URL with +", urllib.parse.quote_plus(value).encode()
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw)
        inner = whole[4 if offset else 0 : len(whole) // 4 * 4 - 4]
        yield f"base64 at offset {offset}", inner
        yield f"URL-safe base64 at offset {offset}", inner.replace(b"+", b"-").replace(b"/", b"_")


class CanariesTest(release.ReleaseTestCase):
    def setUp(self):
        self.values = []
        self.place = self.folder()
        self.outputs = []

    def secrets(self, changed=False):
        """Ten Secrets of five values each, as text and as base64; `changed` gives new values."""
        manifests = []
        for number in range(10):
            values = [canary() for _ in range(5)]
            self.values += values
            manifests.append({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"s{number}"},
                "stringData": {f"text{i}": value for i, value in enumerate(values[:2])},
                "data": {f"data{i}": base64.b64encode(value.encode()).decode() for i, value in enumerate(values[2:])},
            })  # fmt: skip
        return manifests + [release.config_map("settings", changed=str(changed))]

    def say(self, *arguments, manifests=None, codes=(0,), timeout=120):
        """Runs the tool as loudly as it can, in a folder of its own, and keeps what it says."""
        result = self.tool(*self.command(arguments, manifests), cwd=self.place, env=self.environment(), timeout=timeout)
        self.assertIn(result.code, codes, str(result))
        self.outputs.append(result)
        return result

    def environment(self):
        (self.place / "home").mkdir(exist_ok=True)
        names = ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TMPDIR")
        return {**{name: self.place / "home" for name in names}, "INSTANTEXEC_STATE_DIR": self.place / "state"}

    def command(self, arguments, manifests=None):
        command = [*arguments, "--release", "demo", "-v=8", "--log-file", self.place / f"log{len(self.outputs)}"]
        if manifests is None:
            return command
        file = self.folder() / "release.yaml"  # not among what is searched: it holds the values
        file.write_text(release.stream(manifests))
        return [*command, "-f", file]

    def lose_the_server(self, manifests):
        """A deploy whose API server is gone after the first write, so that it leaves a state file."""
        with faults.Proxy(self.folder()) as proxy:
            proxy.rules({"methods": ["PATCH"], "not": "dryRun", "from": 2, "action": "stop-before"})
            command = self.command(["deploy"], manifests)
            process = self.spawn_tool(*command, config=proxy.kubeconfig, env=self.environment())
            self.assertIsNotNone(proxy.event("stopped", 60))
            proxy.process.kill()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        self.outputs.append(sandbox.Result(("instantexec", *map(str, command)), process.returncode, out, err, 0))
        self.assertEqual(process.returncode, 9, str(self.outputs[-1]))
        self.assertEqual(len(list((self.place / "state" / "unfinished").iterdir())), 1)

    def search(self):
        places = [(f"stdout of {' '.join(r.command[1:3])}", r.stdout.encode()) for r in self.outputs]
        places += [(f"stderr of {' '.join(r.command[1:3])}", r.stderr.encode()) for r in self.outputs]
        files = [(str(path.relative_to(self.place)), path.read_bytes()) for path in self.place.rglob("*") if path.is_file()]
        for kind in ("log0", "evidence"):
            self.assertTrue(any(kind in name for name, _ in files), f"there is no {kind} to search")
        places += files
        # What everybody may read of the records: their metadata, and the head, which is not compressed.
        for item in self.get("secrets"):
            places.append((f"metadata of {item['metadata']['name']}", json.dumps(item["metadata"]).encode()))
            head = item.get("data", {}).get("head", "")
            places.append((f"head in {item['metadata']['name']}", base64.b64decode(head)))
        found = [f"{where}: a value {how}" for value in self.values for how, form in forms(value)
                 for where, content in places if form in content]  # fmt: skip
        self.assertEqual(found, [], "\n".join(found))
        self.assertGreater(sum(len(content) for _, content in places), 100_000)  # there was something to search
        print(f"{len(self.values)} values, {len(places)} places", file=sys.stderr)

    def test_no_value_in_any_artefact(self):
        first = self.secrets()
        self.assertEqual(len(self.values), CANARIES)
        self.say("plan", manifests=first)
        self.say("deploy", "-o", "json", manifests=first)
        second = self.secrets(changed=True)
        self.say("plan", "-o", "json", manifests=second)
        # Fails, so that evidence is collected and everything is undone; said in every form there is.
        everything = [part for form in FORMATS for part in ("-o", f"{form}={self.place / form}.out")]
        broken_image = [*second, release.deployment("web", release.BROKEN_IMAGE)]
        self.say("deploy", *everything, manifests=broken_image, codes=(5,))
        self.assertEqual(len(list(self.place.glob("*.out"))), len(FORMATS))
        self.say("deploy", manifests=second)
        # Refused by the server, whose message quotes what it was sent.
        broken = self.secrets()
        broken[0]["type"] = "kubernetes.io/tls"
        self.say("deploy", manifests=broken, codes=(3, 4))
        self.say("validate", manifests=first, codes=(0, 2, 3, 4))
        self.say("rollback", "--dry-run=server")
        self.say("rollback", "-o", "json")
        self.say("recover")
        for verb in ("analyze", "validate"):
            self.say(verb, *everything, manifests=self.secrets(), codes=(0, 2, 3, 4))
        self.say("health", "-o", "yaml", codes=(0, 1))
        self.say("baseline", "-o", "json", codes=(0, 1, 2, 3, 4))
        self.say("run", *everything, "--yes", manifests=self.secrets(), codes=(0, 2, 3, 4, 5))
        self.lose_the_server(self.secrets(changed=True))
        self.say("status", codes=(0, 1))
        self.search()  # before a recovery removes the state file
        self.say("recover", timeout=180)
        self.say("status", "-o", "json", codes=(0, 1))
        self.say("history", "-o", "json")
        self.search()

    def test_the_search_finds_every_form(self):
        value = canary()
        hidden = {"as it is": value.encode(), "hex": value.encode().hex().encode(), "URL": urllib.parse.quote(value, safe="").encode()}
        for before in range(6):
            hidden[f"in base64 after {before} bytes"] = base64.b64encode(b"x" * before + value.encode() + b"after")
        for what, content in hidden.items():
            self.assertTrue(any(form in b"text " + content + b" text" for _, form in forms(value)), what)

    def test_a_saved_plan_is_its_owners_only(self):
        file = self.folder() / "plan.json"
        manifests = self.folder() / "release.yaml"
        manifests.write_text(release.stream(self.secrets()))
        self.expect(self.tool("plan", "--release", "demo", "-f", manifests, "--out", file), 0)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)


if __name__ == "__main__":
    sandbox.main()
