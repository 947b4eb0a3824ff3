#!/usr/bin/env python3
"""Large releases, many releases, and how long a recovery takes, on the control plane of scripts/sandbox.

See scripts/bench.sh scale. Prints figures beside the bars they are held against; exits with 1 when a release did not work. With
--check it also does when memory or a number of objects misses its bar; a time, which depends on the machine, never counts.
"""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support" / "py"))
import faults  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402

from meter import measure  # noqa: E402

KIB = 1024
THOUSAND_MIB, FIVE_THOUSAND_MIB = 100, 256  # at most in memory
DRIFT = 5  # % of memory, from early releases to late ones
LEASE = 30  # seconds for which a dead run's lock is watched


def filler(size, seed):
    """Text that does not compress to nothing."""
    block = "".join(chr(33 + (seed * 7919 + i * 104729 + i * i) % 90) for i in range(1024)).replace("\\", "/").replace('"', "'")
    return (block * (size // 1024 + 1))[:size]


def config_maps(count, size, mark=""):
    return [release.config_map(f"c{number:05}", text=filler(size - 300, number), mark=mark) for number in range(count)]


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.env = sandbox.clean_environment(KUBECONFIG=sandbox.kubeconfig(), KUBECACHEDIR=folder / "cache", HOME=folder, NO_COLOR="1")
        self.figures = []
        self.missed = []  # bars that do not depend on the machine

    def say(self, what, figure, bar, met=True):
        self.figures.append({"what": what, "figure": figure, "bar": bar})
        print(f"{what:62} {figure:>14}   bar: {bar}", flush=True)
        if not met:
            self.missed.append(f"{what}: {figure}, and the bar is {bar}")

    def say_peak(self, what, run, most):
        """`most`: MiB, or None when there is no bar."""
        bar = f"{most} MiB" if most else "none"
        self.say(f"{what}: peak", f"{run.peak_mib:.1f} MiB", bar, not most or run.peak_mib <= most)

    @contextlib.contextmanager
    def namespace(self):
        name = sandbox.create_namespace("scale")
        try:
            yield name
        finally:
            sandbox.delete_namespace(name)

    def command(self, verb, namespace, *arguments):
        return [sandbox.binary(), verb, "--release", "scale", "-n", namespace, *map(str, arguments)]

    def file(self, manifests):
        path = self.folder / "release.yaml"
        path.write_text(release.stream(manifests))
        return path

    def big_release(self, count, size, most, largest=0):
        """A first release, a second one that changes every object, and a rollback; the largest peak counts."""
        def manifests(mark):
            out = config_maps(count, size, mark)
            if largest:
                out.append(release.config_map("largest", text=filler(largest, 1), mark=mark))
            return out

        with self.namespace() as namespace:
            runs = {}
            for what, mark in (("new", "1"), ("changed", "2")):
                runs[what] = measure(self.command("deploy", namespace, "-f", self.file(manifests(mark)), "--timeout", "20m"), self.env)
            runs["rolled back"] = measure(self.command("rollback", namespace, "--timeout", "20m", "-y"), self.env)
            extra = f" and one of {largest // KIB} KiB" if largest else ""
            for what, run in runs.items():
                what = f"{count} objects of {size // KIB} KiB{extra}, {what}"
                self.say(f"{what}: time", f"{run.seconds:.1f} s", "none")
                self.say_peak(what, run, most)

    def recovery(self, count, size, seconds, most=None):
        """Killed when half of the objects are written, so that the other half may still be; then somebody else recovers."""
        with self.namespace() as namespace, faults.Proxy(self.folder) as proxy:
            timeout = ("--timeout", "20m")
            measure(self.command("deploy", namespace, "-f", self.file(config_maps(count, size, "1")), *timeout), self.env)
            proxy.rules({"methods": ["PATCH"], "not": "dryRun", "from": count // 2, "action": "stop-before"})
            command = self.command("deploy", namespace, "-f", self.file(config_maps(count, size, "2")), *timeout)
            process = subprocess.Popen(command, env={**self.env, "KUBECONFIG": str(proxy.kubeconfig)},
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
            stopped = None
            while stopped is None and process.poll() is None:
                stopped = proxy.event("stopped", 1)
            process.kill()
            process.wait()
            proxy.abort()
            if stopped is None:
                raise AssertionError("the release was never half written")
            done = measure(self.command("recover", namespace, "--lock-timeout", "90s", *timeout), self.env)
            what = f"recovery of {count} objects of {size // KIB} KiB"
            self.say(f"{what}, {LEASE} s of lock included", f"{done.seconds:.1f} s", f"{seconds} s")
            self.say_peak(what, done, most)

    def soak(self, releases):
        """One release over and over: how many objects it leaves, and whether the program needs more and more memory."""
        peaks, counts = [], []
        with self.namespace() as namespace:
            for number in range(releases):
                manifests = [release.config_map("a", k=str(number)), release.config_map(f"b{number % 3}", k="1")]
                peaks.append(measure(self.command("deploy", namespace, "-f", self.file(manifests)), self.env).peak_mib)
                if number in (20, releases - 1):
                    listed = sandbox.kubectl("get", "secrets,configmaps,leases", "-n", namespace, "-o", "name").stdout
                    counts.append(len(listed.split()))
        early, late = sum(peaks[10:30]) / 20, sum(peaks[-20:]) / 20
        drift = (late / early - 1) * 100
        same = len(set(counts)) == 1
        self.say(f"objects after 21 and after {releases} releases", " and ".join(map(str, counts)), "the same", same)
        what = f"peak of the last 20 of {releases} releases against early ones"
        self.say(what, f"{drift:+.1f} %", f"{DRIFT} %", drift <= DRIFT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="exit with 1 when memory or a number of objects misses its bar")
    parser.add_argument("what", nargs="*", choices=["thousand", "five-thousand", "recovery", "soak", []])
    arguments = parser.parse_args()
    chosen = arguments.what or ["thousand", "five-thousand", "recovery", "soak"]
    try:
        sandbox.kubeconfig(), sandbox.kubectl_path(), faults.program()
    except sandbox.Unavailable as reason:
        print(f"SKIPPED: {reason}", file=sys.stderr)
        sys.exit(sandbox.EXIT_SKIP)
    with tempfile.TemporaryDirectory(prefix="instantexec-scale-") as name:
        bench = Bench(pathlib.Path(name))
        if "recovery" in chosen:
            bench.recovery(100, 1 * KIB, LEASE + 15)
        if "thousand" in chosen:
            bench.big_release(1000, 4 * KIB, THOUSAND_MIB)
        if "five-thousand" in chosen:
            bench.big_release(4999, 4 * KIB, FIVE_THOUSAND_MIB, largest=900 * KIB)
            bench.recovery(5000, 4 * KIB, 300, FIVE_THOUSAND_MIB)
        if "soak" in chosen:
            bench.soak(int(os.environ.get("INSTANTEXEC_SOAK", "500")))
    if arguments.json:
        arguments.json.write_text(json.dumps(bench.figures, indent=2) + "\n")
    if arguments.check and bench.missed:
        sys.exit("missed:\n" + "\n".join(bench.missed))


if __name__ == "__main__":
    main()
