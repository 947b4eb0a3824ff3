"""What the release binary may need at most: bytes on disk, and time and memory to start."""

import pathlib
import shutil
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support" / "py"))
import meter  # noqa: E402

BINARY = ROOT / "dist" / "kubectl-instantexec"

MAX_BYTES = 20_000_000
MAX_PEAK_MIB = 10
MAX_START_SECONDS = 0.005
RUNS = 20


class ReleaseLimits(unittest.TestCase):
    def test_size(self):
        self.assertLessEqual(BINARY.stat().st_size, MAX_BYTES)

    def test_start(self):
        runs = [meter.measure([BINARY, "version"]) for _ in range(RUNS)]
        # The quickest run: others share the processor with whatever else the machine does.
        self.assertLessEqual(min(run.seconds for run in runs), MAX_START_SECONDS)
        self.assertLessEqual(max(run.peak_mib for run in runs), MAX_PEAK_MIB)

    def test_the_meter_sees_memory(self):
        small = meter.measure([sys.executable, "-c", "pass"])
        large = meter.measure([sys.executable, "-c", "x = b'x' * (64 << 20)"])
        self.assertGreaterEqual(large.peak_mib - small.peak_mib, 60)


if __name__ == "__main__":
    if not BINARY.exists() or shutil.which("cc") is None:
        print(f"skipped: {BINARY.relative_to(ROOT)} or a C compiler is missing; see scripts/build.sh", file=sys.stderr)
        sys.exit(77)
    unittest.main()
