"""How long a command takes and how much memory it needs at its peak, measured by meter.c beside this file."""

import atexit
import dataclasses
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile


@dataclasses.dataclass(frozen=True)
class Run:
    seconds: float
    peak_mib: float


@functools.lru_cache(maxsize=None)
def _program():
    """Built once, into a folder that is removed at exit."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="instantexec-meter-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "meter"
    source = pathlib.Path(__file__).with_name("meter.c")
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-O2", "-D_GNU_SOURCE", "-static", "-o", program, source], check=True)
    return program


def measure(command, env=None, expect=(0,)):
    """Runs a command to its end. An exit code that is not expected raises AssertionError with what it printed."""
    figures = _program().with_name("figures")
    done = subprocess.run([_program(), figures, *command], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)  # fmt: skip
    if done.returncode not in expect:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-3000:]}")
    seconds, peak_kib = figures.read_text().split()
    return Run(float(seconds), int(peak_kib) / 1024)
