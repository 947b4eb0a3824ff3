"""How long a command takes and how much memory it needs at its peak, measured by meter.c beside this file."""

import dataclasses
import subprocess

import compiled


@dataclasses.dataclass(frozen=True)
class Run:
    seconds: float
    peak_mib: float


def measure(command, env=None, expect=(0,)):
    """Runs a command to its end. An exit code that is not expected raises AssertionError with what it printed."""
    meter = compiled.program("meter")
    figures = meter.with_name("figures")
    done = subprocess.run([meter, figures, *command], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)  # fmt: skip
    if done.returncode not in expect:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-3000:]}")
    seconds, peak_kib = figures.read_text().split()
    return Run(float(seconds), int(peak_kib) / 1024)
